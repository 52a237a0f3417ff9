"""Real gateways and real scorers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.running import Control, Gateway, scorer
from tests.runtime.scorer.instance import Instance


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway of the module."""
    home = tmp_path_factory.mktemp("home")
    control = Control(home)
    found = Gateway(home, control)
    found.start()
    yield found
    if found.process is not None and found.process.poll() is None:
        assert found.stop() == 0
    control.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's scorers are."""
    return tmp_path_factory.mktemp("scorers")


@pytest.fixture(scope="module")
def blue(folder: Path) -> Iterator[Instance]:
    """A deployment with two workers."""
    with scorer(folder, "blue", workers=2) as instance:
        yield instance


@pytest.fixture(scope="module")
def green(folder: Path) -> Iterator[Instance]:
    """Another one, with one."""
    with scorer(folder, "green") as instance:
        yield instance
