"""The examples of pipelines, on a server as a user starts it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "pipelines"
EXAMPLE = EXAMPLES / "regression"
STEERING = EXAMPLES / "steering"


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


def graph(home: Path, name: str) -> dict[str, dict]:
    """The steps of a pipeline by name."""
    shown = json.loads(smalt(home, "job", "show", "-n", name, "--graph", "-o", "json"))
    return {step["name"]: step for step in shown["steps"]}


@pytest.mark.slow
def test_steps_steer_other_steps(home, tmp_path):
    told = smalt(home, "job", "create", "-f", str(STEERING / "pipeline.yml"), "-n", "steered", "--stream")
    smalt(
        home, "job", "create", "-f", str(STEERING / "pipeline.yml"), "--set", "inputs.number=2", "-n", "two", "--stream"
    )
    smalt(home, "job", "download", "-n", "steered", "--output-name", "table", "-p", str(tmp_path))

    steps, other = graph(home, "steered"), graph(home, "two")
    ran = [step for name, step in steps.items() if name not in ("open", "close") and step["startedAt"]]
    assert steps["open"]["endedAt"] <= min(step["startedAt"] for step in ran)
    assert steps["close"]["startedAt"] >= max(step["endedAt"] for step in ran)
    assert "fetch: finished (" in told
    assert "broken: skipped" in told
    assert (steps["whole"]["status"], steps["broken"]["status"]) == ("Completed", "Skipped")
    assert (other["whole"]["status"], other["broken"]["status"]) == ("Skipped", "Completed")
    assert len(steps["root"]["iterations"]) == 9
    assert steps["fetch"]["attempt"] == 2
    table = next(path for path in (tmp_path / "named-outputs" / "table").rglob("*") if path.is_file()).read_text()
    assert table.count("- file: azureml://") == len(steps["powers"]["iterations"]) == 3


@pytest.mark.slow
def test_what_is_done_again_is_what_was_asked_for(home):
    def reused(name: str) -> set[str]:
        runs = {step: shown["iterations"] or [shown] for step, shown in graph(home, name).items()}
        return {step for step, each in runs.items() if all(run["reuse"]["reused"] for run in each)}

    def again(name: str) -> set[str]:
        smalt(home, "job", "create", "-f", str(STEERING / "pipeline.yml"), "-n", name, "--stream")
        return reused(name)

    again("a")
    assert again("b") == {"root", "powers", "list", "fetch"}

    smalt(home, "job", "rerun", "-n", "b", "--from", "powers", "--new-name", "c", "--stream")
    assert reused("c") == {"open", "root", "whole", "fetch"}
    smalt(home, "job", "invalidate", "-n", "c", "--step", "list")
    assert again("d") == {"root", "powers", "fetch"}
    smalt(home, "job", "invalidate", "-n", "d")
    assert again("e") == set()


def test_everything_that_is_wrong_is_told_at_once_with_its_line(home, tmp_path):
    (tmp_path / "count.yml").write_text(
        "name: count\ntype: command\nenvironment: azureml:nothing:1\ncommand: echo ${{inputs.m}}\n"
        "inputs: {n: {type: integer}}\n"
    )
    (tmp_path / "wrong.yml").write_text("""\
type: pipeline
settings: {default_compute: azureml:nowhere}
jobs:
  one:
    component: ./count.yml
    inputs: {n: five}
  two:
    type: command
    command: echo
    code: ./absent
    environment: {image: python, conda_file: ./absent.yml}
    inputs:
      text: ${{parent.jobs.three.outputs.o}}
      table: {type: uri_file, path: azureml:absent:1}
    limits: {timeout: long}
  four:
    component: azureml:absent:7
""")
    variables = {**os.environ, "SMALT_HOME": str(home)}
    command = (sys.executable, "-m", "smalt.cli.main", "job", "create", "-f", str(tmp_path / "wrong.yml"))

    refused = subprocess.run(command, capture_output=True, text=True, env=variables)

    first, *told = refused.stderr.replace(f"{tmp_path}/", "").splitlines()
    assert refused.returncode == 1
    assert first == "ERROR: wrong.yml has 10 mistakes:"
    assert [":".join(line.strip().split(":")[:3]) for line in told] == [
        "count.yml:4: command",
        "wrong.yml:2: settings.default_compute",
        "wrong.yml:4: jobs.one",  # the environment of count.yml
        "wrong.yml:6: jobs.one.inputs.n",
        "wrong.yml:10: jobs.two.code",
        "wrong.yml:11: jobs.two.environment.conda_file",
        "wrong.yml:13: jobs.two.inputs.text",
        "wrong.yml:14: jobs.two.inputs.table",
        "wrong.yml:15: jobs.two.limits.timeout",
        "wrong.yml:17: jobs.four.component",
    ]
