"""The examples of sweeps, as their user runs them: from YAML on the command line, and from Python."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "sweep"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    home = tmp_path_factory.mktemp("sweep") / "home"
    environment = {**os.environ, "SMALT_HOME": str(home)}

    def call(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, env=environment, cwd=home.parent
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = ("--port", str(one.getsockname()[1]), "--tls-port", str(two.getsockname()[1]))
    call("-m", "smalt.cli.main", "up", "--detach", *ports)
    yield call
    call("-m", "smalt.cli.main", "down")


@pytest.fixture(scope="module")
def smalt(run):
    def call(*arguments: str) -> str:
        return run("-m", "smalt.cli.main", *arguments)

    return call


@pytest.mark.slow
def test_the_sweep_example_finds_registers_and_fetches_the_best_model(smalt, tmp_path):
    few = ("--set", "limits.max_total_trials=4")
    told = smalt("job", "create", "-f", str(EXAMPLE / "sweep.yml"), "-n", "digits", "--stream", *few)
    trials = json.loads(smalt("job", "trials", "-n", "digits", "-o", "json"))
    table = smalt("job", "trials", "-n", "digits", "-o", "table")
    smalt("job", "download", "-n", "digits", "--all", "-p", str(tmp_path))

    [best] = [trial for trial in trials if trial["best"]]
    assert len(trials) == 4
    assert {"Name", "Status", "Accuracy", "Pixels", "Best"} <= set(table.splitlines()[0].split())
    assert {trial["metric"] for trial in trials} == {"accuracy"}
    assert best["value"] == max(trial["value"] for trial in trials if trial["status"] == "Completed") > 0.9
    assert f"Best trial: {best['name']}, accuracy" in told
    assert (tmp_path / "named-outputs/model/model.joblib").exists()
    model = json.loads(smalt("model", "show", "-n", "digits", "-v", "1", "-o", "json"))
    assert model["job_name"] == "digits"
    assert f"/{best['name']}/model" in model["path"]


@pytest.mark.slow
def test_the_same_search_from_python(run):
    told = run(str(EXAMPLE / "sweep.py"))

    assert "Best trial:" in told
    assert 'submit the best one again with {"alpha": ' in told


@pytest.mark.slow
@pytest.mark.parametrize("way", ["grid", "sobol", "bayesian"])
def test_each_way_to_search_ends_with_the_best_model(smalt, tmp_path, way):
    smalt("job", "create", "-f", str(EXAMPLE / f"{way}.yml"), "-n", way, "--stream")
    smalt("job", "download", "-n", way, "--output-name", "model", "-p", str(tmp_path))

    trials = json.loads(smalt("job", "trials", "-n", way))
    [best] = [trial for trial in trials if trial["best"]]
    assert len(trials) == 4
    assert best["value"] > 0.8
    assert (tmp_path / "named-outputs/model/model.joblib").exists()


@pytest.mark.slow
def test_every_expression_of_a_search_space_gives_a_number(smalt):
    smalt("job", "create", "-f", str(EXAMPLE / "expressions.yml"), "-n", "expressions", "--stream")

    trials = json.loads(smalt("job", "trials", "-n", "expressions"))
    names = "choice randint uniform quniform loguniform qloguniform normal qnormal lognormal qlognormal".split()
    assert [trial["status"] for trial in trials] == ["Completed"] * 3
    assert all(isinstance(trial["hyperparameters"][name], int | float) for trial in trials for name in names)


@pytest.mark.slow
def test_the_best_model_of_a_sweep_goes_to_the_next_step(smalt, tmp_path):
    told = smalt("job", "create", "-f", str(EXAMPLE / "pipeline.yml"), "-n", "line", "--stream")
    smalt("job", "download", "-n", "line", "--output-name", "model", "-p", str(tmp_path))

    assert "search: finished" in told
    assert "weigh: finished" in told
    assert (tmp_path / "named-outputs/model/model.joblib").exists()
