"""An instance on a machine of a cluster: it finds its own address, tells by a growing file, and asks for a secret."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.executors.scoring import TOLD
from tests.runtime.scorer.instance import ENTRY, PATIENCE_SECONDS

SCRIPT = """
import os
from pathlib import Path
def init():
    if os.environ.get("BROKEN"):
        raise ValueError("broken on purpose")
def run(text):
    (number,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("model/number.txt")
    return number.read_text() + text
"""


class Elsewhere:
    """What a node starts, in the folder with the code."""

    def __init__(self, folder: Path, **variables: str) -> None:
        (folder / "score.py").write_text(SCRIPT)
        (folder / "sent").mkdir()
        (folder / "sent" / "number.txt").write_text("42 ")
        self.told = folder / "artifacts" / TOLD
        config = {
            "loader": "script",
            "entry_script": "score.py",
            "listen": "towards:127.0.0.1:9",
            "secret": "between us",
            "model": {"path": str(folder / "sent"), "within": "numbers/1/model", "is_served": False},
        }
        own = {"SMALT_SCORER": json.dumps(config), "SMALT_ARTIFACTS": str(folder / "artifacts")}
        command = [sys.executable, str(ENTRY), "--config-variable", "SMALT_SCORER"]
        self.process = subprocess.Popen(command, cwd=folder, env={**os.environ, **own, **variables})

    def last(self) -> dict[str, object]:
        """What it has told last, once it has told something."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.told.exists() or not self.told.read_text().endswith("\n"):
            assert time.monotonic() < until
            time.sleep(0.01)
        return json.loads(self.told.read_text().splitlines()[-1])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Elsewhere]:
    started = Elsewhere(tmp_path)
    yield started
    started.end()


def ask(address: str, **headers: str) -> tuple[int, bytes]:
    host, _, port = address.removeprefix("tcp:").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
    connection.request("POST", "/score", b"here", headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_it_tells_where_it_is_and_answers_whoever_knows_its_secret(instance):
    (worker,) = instance.last()["ready"]["workers"]

    assert worker["address"].startswith("tcp:127.0.0.1:")
    assert ask(worker["address"], **{"x-smalt-secret": "between us"}) == (200, b'"42 here"')
    assert ask(worker["address"])[0] == 401
    assert ask(worker["address"], **{"x-smalt-secret": "guessed"})[0] == 401


def test_what_fails_is_told_too(tmp_path):
    started = Elsewhere(tmp_path, BROKEN="yes")

    assert "broken on purpose" in str(started.last()["failed"])
    started.end()
