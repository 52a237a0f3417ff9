"""Fixtures of the tests of the SDK and the command line: a server over HTTP, and a home folder that names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.sdk.client import MLClient
from tests.sdk.fake_server import Fake, Running, prepare, write_home


@pytest.fixture
def fake() -> Iterator[Fake]:
    """A server without anything behind it."""
    held = Fake()
    prepare(held)
    running = Running(held)
    yield held
    running.stop()


@pytest.fixture
def home(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the server, named in the environment."""
    for name in ("SMALT_URL", "SMALT_TOKEN", "ARM_CLOUD_METADATA_URL", "AZUREML_ARM_WORKSPACE_NAME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    write_home(folder, fake)
    monkeypatch.setenv("SMALT_HOME", str(folder))
    return folder


@pytest.fixture
def client(home: Path) -> Iterator[MLClient]:
    """A client of the server."""
    with MLClient() as made:
        yield made
