"""Models are fetched whole or not at all, and looked at before they are kept."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.runtime.language import packaging
from smalt.runtime.language.hub import Hub, HubFailure
from smalt.runtime.language.model_folder import ModelFolder, NoModel
from tests import hub as hubs

HEADER = {"weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}


def make(folder: Path, *, weights: bytes | None = None) -> Path:
    """A folder that looks like one of transformers."""
    folder.mkdir(parents=True)
    head = json.dumps(HEADER).encode()
    content = struct.pack("<Q", len(head)) + head + b"\0" * 16
    (folder / "model.safetensors").write_bytes(content if weights is None else weights)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[hubs.Hub]:
    made = make(tmp_path / "hub" / "tiny" / "model")
    (made / "pytorch_model.bin").write_bytes(b"pickle")
    with hubs.serving(tmp_path / "hub") as found:
        yield found


def test_a_model_is_fetched_without_its_pickles(hub, tmp_path):
    commit = Hub(hub.url).fetch("tiny/model", None, str(tmp_path / "here"))

    assert commit == hubs.COMMIT
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [
        "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip


def test_a_connection_that_breaks_goes_on_where_it_stopped(hub, tmp_path):
    hub.cut.add("model.safetensors")

    Hub(hub.url).fetch("tiny/model", None, str(tmp_path / "here"))

    assert packaging.check(str(tmp_path / "here"))["model_type"] == "llama"


def test_a_damaged_file_is_told_by_its_sum(hub, tmp_path):
    hub.damaged.add("model.safetensors")

    with pytest.raises(HubFailure, match="SHA-256"):
        Hub(hub.url).fetch("tiny/model", None, str(tmp_path / "here"))


def test_a_hub_that_does_not_have_it_or_is_not_there_says_what_to_do(hub, tmp_path):
    with pytest.raises(HubFailure, match="hugging_face_id"):
        Hub(hub.url).fetch("tiny/other", None, str(tmp_path))
    with pytest.raises(HubFailure, match="HF_ENDPOINT"):
        Hub("http://127.0.0.1:9").fetch("tiny/model", None, str(tmp_path))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "is missing"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"short"), "no safetensors file"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer"),
        (lambda folder: (folder / "config.json").write_text('{"auto_map": {}, "architectures": []}'), "auto_map"),
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
    ],
)
def test_what_cannot_be_run_is_not_kept(tmp_path, change, word):
    folder = make(tmp_path / "model")
    change(folder)

    with pytest.raises(packaging.BadModel, match=word):
        packaging.check(str(folder))


def test_a_cut_off_file_of_weights_is_damaged(tmp_path):
    whole = (make(tmp_path / "whole") / "model.safetensors").read_bytes()
    folder = make(tmp_path / "cut", weights=whole[:-1])

    with pytest.raises(packaging.BadModel, match="damaged or cut off"):
        packaging.check(str(folder))


def test_a_package_has_sums_and_is_found_again(tmp_path):
    source, target = make(tmp_path / "source"), tmp_path / "target"

    packaging.package(
        str(source), str(target), name="tiny", task="chat-completion", conda={"name": "x"}, facts={"license": "mit"}
    )

    found = ModelFolder(str(target))
    assert (found.name, found.task) == ("tiny", "chat-completion")
    assert (Path(found.weights).name, Path(found.tokenizer).name) == ("model", "tokenizer")
    for line in (target / packaging.SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((target / name).read_bytes()).hexdigest() == digest


def test_a_model_file_that_leads_elsewhere_is_refused(tmp_path):
    folder = make(tmp_path / "model")
    (folder / "MLmodel").write_text(json.dumps({"flavors": {"transformers": {"model_binary": "../../etc"}}}))

    with pytest.raises(NoModel, match="outside"):
        ModelFolder(str(folder))
