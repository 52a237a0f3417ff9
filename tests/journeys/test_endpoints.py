"""The examples of endpoints, done as they say: from files to answers, through the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, running

EXAMPLES = Path(__file__).parents[2] / "examples" / "endpoints"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


def scores(server: RunningServer, job: str, output: str, to: Path) -> list[str]:
    """The lines of what a call of a batch endpoint has written."""
    server.smalt("job", "stream", "-n", job)
    server.smalt("job", "download", "-n", job, "--output-name", output, "--download-path", str(to))
    return sorted(line for path in to.rglob("*") if path.is_file() for line in path.read_text().splitlines())


def test_a_script_answers(server):
    folder = EXAMPLES / "online" / "script"
    server.smalt("online-endpoint", "create", "-f", str(folder / "endpoint.yml"))
    server.smalt("online-deployment", "create", "-f", str(folder / "deployment.yml"), "--all-traffic")

    answer = server.smalt("online-endpoint", "invoke", "-n", "irises", "-r", str(folder / "request.json"))

    assert json.loads(answer) == ["setosa", "versicolor", "virginica"]
    server.smalt("online-endpoint", "delete", "-n", "irises", "-y")


def test_a_package_answers_and_is_written_as_the_context_of_an_image(server, tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "SMALT_HOME": str(server.home), "PATH": path, "CONTEXT": str(tmp_path / "image")}
    script = EXAMPLES / "online" / "package" / "run.sh"

    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, env=variables)

    assert done.returncode == 0, done.stderr
    answer = done.stdout[done.stdout.index("[") : done.stdout.index("]") + 1]
    assert json.loads(answer) == ["setosa", "versicolor", "virginica"]
    assert (tmp_path / "image" / "azureml-models" / "iris-rules" / "1" / "rules" / "iris.json").is_file()
    assert "runtime/scorer" in (tmp_path / "image" / "Dockerfile").read_text()
    server.smalt("online-endpoint", "delete", "-n", "irises-packed", "-y")


def test_an_mlflow_model_answers_without_code(server):
    folder = EXAMPLES / "online" / "mlflow"
    server.smalt("online-endpoint", "create", "-f", str(folder / "endpoint.yml"))
    server.smalt("online-deployment", "create", "-f", str(folder / "deployment.yml"), "--all-traffic")

    answer = server.smalt("online-endpoint", "invoke", "-n", "petals", "-r", str(folder / "request.json"))

    assert json.loads(answer) == ["setosa", "virginica"]
    server.smalt("online-endpoint", "delete", "-n", "petals", "-y")


@pytest.mark.slow
def test_blue_and_green_with_a_mirror_and_back(server):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = EXAMPLES / "online" / "blue-green" / "run.sh"

    done = subprocess.run(
        ["sh", str(script)], capture_output=True, text=True,
        env={**os.environ, "SMALT_HOME": str(server.home), "PATH": path},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if "Ada" in line]
    assert told == ['"Hello, Ada!"', '"Good day, Ada!"', '"Hello, Ada!"', '"Good day, Ada!"']
    assert '"blue": 90' in done.stdout.rpartition('"Good day, Ada!"')[2]
    server.smalt("online-endpoint", "delete", "-n", "greeter", "-y")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "endpoint", "call", "output", "rows"),
    [
        ("model", "flowers", ["--input", "flowers"], "score",
         ["a.csv,0,setosa", "a.csv,1,setosa", "b.csv,0,versicolor", "c.csv,0,virginica"]),
        ("mlflow", "petal-files", ["--input", "flowers"], "score", ["0,setosa,d.csv", "1,virginica,d.csv"]),
        ("pipeline", "counts", ["-f", "call.yml"], "counts", ['{"land": 1}']),
    ],
)  # fmt: skip
def test_batches(server, example, endpoint, call, output, rows, tmp_path):
    folder = tmp_path / "batch" / example
    shutil.copytree(EXAMPLES / "batch", tmp_path / "batch")
    shutil.copytree(EXAMPLES / "online", tmp_path / "online")
    server.smalt("batch-endpoint", "create", "-f", str(folder / "endpoint.yml"))
    server.smalt("batch-deployment", "create", "-f", str(folder / "deployment.yml"), "--set-default")
    arguments = [str(folder / each) if (folder / each).exists() else each for each in call]

    job = json.loads(server.smalt("batch-endpoint", "invoke", "-n", endpoint, *arguments))["name"]

    assert scores(server, job, output, tmp_path / "down") == rows
    assert [each["name"] for each in json.loads(server.smalt("batch-endpoint", "list-jobs", "-n", endpoint))] == [job]
