"""Real containers where podman works, and one reason where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.environments import Engine, find_engine
from tests.containers.engine import IMAGE, RealEngine
from tests.executors.conftest import Bench


@pytest.fixture(scope="session")
def tried_podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine | str]:
    """podman with an image, or why not."""
    found = RealEngine(tmp_path_factory.mktemp("podman"))
    reason = found.set_up()
    yield reason or found
    if reason is None:
        found.end()


@pytest.fixture
def podman(tried_podman: RealEngine | str, monkeypatch: pytest.MonkeyPatch) -> RealEngine:
    """podman with an image, as a server finds it."""
    if isinstance(tried_podman, str):
        pytest.skip(tried_podman)
    for name, value in tried_podman.variables.items():
        monkeypatch.setenv(name, value)
    return tried_podman


@pytest.fixture
def engine(podman: RealEngine) -> Engine:
    found = find_engine("podman")
    assert found is not None
    return found


@pytest.fixture
def image(podman: RealEngine) -> str:
    return podman("image", "inspect", "--format", "{{.Id}}", IMAGE).stdout.decode().strip()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.executor.close()
