"""The gateway's process: started once, adopted by the next server, started again when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smalt.errors import NotFound
from smalt.server.serving.gateway import Gateway, GatewayPlace, facts_of
from tests.running import free_ports


@pytest.fixture
def place(tmp_path: Path) -> Iterator[GatewayPlace]:
    (port,) = free_ports(1)
    yield GatewayPlace(tmp_path, "127.0.0.1", port, f"http://127.0.0.1:{port}")
    facts = facts_of(tmp_path)
    if facts is not None:
        os.kill(facts["pid"], signal.SIGTERM)
        until(lambda: facts_of(tmp_path) is None)


def until(is_true: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_gateway_outlives_the_server_and_a_killed_one_is_started_again(place):
    first = Gateway(place)
    first.ensure()
    until(lambda: first.stats() is not None)
    facts = json.loads((place.folder / "process.json").read_text())

    second = Gateway(place)  # the next server's
    second.ensure()
    assert facts_of(place.home) == facts

    os.kill(facts["pid"], signal.SIGKILL)
    until(lambda: not second.is_alive())
    until(lambda: second.ensure() is None and second.stats() is not None)
    assert facts_of(place.home)["pid"] != facts["pid"]


def test_a_gateway_that_listens_elsewhere_than_it_should_is_replaced(place):
    first = Gateway(place)
    first.ensure()
    until(lambda: first.stats() is not None)
    (port,) = free_ports(1)
    moved = Gateway(GatewayPlace(place.home, "127.0.0.1", port, f"http://127.0.0.1:{port}"))

    until(lambda: moved.ensure() is None and moved.stats() is not None)

    assert facts_of(place.home)["port"] == port
    assert first.stats() is None


def test_what_the_gateway_knows_is_what_it_asked_beyond(place):
    gateway = Gateway(place)
    assert gateway.knows(7)  # nobody runs who could send requests anywhere

    gateway.ensure()
    gateway.heard(6)

    assert gateway.knows(6)
    assert not gateway.knows(7)
    assert gateway.is_its_token(gateway.token)
    assert not gateway.is_its_token("another")


def test_its_counters_are_shown_on_the_command_line(place):
    with pytest.raises(NotFound, match="No gateway runs"):
        status(place.home)
    gateway = Gateway(place)
    gateway.ensure()
    until(lambda: gateway.stats() is not None)

    shown = status(place.home)

    assert shown["url"] == place.url
    assert shown["deployments"] == []


def status(home: Path) -> dict[str, Any]:
    """What `smalt gateway status` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "smalt.cli.main", "gateway", "status", "--home", str(home)],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise NotFound(done.stderr)
    return json.loads(done.stdout)
