"""Scorers whose workers are forked, under the executor that runs deployments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.environments import BuiltEnvironment
from smalt.executors import scoring
from smalt.executors.local import ScorerForks

COMMAND = 'exec python "{{{{smalt:runtime}}}}/scorer" --config {config}'
SCRIPT = """
import os
def init():
    with open("/proc/self/comm") as file:
        print("up as", file.read().strip(), "with", os.environ.get("WORD"))
def run(data): return data
"""
HERE = BuiltEnvironment("k" * 32, Path(sys.prefix), Path(sys.executable), "3.11", (), "")


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[ScorerForks]:
    found = ScorerForks(tmp_path / "forks")
    yield found
    found.close()


def scored(bench, forks, **variables: str) -> str:
    """The log of a scorer, once it is up."""
    state = bench.folder / "state"
    state.mkdir()
    (state / "score.py").write_text(SCRIPT)
    folders = {"state_dir": str(state), "app_root": str(state), "fork_server": str(forks.folder(HERE.key))}
    (state / "config.json").write_text(json.dumps({"loader": "script", "entry_script": "score.py", **folders}))
    command = COMMAND.format(config=state / "config.json")
    handle = bench.start(command, environment=HERE.prefix, environment_variables=variables, stays_up=True)
    lines = bench.until_logged(handle, lambda lines: any("is ready" in each for each in lines))
    bench.executor.stop(handle)
    bench.end(handle)
    return "\n".join(lines)


def test_a_worker_is_forked_once_it_is_known_what_to_import(bench, forks):
    forks.ensure(HERE)
    (forks.folder(HERE.key) / "imports.json").write_text('["yaml"]')
    forks.ensure(HERE)

    assert "up as smalt-scorer with None" in scored(bench, forks)


def test_a_deployment_with_variables_of_its_own_is_started_anew(bench, forks):
    scoring.make_socket_folder(bench.folder / "forks" / HERE.key[:12])
    (forks.folder(HERE.key) / "imports.json").write_text('["yaml"]')
    forks.ensure(HERE)

    assert "up as python with hello" in scored(bench, forks, WORD="hello")
    assert "other variables: WORD" in (forks.folder(HERE.key) / "fork.log").read_text()


def test_without_notes_there_is_nothing_to_fork_from(bench, forks):
    forks.ensure(HERE)

    assert not (forks.folder(HERE.key) / "fork.sock").exists()
    assert "up as python with None" in scored(bench, forks)
