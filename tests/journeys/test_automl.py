"""The AutoML examples, from their tables to models that answer; and the parts of trials with the packages they use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "automl"
TASKS = ("classification", "regression", "forecasting")


class Home:
    """A server of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def smalt(self, *arguments: str) -> str:
        environment = {**os.environ, "SMALT_HOME": str(self.folder)}
        command = [sys.executable, "-m", "smalt.cli.main", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=EXAMPLES)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def create(self, file: str) -> str:
        return self.smalt("job", "create", "--file", file, "--query", "name", "--output", "tsv").strip()

    def ended(self, name: str) -> dict:
        """The job, once it is over."""
        self.smalt("job", "stream", "--name", name)
        return json.loads(self.smalt("job", "show", "--name", name, "--output", "json"))

    def children(self, name: str) -> list[dict]:
        return json.loads(self.smalt("job", "list", "--parent-job-name", name, "--output", "json"))

    def artifact(self, name: str, path: str) -> dict:
        found = next(self.folder.glob(f"blobs/*/azureml/ExperimentRun/dcid.{name}/{path}"))
        return json.loads(found.read_text())

    @property
    def packages(self) -> Path:
        """Where the packages of the built environment are."""
        return next(self.folder.glob("environments/envs/*/lib/python3*/site-packages"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    found = Home(tmp_path_factory.mktemp("automl") / "home")
    found.smalt("up", "--detach", "--port", str(free_ports()))
    yield found
    found.smalt("down")


@pytest.fixture(scope="module")
def jobs(home):
    """Every example, run to its end; they run beside each other."""
    assert home.ended(home.create("prepare.yml"))["status"] == "Completed"
    names = {task: home.create(f"{task}.yml") for task in TASKS}
    return {task: home.ended(name) for task, name in names.items()}


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_an_example_completes_and_names_its_best_trial(home, jobs, task):
    job = jobs[task]

    board = home.artifact(job["name"], "leaderboard.json")

    assert job["status"] == "Completed"
    assert job["tags"]["automl_best_child_run_id"] == board["data"][0][0]
    assert {child["status"] for child in home.children(job["name"])} == {"Completed"}


@pytest.mark.slow
def test_trials_are_children_and_ensembles_are_among_them(home, jobs):
    shown = {child["display_name"] for child in home.children(jobs["classification"]["name"])}

    assert shown == {"LightGBM", "LogisticRegression", "VotingEnsemble", "StackEnsemble", "Report"}


@pytest.mark.slow
def test_the_best_model_is_registered_and_answers_where_smalt_is_not_installed(home, jobs, tmp_path):
    home.smalt("model", "download", "--name", "tumours", "--version", "1", "--download-path", str(tmp_path))
    folder = next(tmp_path.rglob("MLmodel")).parent
    table = next(home.folder.glob("blobs/*/azureml-blobstore-*/automl-tables/tumours-test/table.csv"))
    python = home.packages.parents[2] / "bin" / "python"
    script = (
        "import sys, pandas, mlflow.pyfunc; table = pandas.read_csv(sys.argv[2]);"
        "found = mlflow.pyfunc.load_model(sys.argv[1]).predict(table);"
        "print((found == table.diagnosis).mean(), any(name.startswith('smalt') for name in sys.modules))"
    )

    answer = subprocess.run(
        [python, "-I", "-W", "ignore", "-c", script, folder, table], capture_output=True, text=True, check=True
    )

    accuracy, uses_smalt = answer.stdout.split()
    assert float(accuracy) > 0.9
    assert uses_smalt == "False"


@pytest.mark.slow
def test_the_columns_that_matter_are_explained(home, jobs):
    columns = home.artifact(jobs["classification"]["name"], "explanation.json")["data"]

    assert len(columns) == 10
    assert columns[0][1] > 0


@pytest.mark.slow
def test_the_parts_of_trials_keep_their_promises(home, jobs):
    suite = Path(__file__).parent / "suites" / "automl_suite.py"
    # The interpreter of these tests has pytest, the environment has the rest; both are of one version.
    paths = {"PYTHONPATH": f"{home.packages}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "-c", os.devnull, str(suite)],
        capture_output=True,
        text=True,
        env={**os.environ, **paths},
    )

    assert done.returncode == 0, done.stdout[-6000:]


def free_ports() -> int:
    """A port that is free, and the one after it."""
    import socket

    for port in range(18500, 28500, 10):
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("No port is free.")
