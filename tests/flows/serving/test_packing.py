"""A flow as a folder that serves itself."""

from __future__ import annotations

import subprocess
import sys

import pytest
from uv import find_uv_bin as find_uv

from smalt.errors import NotFound
from smalt.flows import gallery, load
from smalt.flows.connections import LocalConnections, OpenAIConnection
from smalt.flows.serving.packing import copy_flow, pack
from smalt.kit import yaml


def test_a_packed_flow_holds_its_connections_without_their_secrets(tmp_path):
    LocalConnections().put(OpenAIConnection(name="my-ai", api_key="sk-hunter2"))
    gallery.make("chat", tmp_path / "chat", connection="my-ai", model="gpt")

    pack(tmp_path / "chat", tmp_path / "out", form="docker")

    written = yaml.load((tmp_path / "out" / "connections" / "my-ai.yaml").read_text())
    assert written["api_key"] == "${env:MY_AI_API_KEY}"
    assert "MY_AI_API_KEY" in (tmp_path / "out" / "README.md").read_text()
    assert not [each for each in (tmp_path / "out").rglob("*") if each.is_file() and b"hunter2" in each.read_bytes()]
    assert (tmp_path / "out" / "Dockerfile").exists()


def test_a_packed_flow_brings_the_smalt_that_packed_it(tmp_path):
    gallery.make("standard", tmp_path / "standard")
    pack(tmp_path / "standard", tmp_path / "out", form="standalone")

    wheel = (tmp_path / "out" / "requirements.txt").read_text().partition("[flows]")[0]
    target = ["--target", str(tmp_path / "there"), "--python", sys.executable]
    uv = [find_uv(), "pip", "install", "--offline", "--no-deps", *target, wheel]
    subprocess.run(uv, check=True, cwd=tmp_path / "out", capture_output=True)

    assert (tmp_path / "there" / "smalt" / "flows" / "serving" / "packing.py").is_file()
    assert (tmp_path / "there" / "bin" / "pf").is_file()


def test_includes_are_resolved_and_the_copy_runs(tmp_path):
    gallery.make("standard", tmp_path / "standard")
    (tmp_path / "standard" / "greet.py").rename(tmp_path / "greet.py")
    file = tmp_path / "standard" / "flow.dag.yaml"
    file.write_text(file.read_text() + "additional_includes:\n- ../greet.py\n")

    copy_flow(tmp_path / "standard", tmp_path / "out")

    assert (tmp_path / "out" / "greet.py").is_file()
    with load(tmp_path / "out") as flow:
        assert flow.nodes == ["tidy", "sentence", "greet"]


def test_a_variant_becomes_the_default(tmp_path):
    gallery.make("classification", tmp_path / "c")

    copy_flow(tmp_path / "c", tmp_path / "out", variant="${classify.bare}")

    document = yaml.load((tmp_path / "out" / "flow.dag.yaml").read_text())
    assert document["node_variants"]["classify"]["default_variant_id"] == "bare"
    with pytest.raises(NotFound, match=r"\$\{classify\.none\}"):
        copy_flow(tmp_path / "c", tmp_path / "out", variant="${classify.none}")
