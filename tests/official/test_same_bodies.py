"""Pipelines sent by our client and by the official one are the same, apart from ids."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.sdk import bodies, cases
from tests.sdk.clients import client, fake, home

__all__ = ["client", "fake", "home"]

ORACLE = Path(__file__).parent / "oracle.py"


@pytest.mark.client
def test_our_client_sends_what_the_official_client_sends(client, fake, clients_python, tmp_path):
    sources = [str(cases.FOLDER / file) for file in cases.FILES] + [str(cases.FUNCTIONS)]

    done = subprocess.run(
        [clients_python, str(ORACLE), *sources], capture_output=True, text=True, cwd=tmp_path, timeout=300
    )
    ours = cases.submitted(client, fake)

    assert done.returncode == 0, done.stderr[-3000:]
    theirs = {}
    for source, answer in json.loads(done.stdout).items():
        assert "error" not in answer, (source, answer["error"])
        theirs |= {name: bodies.compared(answer, name) for name in answer["jobs"]}
    assert len(theirs) == 15
    for name, body in theirs.items():
        assert ours[name] == body, name
