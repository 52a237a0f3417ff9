"""The regression example in its three forms, on a server as a user starts it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "pipelines" / "regression"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipelines") / "home"
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = [str(each.getsockname()[1]) for each in (one, two)]
    smalt(folder, "up", "--detach", "--home", str(folder), "--port", ports[0], "--tls-port", ports[1])
    yield folder
    smalt(folder, "down", "--home", str(folder))


def run(home: Path, *command: str) -> str:
    variables = {**os.environ, "SMALT_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def smalt(home: Path, *arguments: str) -> str:
    return run(home, sys.executable, "-m", "smalt.cli.main", *arguments)


@pytest.mark.slow
def test_five_steps_run_and_what_has_not_changed_is_reused_in_every_form(home, tmp_path):
    first = smalt(home, "job", "create", "-f", str(EXAMPLE / "pipeline.yml"), "-n", "first", "--stream")
    nested = smalt(home, "job", "create", "-f", str(EXAMPLE / "nested.yml"), "--stream")
    python = run(home, sys.executable, str(EXAMPLE / "pipeline.py"), "5.0")
    smalt(home, "job", "download", "-n", "first", "--all", "-p", str(tmp_path))
    tree = smalt(home, "job", "show", "-n", "first", "--graph")

    assert all(f"{name}: finished (" in first for name in ("prepare", "transform", "train", "predict", "score"))
    assert "data.prepare: reused" in nested
    assert "model.train: " in nested
    assert "study: reused" in python
    assert "model: finished" in python
    scores = json.loads((tmp_path / "named-outputs" / "report" / "scores.json").read_text())
    assert 0.3 < scores["r2"] < 0.6
    assert (tmp_path / "steps" / "train" / "named-outputs" / "model" / "model.json").is_file()
    assert "`- + score  Completed" in tree
