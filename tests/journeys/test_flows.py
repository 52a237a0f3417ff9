"""The flow examples, run as their README says, without a server and without a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import running

EXAMPLES = Path(__file__).parents[2] / "examples" / "flows"


@pytest.fixture
def example(tmp_path: Path):
    """Runs an example in an empty folder."""

    def run(name: str) -> str:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [sys.executable] if name.endswith(".py") else ["sh"]
        done = subprocess.run(
            [*command, str(EXAMPLES / name)], cwd=tmp_path, capture_output=True, text=True, timeout=100,
            env={**os.environ, "PATH": tools, "PF_HOME_DIRECTORY": str(tmp_path / "home")},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    return run


@pytest.mark.slow
def test_flows_are_steps_of_a_pipeline_and_an_endpoint(tmp_path: Path):
    work = tmp_path / "work"
    work.mkdir()
    with running(tmp_path / "home") as server:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", str(EXAMPLES / "platform" / "run.sh")], cwd=work, capture_output=True, text=True, timeout=240,
            env={**os.environ, **server.exports, "PATH": tools, "SMALT_HOME": str(server.home)},
        )  # fmt: skip

        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert "Completed after" in done.stdout
        assert json.loads(done.stdout[done.stdout.rindex("{") :]) == {"answer": "What is a flow?"}
        pipeline = json.loads(server.smalt("job", "list"))[-1]["name"]
        assert '"accuracy": 1.0' in server.smalt("job", "metrics", "-n", f"{pipeline}_grade")
        starts = json.loads(server.smalt("flow", "experiment", "compare", "-n", "compare"))
        measured = [(each["judged.accuracy"], each["sorted.lines.completed"]) for each in starts]
        assert measured == [(1.0, 2.0), (1.0, 4.0)]


def test_a_chat_is_talked_with_and_served(example):
    told = example("chat.sh")

    assert "Hello\nAnd again\n" in told
    assert '{"answer":"What is a flow?"}' in told
    assert 'data: {"answer":"one "}' in told
    assert told.rstrip().endswith("As OpenAI asks")


def test_questions_are_answered_from_documents(example):
    told = example("rag.sh")

    assert "secrets.md" in told
    assert '"groundedness"' in told


def test_variants_are_judged_side_by_side(example, tmp_path):
    told = example("classification.sh")

    rows = {line.split()[0]: line.split()[4] for line in told.splitlines() if line.startswith("sorted_")}
    assert rows == {"sorted_described": "1.0", "sorted_bare": "0.3333"}
    assert "sorted_bare: outputs.category" in (tmp_path / "compared.html").read_text()


def test_a_notebook_goes_on_as_it_is(example):
    assert "{'accuracy': 1.0}" in example("notebook.py")


def test_an_experiment_runs_several_flows_and_then_only_what_has_changed(example):
    told = example("experiment/run.sh")

    nodes = json.loads(told[told.rindex("\n{") :])
    assert {node: len(runs) for node, runs in nodes.items()} == {"chosen": 2, "sorted": 2, "judged": 2}
    assert all(run["status"] == "Completed" for runs in nodes.values() for run in runs)
