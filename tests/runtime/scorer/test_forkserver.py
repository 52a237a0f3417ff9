"""Workers that are forked from a process of their environment, which has imported what they need."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.scorer.instance import ENTRY, Instance

SCRIPT = """
import os, random, sys
import yaml
def init(): print("up with", os.environ["AZUREML_WHO"], os.getcwd(), flush=True)
def run(data): return {"parent": os.getppid(), "had": yaml.__dict__.get("mark"), "drawn": random.random()}
"""


@contextlib.contextmanager
def fork_server(folder: Path, *, variables: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """One that has PyYAML, with a mark in it that a fork inherits."""
    folder.mkdir(exist_ok=True)
    (folder / "imports.json").write_text(json.dumps(["yaml", "os.path", "no.such.module"]))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(folder / "fork.sock"))
    listener.listen()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AZUREML_")}
    with listener:
        started = subprocess.Popen(
            [sys.executable, str(ENTRY), "fork", str(listener.fileno()), str(folder)],
            stdin=subprocess.PIPE,
            pass_fds=(listener.fileno(),),
            env={**environment, **(variables or {})},
        )
    try:
        yield started
    finally:
        assert started.stdin is not None
        started.stdin.close()
        assert started.wait(30) == 0


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("f")


def forked(tmp_path: Path, place: Path, **config: object) -> Instance:
    instance = Instance(tmp_path, fork_server=str(place), **config).script(SCRIPT)
    instance.variables["AZUREML_WHO"] = "blue"
    return instance


def test_workers_are_forked_with_the_variables_and_the_folder_of_their_master(tmp_path, place):
    with fork_server(place) as server, forked(tmp_path, place, workers=2) as instance:
        told = [instance.ask(b"x", worker=each).json for each in (0, 1)]

        assert [each["parent"] for each in told] == [server.pid] * 2
        assert told[0]["drawn"] != told[1]["drawn"]
        assert f"up with blue {instance.code}" in instance.log


def test_a_killed_worker_is_forked_again_at_its_address(tmp_path, place):
    with fork_server(place) as server, forked(tmp_path, place) as instance:
        before = instance.ready["workers"]
        os.kill(before[0]["pid"], signal.SIGKILL)
        instance.wait_for("is ready.", 2)

        assert "was ended by SIGKILL" in instance.log
        assert instance.ready["workers"][0]["address"] == before[0]["address"]
        assert instance.ask(b"x").json["parent"] == server.pid


def test_workers_outlive_the_fork_server_and_are_then_started_anew(tmp_path, place):
    with contextlib.ExitStack() as stack:
        server = fork_server(place)
        server.__enter__()
        instance = stack.enter_context(forked(tmp_path, place))
        server.__exit__(None, None, None)
        outlived = instance.ask(b"x").status
        os.kill(instance.pids()[0], signal.SIGKILL)
        instance.wait_for("is ready.", 2)

        assert outlived == 200
        assert instance.ask(b"x").json["parent"] == instance.pid


def test_a_forked_worker_ends_with_a_killed_master(tmp_path, place):
    with fork_server(place):
        instance = forked(tmp_path, place).start()
        handle = os.pidfd_open(instance.pids()[0])
        os.kill(instance.pid, signal.SIGKILL)
        instance.wait()

        assert select.select([handle], [], [], 30)[0]
        os.close(handle)


def test_a_worker_is_not_forked_where_an_import_may_have_seen_other_variables(tmp_path, place):
    with fork_server(place, variables={"OMP_NUM_THREADS": "7"}), forked(tmp_path, place) as instance:
        assert instance.ask(b"x").json["parent"] == instance.pid


def test_a_script_that_cannot_start_is_explained(tmp_path, place):
    with fork_server(place):
        instance = forked(tmp_path, place).script("def init(): raise RuntimeError('no weights')\ndef run(d): pass\n")
        instance.launch()

        assert instance.wait() == 3
        assert "RuntimeError: no weights" in json.loads((instance.state / "failed.json").read_text())["error"]
