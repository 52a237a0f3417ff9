"""Runs selected samples of the public repository Azure/azureml-examples through our command line and scores them.

    python tests/compatibility/azureml_examples.py --corpus PATH [--only case-07] [--write docs/compatibility.md]

The corpus is a checkout of that repository; nothing of it is kept here. Public URLs in the samples are mapped to
folders by the operator's alias table, as on any closed network.
"""

from __future__ import annotations

import argparse
import csv
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2

COMMIT = "085cd6ea"
IRIS = "cli/jobs/pipelines/add-column-and-word-count-using-spark/data/iris.csv"
COMPONENTS = "jobs/pipelines-with-components"
NESTED = "pipeline_with_pipeline_component/pipeline_with_train_eval_pipeline_component"
HEART = "cli/endpoints/batch/deploy-models/heart-classifier-mlflow/data"
REGISTRY = "samples"
TITANIC = "cli/assets/data/sample-data/titanic.csv"


COLLECTING = """
import json, os
from pathlib import Path
import mlflow, pandas
from azureml.ai.monitoring import Collector
def init():
    global model, inputs, outputs
    (file,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("MLmodel")
    model = mlflow.pyfunc.load_model(str(file.parent))
    inputs, outputs = Collector(name="model_inputs"), Collector(name="model_outputs")
def run(text):
    asked = json.loads(text)["input_data"]
    table = pandas.DataFrame(asked["data"], columns=asked["columns"])
    context = inputs.collect(table)
    answer = pandas.DataFrame({"answer": model.predict(table)})
    outputs.collect(answer, context)
    return answer["answer"].tolist()
"""


class Unmet(Exception):
    """A criterion does not hold."""


def expect(holds: object, what: str) -> None:
    if not holds:
        raise Unmet(what)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@dataclass
class Bench:
    """A corpus, a server and the command line that joins them."""

    corpus: Path
    home: Path
    scratch: Path

    def run(self, *arguments: str, check: bool = True, seconds: float = 900) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "smalt.cli.main", *arguments],
            capture_output=True,
            text=True,
            cwd=self.corpus / "cli",
            env={**os.environ, "SMALT_HOME": str(self.home)},
            timeout=seconds,
        )
        if check and done.returncode:
            raise Unmet(f"smalt {' '.join(arguments)} exits {done.returncode}: {(done.stderr or done.stdout)[-600:]}")
        return done

    def show(self, *arguments: str) -> dict:
        return json.loads(self.run(*arguments, "-o", "json").stdout)

    def job(self, file: str, *arguments: str) -> dict:
        """Create, follow to the end, show."""
        name = self.run("job", "create", "-f", file, "--query", "name", "-o", "tsv", *arguments).stdout.strip()
        self.run("job", "stream", "-n", name, check=False)
        found = self.show("job", "show", "-n", name)
        expect(found["status"] == "Completed", f"{file}: status {found['status']}: {self.log(name)[-1500:]}")
        return found

    def log(self, name: str) -> str:
        folder = self.download(name)
        path = folder / "artifacts" / "user_logs" / "std_log.txt"
        return path.read_text() if path.exists() else "(no log)"

    def said(self, name: str) -> str:
        """The log without the platform's own header lines."""
        return "".join(line for line in self.log(name).splitlines(keepends=True) if not line.startswith("smalt: "))

    def download(self, name: str) -> Path:
        folder = self.scratch / name
        if not folder.exists():
            self.run("job", "download", "-n", name, "--all", "-p", str(folder))
        nested = folder / name
        return nested if nested.exists() else folder

    def output(self, job: dict, name: str) -> Path:
        """A named output of a job, on this machine."""
        folder = self.scratch / f"{job['name']}.{name}"
        if not folder.exists():
            self.run("job", "download", "-n", job["name"], "--output-name", name, "-p", str(folder))
        return folder / "named-outputs" / name

    def stored(self, path: str) -> str:
        """A file of the default datastore."""
        with self.client() as client:
            answer = client.get(self.blob(client, path))
            answer.raise_for_status()
            return answer.text

    def blob(self, client: httpx2.Client, path: str) -> str:
        """Where the default datastore has a file."""
        workspace = client.get(self.scope).json()["properties"]["workspaceId"]
        store = client.get(f"{self.scope}/datastores/workspaceblobstore").json()["properties"]
        return f"/blob/{workspace}/{store['containerName']}/{path}"

    def client(self) -> httpx2.Client:
        state = json.loads((self.home / "server.json").read_text())
        token = (self.home / "token").read_text().strip()
        return httpx2.Client(base_url=state["url"], headers={"Authorization": f"Bearer {token}"}, timeout=30)

    @property
    def scope(self) -> str:
        state = json.loads((self.home / "server.json").read_text())
        return (
            f"/subscriptions/{state['subscription']}/resourceGroups/{state['group']}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{state['workspace']}"
        )

    def tracking(self, call: str, **query: str) -> dict:
        with self.client() as client:
            answer = client.get(f"/mlflow/default/api/2.0/mlflow/{call}", params=query)
            answer.raise_for_status()
            return answer.json()

    def environment(self, *options: str) -> dict[str, str]:
        """What a user has who has run `eval "$(smalt env)"`."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "MLFLOW", "SMALT"))}
        program = f'eval "$({sys.executable} -m smalt.cli.main env {" ".join(options)})" && env -0'
        home = {"SMALT_HOME": str(self.home)}
        told = subprocess.run(["bash", "-c", program], env=bare | home, check=True, capture_output=True, text=True)
        return dict(each.split("=", 1) for each in told.stdout.split("\0") if each)

    def jobs(self) -> list[str]:
        return [job["name"] for job in self.show("job", "list")]

    def verdict(self, before: Collection[str]) -> str:
        """What became of the jobs that a sample has submitted and, as some do, not waited for."""
        for name in [name for name in self.jobs() if name not in before]:
            self.run("job", "stream", "-n", name, check=False)
            status = self.show("job", "show", "-n", name)["status"]
            if status != "Completed":
                return f"**no**: its job {name} is {status}"
        return "runs"

    def run_data(self, name: str) -> tuple[dict[str, str], dict[str, float]]:
        data = self.tracking("runs/get", run_id=name)["run"]["data"]
        params = {item["key"]: item["value"] for item in data.get("params", [])}
        return params, {item["key"]: item["value"] for item in data.get("metrics", [])}

    def artifacts(self, name: str) -> set[str]:
        folder = self.download(name) / "artifacts"
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def case_01(b: Bench) -> None:
    one = b.job("jobs/basics/hello-world.yml")
    expect(b.said(one["name"]) == "hello world\n", f"log is {b.said(one['name'])!r}")
    b.job("jobs/basics/hello-world.yml", "--set", "environment.image=python:3.8")
    org = b.job("jobs/basics/hello-world-org.yml")
    expect(org["tags"]["hello"] == "world", "tags.hello")
    expect(org["experiment_name"] == "hello-world-example", "experiment_name")
    expect(org["description"].startswith("# Azure") and org["description"].count("\n") > 3, "multi-line description")
    b.run("job", "update", "-n", org["name"], "--set", "display_name=updated display name",
          "description=updated description", "tags.hello=updated tag")  # fmt: skip
    after = b.show("job", "show", "-n", org["name"])
    expect(after["display_name"] == "updated display name", "display_name after update")
    expect(after["description"] == "updated description", "description after update")
    expect(after["tags"]["hello"] == "updated tag", "tags.hello after update")


def case_02(b: Bench) -> None:
    said = b.said(b.job("jobs/basics/hello-world-input.yml")["name"])
    expect("hello world" in said and "42" in said, said)
    set_ = ("--set", "inputs.hello_string=hello there", "inputs.hello_number=24")
    said = b.said(b.job("jobs/basics/hello-world-input.yml", *set_)["name"])
    expect("hello there" in said and "24" in said, said)


def case_03(b: Bench) -> None:
    job = b.job("jobs/basics/hello-world-output.yml")
    folder = b.download(job["name"])
    expect((folder / "artifacts/outputs/helloworld.txt").read_text() == "hello world\n", "outputs/helloworld.txt")
    expect((folder / "artifacts/user_logs/std_log.txt").exists(), "user logs")


def case_04(b: Bench) -> None:
    listed = b.said(b.job("jobs/basics/hello-code.yml")["name"]).split()
    # `outputs` and `logs` are there as well, as on the original: what is written into them is kept.
    expect(set(listed) - {"outputs", "logs"} == set(names(b.corpus / "cli/jobs/basics/src")), f"ls printed {listed}")
    listed = b.said(b.job("jobs/basics/hello-model-as-input.yml")["name"]).split()
    wanted = {"MLmodel", "conda.yaml", "input_example.json", "model.pkl", "requirements.txt"}
    expect(set(listed) == wanted, f"ls printed {listed}")


def case_05(b: Bench) -> None:
    job = b.job("jobs/basics/hello-mlflow.yml")
    params, metrics = b.run_data(job["name"])
    expect(params.get("hello_param") == "world", f"params {params}")
    expect(0 <= metrics.get("hello_metric", -1) < 1, f"metrics {metrics}")
    expect("helloworld.txt" in b.artifacts(job["name"]), f"artifacts {b.artifacts(job['name'])}")


def case_06(b: Bench) -> None:
    for file in ("hello-iris-file.yml", "hello-iris-datastore-file.yml"):
        job = b.job(f"jobs/basics/{file}")
        with (b.download(job["name"]) / "artifacts/outputs/iris.csv").open() as table:
            rows = list(csv.reader(table))
        expect(len(rows) == 151, f"{file}: {len(rows)} lines")
        expect(len(rows[0]) in (5, 6), f"{file}: {rows[0]}")


def case_07(b: Bench) -> None:
    job = b.job("jobs/single-step/scikit-learn/iris/job.yml")
    params, metrics = b.run_data(job["name"])
    expect((params.get("C"), params.get("kernel"), params.get("coef0")) == ("0.8", "rbf", "0.1"), f"params {params}")
    expect(abs(metrics["training_f1_score"] - 0.975) <= 0.005, f"f1 {metrics['training_f1_score']}")
    found = b.artifacts(job["name"])
    expect({"estimator.html", "training_confusion_matrix.png", "model/MLmodel"} <= found, f"artifacts {sorted(found)}")
    b.run("model", "create", "-n", "sklearn-iris-example", "-v", "1", "-p", f"runs:/{job['name']}/model", "--type",
          "mlflow_model")  # fmt: skip
    model = b.show("model", "show", "-n", "sklearn-iris-example", "-v", "1")
    expect(model["type"] == "mlflow_model", "type")
    b.run("model", "download", "-n", "sklearn-iris-example", "-v", "1", "-p", str(b.scratch / "iris-model"))
    expect(list((b.scratch / "iris-model").rglob("MLmodel")), "MLmodel in the download")


def case_08(b: Bench) -> None:
    job = b.job("jobs/single-step/lightgbm/iris/job.yml")
    _, metrics = b.run_data(job["name"])
    expect(abs(metrics["test-multi_logloss"] - 0.145) <= 0.05, f"logloss {metrics}")
    found = b.artifacts(job["name"])
    for kind in ("gain", "split"):
        for suffix in ("json", "png"):
            expect(f"feature_importance_{kind}.{suffix}" in found, f"artifacts {sorted(found)}")
    history = b.tracking("metrics/get-history", run_id=job["name"], metric_key="test-multi_logloss")["metrics"]
    expect(len(history) > 1, "one value per iteration")
    expect(any(path.endswith("MLmodel") for path in found), "a model")


def case_09(b: Bench) -> None:
    _, metrics = b.run_data(b.job("jobs/single-step/scikit-learn/diabetes/job.yml")["name"])
    expect(abs(metrics["training_r2_score"] - 0.5279) <= 0.001, f"r2 {metrics['training_r2_score']}")
    expect(abs(metrics["training_mean_squared_error"] - 2868.5) <= 5, f"mse {metrics['training_mean_squared_error']}")


def trials(b: Bench, sweep: dict) -> list[dict]:
    with b.client() as client:
        answer = client.get(f"{b.scope}/jobs/{sweep['name']}/trials")
        answer.raise_for_status()
        return answer.json()["value"]


def most_at_once(b: Bench, names: list[str]) -> int:
    """How many of some runs lay over each other, by the times that tracking has of them."""
    runs = [b.tracking("runs/get", run_id=name)["run"]["info"] for name in names]
    moves = sorted([(int(run["end_time"]), -1) for run in runs] + [(int(run["start_time"]), 1) for run in runs])
    there = most = 0
    for _, change in moves:
        there += change
        most = max(most, there)
    return most


def best_of(b: Bench, sweep: dict, metric: str) -> str:
    """The trial that has the smallest value, which must be the one that the sweep names."""
    values = {trial["name"]: b.run_data(trial["name"])[1][metric] for trial in trials(b, sweep)}
    named = sweep["properties"]["best_child_run_id"]
    expect(values[named] == min(values.values()), f"best is {named} of {values}")
    return named


def case_10(b: Bench) -> None:
    sweep = b.job("jobs/basics/hello-sweep.yml")
    found = trials(b, sweep)
    names = [trial["name"] for trial in found]
    children = json.loads(b.run("job", "list", "-p", sweep["name"], "-o", "json").stdout)
    expect(sorted(names) == sorted(child["name"] for child in children) and len(names) == 4, f"children {names}")
    expect(most_at_once(b, names) <= 2, "more than 2 at once")
    for trial in found:
        params, metrics = b.run_data(trial["name"])
        expect(params["A"] == "0.5" and params["B"] in {"hello", "world", "hello_world"}, f"params {params}")
        expect(0.1 <= float(params["C"]) <= 1.0 and "random_metric" in metrics, f"params {params}, metrics {metrics}")
        shown = {name: str(value) for name, value in trial["hyperparameters"].items()}
        expect(shown.items() <= params.items(), f"{shown} is not what the code was given: {params}")
    best_of(b, sweep, "random_metric")


def case_11(b: Bench) -> None:
    sweep = b.job("jobs/single-step/scikit-learn/iris/job-sweep.yml", "--set", "limits.max_total_trials=6")
    found = trials(b, sweep)
    expect(len(found) == 6, f"{len(found)} trials")
    for trial in found:
        _, metrics = b.run_data(trial["name"])
        expect(0.9 < metrics["training_f1_score"] <= 1.0, f"{trial['name']}: {metrics}")
    best = best_of(b, sweep, "training_f1_score")
    expect("model/MLmodel" in b.artifacts(best), f"artifacts {sorted(b.artifacts(best))}")


def children(b: Bench, job: dict) -> dict[str, dict]:
    """The jobs of a pipeline's steps by the steps' names."""
    return {child["display_name"]: child for child in b.show("job", "list", "-p", job["name"])}


def case_12(b: Bench) -> None:
    found = {}
    for file in ("", "-abc", "-io", "-customize-output-folder"):
        # A step whose work is taken over writes nothing of its own.
        job = b.job(f"jobs/basics/hello-pipeline{file}.yml", "--set", "settings.force_rerun=true")
        found[file] = steps = children(b, job)
        expect(set(steps) == set(job["jobs"]), f"hello-pipeline{file}: children {list(steps)}")
        expect({step["status"] for step in steps.values()} == {"Completed"}, f"hello-pipeline{file}: {steps}")
    said = {step: b.said(job["name"]) for step, job in {**found["-abc"], **found["-io"]}.items()}
    expect(said["a"] == "hello hello world\n", said["a"])
    expect(said["c"].endswith("/world.txt\n"), said["c"])
    expect(said["world_job"] == "world\n", said["world_job"])
    written = f"{found['-customize-output-folder']['hello_world']['name']}/hello_world-folder.txt"
    expect(b.stored(written) == "world\n", f"{written}: {b.stored(written)!r}")


def case_13(b: Bench) -> None:
    job = b.job(f"{COMPONENTS}/basics/1a_e2e_local_components/pipeline.yml")
    expect(set(children(b, job)) == {"train_job", "score_job", "evaluate_job"}, "3 children")
    model = (b.output(job, "pipeline_job_trained_model") / "model.txt").read_text()
    expect((b.output(job, "pipeline_job_evaluation_report") / "eval_result.txt").exists(), "eval_result.txt")
    scored = (b.output(children(b, job)["score_job"], "score_output") / "score.txt").read_text()
    expect(model.startswith("This is a dummy model") and model in scored, f"{scored!r} of {model!r}")


def case_14(b: Bench) -> None:
    folders = {
        "2b_component_with_input_output": ("hello_python_world_job", "pipeline_sample_output_data"),
        "3b_pipeline_with_data": ("component_c", "final_pipeline_output"),
        "4a_local_data_input": ("hello_python_world_job", "pipeline_sample_output_data"),
    }
    said = {}
    for folder, (last, output) in folders.items():
        job = b.job(f"{COMPONENTS}/basics/{folder}/pipeline.yml")
        [file] = names(b.output(job, output))
        expect(file.startswith("file-") and file.endswith(".txt"), f"{folder}: {file}")
        steps = children(b, job)
        said[folder] = b.said(steps[last]["name"])
        sample = (b.corpus / f"cli/{COMPONENTS}/basics/{folder}/data/sample.csv").read_text()
        first = b.said(steps.get("component_a", steps[last])["name"])
        expect(sample.strip() in first, f"{folder}: {first}")
    expect("hello_python_world_default\n" in said["2b_component_with_input_output"], "the default of the component")
    expect("sample_input_string: Hello_Pipeline_World\n" in said["4a_local_data_input"], "the value of the pipeline")


def case_15(b: Bench) -> None:
    job = b.job(f"{COMPONENTS}/basics/4c_web_url_input/pipeline.yml")
    said = b.said(children(b, job)["hello_python_world_job"]["name"])
    passengers = [line for line in said.splitlines() if line[:1].isdigit() and "," in line]
    expect(len(passengers) == 891 and passengers[-1].startswith("891,"), f"{len(passengers)}: {passengers[-1:]}")


def case_16(b: Bench) -> None:
    job = b.job(f"{COMPONENTS}/basics/6b_pytorch_hello_world/pipeline.yml")
    folder = b.download(children(b, job)["pytorch_job"]["name"]) / "artifacts/user_logs"
    logs = [path.read_text() for path in sorted(folder.glob("std_log_process_*.txt"))]
    expect(len(logs) == 4, f"{names(folder)}")
    told = [dict(re.findall(r"(\w+): (\S+)", log)) for log in logs]
    seen = {name: {each.get(name, "") for each in told} for name in ("RANK", "NODE_RANK", "LOCAL_RANK")}
    expect(seen == {"RANK": {*"0123"}, "NODE_RANK": {*"01"}, "LOCAL_RANK": {*"01"}}, f"{seen}")
    expect(len({(each["MASTER_ADDR"], each["MASTER_PORT"]) for each in told}) == 1, f"{told}")


LOADS = """
type: command
command: python -c "import mlflow; print(mlflow.sklearn.load_model('${{inputs.model}}').coef_.shape)"
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
inputs:
  model: {type: mlflow_model, path: MODEL}
"""


def rows_of(path: Path) -> int:
    with path.open() as table:
        return sum(1 for _ in csv.DictReader(table))


def case_17(b: Bench) -> None:
    inline = b.job("jobs/pipelines/nyc-taxi/pipeline.yml")
    steps = children(b, inline)
    expect(len(steps) == 5, f"children {list(steps)}")
    report = (b.output(steps["score_job"], "score_report") / "score.txt").read_text()
    expect("Mean squared error: 12.05" in report and "Coefficient of determination: 0.86" in report, report)
    expect((b.output(steps["train_job"], "model_output") / "model.sav").exists(), "model.sav")
    rows = rows_of(b.output(steps["predict_job"], "predictions") / "predictions.csv")
    expect(rows == 2932, f"predictions.csv has {rows} rows")
    single = children(b, b.job(f"{COMPONENTS}/nyc_taxi_data_regression/single-job-pipeline.yml"))
    [train] = single.values()
    _, metrics = b.run_data(train["name"])
    expect(abs(metrics["training_r2_score"] - 0.8895) <= 0.001, f"{metrics}")
    rows = rows_of(b.output(train, "test_data") / "test_data.csv")
    expect(rows == 1955, f"test_data.csv has {rows} rows")
    loads = b.scratch / "loads.yml"
    loads.write_text(LOADS.replace("MODEL", str(b.output(train, "model_output"))))
    expect(b.said(b.job(str(loads))["name"]).endswith("(20,)\n"), "the model loads")


def case_18(b: Bench) -> None:
    job = b.job(f"{COMPONENTS}/{NESTED}/pipeline.yml")
    steps = children(b, job)
    nested = [step for step in steps.values() if step["type"] == "pipeline"]
    expect(len(nested) == 2 and "compare" in steps and len(steps) == 3, f"children {list(steps)}")
    leaves = [steps["compare"], *(leaf for step in nested for leaf in children(b, step).values())]
    expect(len(leaves) == 7, f"{len(leaves)} leaf jobs")
    expect({leaf["compute"] for leaf in leaves} == {"azureml:cpu-cluster"}, f"{[leaf['compute'] for leaf in leaves]}")
    expect((b.output(job, "pipeline_job_best_model") / "model").exists(), "best model")
    expect((b.output(job, "pipeline_job_best_result") / "result").exists(), "best result")


def case_19(b: Bench) -> None:
    job = b.job(
        "jobs/pipelines/iris-batch-prediction-using-parallel/pipeline.yml", "--set", "settings.force_rerun=true"
    )
    step = children(b, job)["batch_prediction"]
    [file] = [path for path in b.output(step, "job_output_file").rglob("*") if path.is_file()]
    rows = [line.split() for line in file.read_text().splitlines()]
    expect(len(rows) == 74 and {len(row) for row in rows} == {5}, f"{len(rows)} rows: {rows[:2]}")
    kinds = {row[-1] for row in rows}
    expect(kinds <= {"Iris-setosa", "Iris-versicolor", "Iris-virginica"} and len(kinds) > 1, f"{kinds}")
    _, metrics = b.run_data(step["name"])
    expect(metrics["Processed Mini Batches"] > 1, f"{metrics}")


def case_20(b: Bench) -> None:
    folder = "jobs/automl-standalone-jobs/cli-automl-classification-task-bankmarketing"
    job = b.job(f"{folder}/cli-automl-classification-task-bankmarketing.yml", "--set", "limits.max_trials=4")
    trials = [f"{job['name']}_{number}" for number in range(4)]
    accuracies = {name: b.run_data(name)[1]["accuracy"] for name in trials}
    best = job["tags"]["automl_best_child_run_id"]
    expect(accuracies[best] >= 0.90, f"accuracies {accuracies}, best {best}")
    b.run("job", "download", "-n", job["name"], "--output-name", "best_model", "-p", str(b.scratch / "best-model"))
    model = next((b.scratch / "best-model").rglob("MLmodel")).parent
    script = (
        "import sys, pandas, mlflow.pyfunc; table = pandas.read_csv(sys.argv[2]);"
        "print((mlflow.pyfunc.load_model(sys.argv[1]).predict(table) == table.y).mean())"
    )
    table = b.corpus / "cli" / folder / "test-mltable-folder" / "bank_marketing_test_data.csv"
    python = next(b.home.glob("environments/envs/*/lib/python3*/site-packages/optuna")).parents[3] / "bin/python"
    scored = subprocess.run(
        [python, "-I", "-W", "ignore", "-c", script, model, table], capture_output=True, text=True, check=True
    )
    expect(float(scored.stdout) >= 0.85, f"accuracy over the test set {scored.stdout}")


ASSETS = {
    "data": ("data/local-file.yml", "data/local-folder.yml", "data/local-mltable.yml"),
    "model": ("model/local-file.yml", "model/local-mlflow.yml"),
    "environment": ("environment/docker-context.yml",),
    "component": ("component/pipeline.yml",),
}


def case_21(b: Bench) -> None:
    folder = "jobs/pipelines/automl/cli-automl-classification-task-bankmarketing-pipeline"
    job = b.job(f"{folder}/pipeline.yml")
    steps = children(b, job)
    expect(len(steps) == 3, f"children {list(steps)}")
    for output in ("preprocessed_train_data", "preprocessed_validation_data"):
        written = names(b.output(steps["preprocessing_node"], output))
        expect("MLTable" in written and any(name.endswith(".csv") for name in written), f"{output}: {written}")
    model = b.show("model", "show", "-n", "bankmarketing_example_model", "--label", "latest")
    expect(model["type"] == "mlflow_model", f"{model}")


def case_22(b: Bench) -> None:
    for noun, files in ASSETS.items():
        for file in files:
            versions = [b.show(noun, "create", "-f", f"assets/{file}")["version"] for _ in range(2)]
            expect(versions == ["1", "2"], f"{file}: versions {versions}")
            name = b.show(noun, "create", "-f", f"assets/{file}")["name"]
            latest = b.show(noun, "show", "-n", name, "-l", "latest")
            expect(latest["version"] == "3", f"{file}: @latest is {latest['version']}")
            if noun in ("data", "model"):
                expect(latest["path"].startswith("azureml://"), f"{file}: path {latest['path']}")
            listed = {item["name"] for item in json.loads(b.run(noun, "list", "-o", "json").stdout)}
            expect(name in listed, f"{noun} list")
            b.run(noun, "archive", "-n", name)
            listed = {item["name"] for item in json.loads(b.run(noun, "list", "-o", "json").stdout)}
            expect(name not in listed, f"{noun} list after archive")
            b.run(noun, "restore", "-n", name)
            listed = {item["name"] for item in json.loads(b.run(noun, "list", "-o", "json").stdout)}
            expect(name in listed, f"{noun} list after restore")
    folder = b.scratch / "mlflow-model"
    b.run("model", "download", "-n", "local-mlflow-example", "-v", "1", "-p", str(folder))
    [found] = folder.rglob("MLmodel")
    original = b.corpus / "cli/assets/model/mlflow-model"
    same, different, missing = filecmp.cmpfiles(original, found.parent, names(original), shallow=False)
    expect(len(same) == len(names(original)) and not different and not missing, "content round-trips")
    wrong = b.scratch / "no-mltable"
    (wrong / "folder").mkdir(parents=True)
    (wrong / "folder/x.csv").write_text("a\n1\n")
    (wrong / "data.yml").write_text("name: wrong\ntype: mltable\npath: folder\n")
    refused = b.run("data", "create", "-f", str(wrong / "data.yml"), check=False)
    expect(refused.returncode and "MLTable" in refused.stderr, f"mltable without MLTable file: {refused.stderr}")


SECRETS = ("XXXxxxXXXxXXXXxx", "XxXxXxXXXXXXXxXx", "dummy_pat")


MANAGED = "endpoints/online/managed"


def post(
    b: Bench, endpoint: str, file: str, *, key: str | None = None, deployment: str | None = None
) -> httpx2.Response:
    """A request of a sample, with the endpoint's key unless another one is given."""
    shown = b.show("online-endpoint", "show", "-n", endpoint)
    secret = key if key is not None else b.show("online-endpoint", "get-credentials", "-n", endpoint)["primaryKey"]
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    if deployment is not None:
        headers["azureml-model-deployment"] = deployment
    content = (b.corpus / "cli" / file).read_bytes()
    return httpx2.post(shown["scoring_uri"], content=content, headers=headers, timeout=30, trust_env=False)


def near(found: list[float], wanted: list[float], by: float = 1e-6) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def case_23(b: Bench) -> None:
    name, request = "safe-rollout", "endpoints/online/model-1/sample-request.json"
    blue, green = [11055.977245525679, 4503.079536107787], [0.5, 0.5]
    made = b.show("online-endpoint", "create", "-n", name, "-f", f"{MANAGED}/sample/endpoint.yml")
    expect(made["provisioning_state"] == "Succeeded", "the endpoint")
    for each, more in (("blue", ["--all-traffic"]), ("green", [])):
        file = f"{MANAGED}/sample/{each}-deployment.yml"
        made = b.show("online-deployment", "create", "-e", name, "-f", file, *more)
        expect(made["provisioning_state"] == "Succeeded", each)
    answer = post(b, name, request)
    expect(near(answer.json(), blue), f"blue answers {answer.text}")
    expect(near(post(b, name, request, deployment="green").json(), green), "the header names green")
    expect(post(b, name, request, key="wrong").status_code == 401, "a wrong key")
    b.run("online-endpoint", "update", "-n", name, "--mirror-traffic", "green=10")
    expect(near(post(b, name, request).json(), blue), "a mirrored call is blue's")
    b.run("online-endpoint", "update", "-n", name, "--mirror-traffic", "green=0", "--traffic", "blue=0 green=100")
    expect(all(near(post(b, name, request).json(), green) for _ in range(5)), "green after the switch")
    b.run("online-endpoint", "delete", "-n", name, "-y")


def case_24(b: Bench) -> None:
    name, folder = "ncd-sklearn", "endpoints/online/ncd"
    b.run("online-endpoint", "create", "-n", name, "-f", f"{folder}/create-endpoint.yaml")
    b.run("online-deployment", "create", "-e", name, "-f", f"{folder}/sklearn-deployment.yaml", "--all-traffic")
    answer = post(b, name, f"{folder}/sample-request-sklearn.json")
    expect(answer.status_code == 200, f"{answer.status_code}: {answer.text[:300]}")
    expect(near(answer.json(), [11633.10, 8522.12], 0.01), f"answers {answer.text[:200]}")
    (b.scratch / "wrong.json").write_text('{"numbers": [[1, 2]]}')
    wrong = post(b, name, str(b.scratch / "wrong.json"))
    expect(400 <= wrong.status_code < 500 and wrong.text, f"a request without input_data: {wrong.status_code}")
    b.run("online-endpoint", "delete", "-n", name, "-y")


def case_25(b: Bench) -> None:
    name, folder = "multimodel", "endpoints/online/custom-container/minimal/multimodel"
    place = b.corpus / "cli" / folder
    image, packages = "python:3.12", ["pandas", "numpy", "scikit-learn", "joblib"]  # of its Dockerfile
    (place / "conda.yaml").write_text(json.dumps({"dependencies": ["python=3.12", "pip", {"pip": packages}]}))
    text = (place / "minimal-multimodel-deployment.yml").read_text().replace("{{ENDPOINT_NAME}}", name)
    text = re.sub(r"^  image: .*$", f"  image: {image}\n  conda_file: conda.yaml", text, flags=re.MULTILINE)
    (place / "rendered.yml").write_text(text)
    b.run("online-endpoint", "create", "-n", name)
    b.run("online-deployment", "create", "-f", f"{folder}/rendered.yml", "--all-traffic")
    for model, first in (("iris", 1.5512323491), ("diabetes", 131.5927991331)):
        answer = post(b, name, f"{folder}/test-data/{model}-test-data.json")
        values = list(json.loads(answer.json())["0"].values())
        expect(len(values) == 5 and near(values[:1], [first]), f"{model} answers {answer.text[:200]}")
    b.run("online-endpoint", "delete", "-n", name, "-y")


def case_26(b: Bench) -> None:
    name, folder = "registered", f"{MANAGED}/minimal/single-model-registered"
    b.run("online-endpoint", "create", "-n", name)
    for file in ("model.yml", "deployment.yml"):
        text = (b.corpus / "cli" / folder / file).read_text()
        rendered = text.replace("{{ENDPOINT_NAME}}", name).replace("{{MODEL_VERSION}}", "1")
        (b.corpus / "cli" / folder / f"rendered-{file}").write_text(rendered)
    b.run("model", "create", "-f", f"{folder}/rendered-model.yml")
    b.run("online-deployment", "create", "-f", f"{folder}/rendered-deployment.yml", "--all-traffic")
    answer = post(b, name, "endpoints/online/model-1/sample-request.json")
    expect(near(answer.json(), [11055.977245525679, 4503.079536107787]), f"answers {answer.text[:200]}")
    b.run("online-endpoint", "delete", "-n", name, "-y")
    collected(b)


def collected(b: Bench) -> None:
    """The second half: a data collector in the script, over the model and the request of case 24."""
    name, folder = "collected", b.corpus / "cli" / "endpoints/online/data-collector/workspace-blob-storage"
    shutil.copytree(b.corpus / "cli/endpoints/online/ncd/sklearn-diabetes/model", folder / "model", dirs_exist_ok=True)
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "scripts" / "score.py").write_text(COLLECTING)
    b.run("model", "create", "--name", "iris_mlflow_model", "--type", "mlflow_model", "--path", str(folder / "model"))
    file = folder / "workspace-blob-storage-custom1.YAML"
    b.run("online-endpoint", "create", "-n", name)
    b.run("online-deployment", "create", "-f", str(file), "--endpoint-name", name, "--all-traffic", seconds=1800)
    answer = post(b, name, "endpoints/online/ncd/sample-request-sklearn.json")
    expect(answer.status_code == 200, f"{answer.status_code}: {answer.text[:300]}")
    b.run("online-endpoint", "delete", "-n", name, "-y")  # which writes what is still in memory
    found = list(b.home.glob(f"blobs/*/*/modelDataCollector/{name}/blue/model_inputs/**/*.jsonl"))
    expect(found, "nothing below modelDataCollector")
    expect(json.loads(found[0].read_text().splitlines()[0])["data"], f"no data in {found[0]}")


def case_27(b: Bench) -> None:
    name, folder = "heart-x", "endpoints/batch/deploy-models/heart-classifier-mlflow"
    model = f"{folder}/deployment-simple/model"  # the sample's own command names a folder that is not there
    b.run("model", "create", "--name", "heart-classifier-mlflow", "--type", "mlflow_model", "--path", model)
    b.run("data", "create", "-f", f"{folder}/heart-dataset-unlabeled.yml")
    b.run("compute", "create", "-n", "batch-cluster", "--type", "amlcompute", "--min-instances", "0")
    b.run("batch-endpoint", "create", "-n", name, "-f", f"{folder}/endpoint.yml")
    b.run("batch-deployment", "create", "-f", f"{folder}/deployment-simple/deployment.yml", "--endpoint-name", name,
          "--set-default")  # fmt: skip
    job = b.show("batch-endpoint", "invoke", "--name", name, "--input", "azureml:heart-dataset-unlabeled@latest")
    listed = b.show("batch-deployment", "list-jobs", "--name", "classifier-xgboost-mlflow", "--endpoint-name", name)
    expect([each["name"] for each in listed] == [job["name"]], f"list-jobs tells {listed}")
    b.run("job", "stream", "-n", job["name"], check=False, seconds=1800)
    found = b.show("job", "show", "-n", job["name"])
    expect(found["status"] == "Completed", f"status {found['status']}")
    (table,) = b.output(job, "score").rglob("predictions.csv")
    rows = [line.rsplit(",", 2) for line in table.read_text().splitlines()]
    counts = [sum(row[1] == value for row in rows) for value in ("0", "1")]
    expect(counts == [218, 85], f"{len(rows)} rows, of which {counts}")
    expect({row[2] for row in rows} == {f"heart-unlabeled-{each}.csv" for each in range(4)}, "rows name their files")
    b.run("batch-endpoint", "delete", "-n", name, "--yes")


def case_28(b: Bench) -> None:
    name, folder = "hello-batch-x", "endpoints/batch/deploy-pipelines/hello-batch"
    b.run("component", "create", "-f", f"{folder}/hello-component/hello.yml")
    b.run("compute", "create", "-n", "batch-cluster", "--type", "amlcompute", "--min-instances", "0")
    b.run("batch-endpoint", "create", "-n", name, "-f", f"{folder}/endpoint.yml")
    b.run("batch-deployment", "create", "--endpoint", name, "-f", f"{folder}/deployment.yml", "--set-default")
    greets(b, b.show("batch-endpoint", "invoke", "-n", name)["name"])
    job = b.job(f"{folder}/pipeline-job.yml")["name"]
    from_job = f"{folder}/deployment-from-job.yml"
    b.run("batch-deployment", "create", "--endpoint", name, "--set", f"job_definition=azureml:{job}", "-f", from_job)
    greets(b, b.show("batch-endpoint", "invoke", "-n", name, "-d", "hello-batch-from-job")["name"])
    b.run("batch-endpoint", "delete", "-n", name, "--yes")


def case_29(b: Bench) -> None:
    name, folder = "uci-x", "endpoints/batch/deploy-pipelines/training-with-components"
    b.run("environment", "create", "-f", f"{folder}/environment/xgboost-sklearn-py38.yml")
    b.run(
        "data", "create", "--name", "heart-classifier-train", "--type", "uri_folder", "--path", f"{folder}/data/train"
    )
    b.run("compute", "create", "-n", "batch-cluster", "--type", "amlcompute", "--min-instances", "0")
    data = "inputs.input_data.path=azureml:heart-classifier-train@latest"
    job = b.job(f"{folder}/deployment-ordinal/pipeline-job.yml", "--set", data)
    trained(b, job)
    b.run("batch-endpoint", "create", "--name", name, "-f", f"{folder}/endpoint.yml")
    for kind, more in (("ordinal", ["--set-default"]), ("onehot", [])):
        b.run(
            "batch-deployment", "create", "--endpoint", name, "-f", f"{folder}/deployment-{kind}/deployment.yml", *more
        )
    for chosen in ([], ["-d", "uci-classifier-train-onehot"]):
        called = b.show("batch-endpoint", "invoke", "-n", name, *chosen, "--f", f"{folder}/inputs.yml")["name"]
        b.run("job", "stream", "-n", called, check=False)
        found = b.show("job", "show", "-n", called)
        expect(found["status"] == "Completed", f"{chosen or 'default'}: {found['status']}")
    b.run("batch-endpoint", "delete", "-n", name, "--yes")


def trained(b: Bench, job: dict) -> None:
    """What a training has left: its model, its predictions, and what it says of them."""
    expect("xgboost" in (b.output(job, "model") / "MLmodel").read_text(), "the model is one of xgboost")
    predictions = (b.output(job, "evaluation_results") / "test_predictions.csv").read_text().splitlines()
    expect(len(predictions) in (91, 92), f"{len(predictions)} lines of predictions")
    expect("column_transformer.pkl" in names(b.output(job, "prepare_transformations")), "the transformer is kept")
    steps = json.loads(b.run("job", "list", "--parent-job-name", job["name"], "-o", "json").stdout)
    metrics = {key: value for step in steps for key, value in b.run_data(step["name"])[1].items()}
    expect(all(0.5 < metrics.get(key, 0) <= 1 for key in ("accuracy", "recall")), f"metrics {metrics}")


def greets(b: Bench, job: str) -> None:
    b.run("job", "stream", "-n", job, check=False)
    found = b.show("job", "show", "-n", job)
    expect(found["status"] == "Completed", f"{job} is {found['status']}")
    (step,) = json.loads(b.run("job", "list", "--parent-job-name", job, "-o", "json").stdout)
    expect("hello world" in b.log(step["name"]).lower(), "the step greets")


def case_30(b: Bench) -> None:
    for file in ("cron-job-schedule.yml", "recurrence-job-schedule.yml", "cron-with-settings-job-schedule.yml"):
        made = b.show("schedule", "create", "-f", f"schedules/{file}")
        name = made["name"]
        expect(made["is_enabled"], f"{file}: is_enabled")
        local = datetime.fromisoformat(made["next_run_time"]).astimezone(ZoneInfo("America/Los_Angeles"))
        fits = local.minute == 0 if "cron" in file else (local.hour in (4, 5, 10, 11, 12) and local.minute in (0, 30))
        expect(fits, f"{file}: next run {local}")
        expect(b.show("schedule", "disable", "-n", name)["is_enabled"] is False, "disable")
        expect(b.show("schedule", "enable", "-n", name)["is_enabled"] is True, "enable")
        b.run("schedule", "update", "-n", name, "--set", "description=new description")
        expect(b.show("schedule", "show", "-n", name)["description"] == "new description", "description")
        expect(name in [each["name"] for each in b.show("schedule", "list")], "list")
        job = b.show("schedule", "trigger", "-n", name)["job_name"]
        b.run("job", "stream", "-n", job, check=False)
        found = b.show("job", "show", "-n", job)
        expect(
            found["type"] == "pipeline" and name in found["display_name"], f"{found['type']} {found['display_name']}"
        )
        expect(found["status"] == "Completed", f"{file}: {found['status']}")
        expect(b.run("schedule", "delete", "-n", name, check=False).returncode, "delete while enabled")
        b.run("schedule", "disable", "-n", name)
        b.run("schedule", "delete", "-n", name)


def case_32(b: Bench) -> None:
    files = {
        "compute": ("cluster-basic", "cluster-minimal", "cluster-low-priority", "instance-basic"),
        "datastore": ("blob", "blob-credless", "file"),
        "connection": ("git-pat", "python-feed-pat"),
        "workspace": ("basic",),
        "registry": ("registry",),
    }
    for noun, names in files.items():
        folder = "connections" if noun == "connection" else noun
        for file in names:
            path = f"resources/{folder}/{file}.yml"
            created = b.show(noun, "create", "-f", path)
            name = created["name"]
            shown = b.show(noun, "show", "-n", name)
            listed = json.loads(b.run(noun, "list", "-o", "json").stdout)
            expect(any(item["name"].lower() == name.lower() for item in listed), f"{noun} list")
            text = json.dumps([created, shown, listed])
            expect(not any(secret in text for secret in SECRETS), f"{path}: a secret is shown")
            if file == "cluster-minimal":
                expect(shown.get("size") and shown.get("max_instances") == 4, f"defaults: {shown}")
            if file == "cluster-low-priority":
                expect(shown.get("tier") == "low_priority", f"tier: {shown}")
            b.run(noun, "update", "-n", name, "--set", "description=changed" if noun != "compute" else "tags.a=b")
            b.run(noun, "delete", "-n", name, *(() if noun in ("datastore", "registry") else ("-y",)))
            gone = b.run(noun, "show", "-n", name, check=False)
            expect(gone.returncode, f"{noun} show after delete")


CASES: dict[str, tuple[str, Callable[[Bench], None]]] = {
    "case-01": ("hello world: image, tags, `--set`, update", case_01),
    "case-02": ("literal inputs", case_02),
    "case-03": ("`./outputs` and download", case_03),
    "case-04": ("code folder; local model as input", case_04),
    "case-05": ("MLflow without `start_run`", case_05),
    "case-06": ("file by https URL and by datastore URI", case_06),
    "case-07": ("scikit-learn with autolog; model from the run", case_07),
    "case-08": ("LightGBM with autolog", case_08),
    "case-09": ("regression with autolog", case_09),
    "case-10": ("random sweep: inline trial, at most two at a time, best child", case_10),
    "case-11": ("sweep over scikit-learn with an input for all trials; the best child's model", case_11),
    "case-12": ("pipelines written in place: bindings, outputs at a path with `${{name}}`", case_12),
    "case-13": ("train, score, evaluate from component files", case_13),
    "case-14": ("defaults of components; folders handed from step to step", case_14),
    "case-15": ("a file by https URL where a folder is declared", case_15),
    "case-16": ("PyTorch launcher: two instances of two processes", case_16),
    "case-17": ("taxi regression in five steps, and in one with an MLflow model", case_17),
    "case-18": ("a pipeline component used twice; compute from an input", case_18),
    "case-19": ("parallel step over an MLTable, rows into one file", case_19),
    "case-20": ("AutoML over a table: limits, featurization, best model", case_20),
    "case-21": ("AutoML as a step: tables written by code, the best model registered by a script", case_21),
    "case-22": ("data, model, environment, component assets", case_22),
    "case-23": ("online: blue and green with a mirror", case_23),
    "case-24": ("online: an MLflow model without code", case_24),
    "case-25": ("online: two models in one deployment, in an environment in place of an image", case_25),
    "case-26": ("online: a registered model and a script; a data collector", case_26),
    "case-27": ("batch: an MLflow model without code over files", case_27),
    "case-28": ("batch: a pipeline component, and a deployment from a job", case_28),
    "case-29": ("batch: a pipeline that trains, from the command line and by two deployments", case_29),
    "case-30": ("schedules: cron, recurrence, runtime settings", case_30),
    "case-32": ("compute, datastore, connection, workspace, registry records", case_32),
}


def seed(b: Bench) -> None:
    """What the samples' own bootstrap prepares: public files behind aliases, and example data on the default store."""
    public = b.home / "public"
    public.mkdir(parents=True, exist_ok=True)
    shutil.copy(b.corpus / IRIS, public / "iris.csv")
    shutil.copy(b.corpus / TITANIC, public / "titanic.csv")
    shutil.copy(b.corpus / TITANIC, public / "Titanic.csv")
    (public / "diabetes.csv").write_text(diabetes())
    shutil.copytree(b.corpus / HEART, public / "heart-disease-uci/data")
    prefixes = (
        "https://azuremlexampledata.blob.core.windows.net/data",
        "https://azuremlexamples.blob.core.windows.net/datasets",
        "wasbs://datasets@azuremlexamples.blob.core.windows.net",
        "https://dprepdata.blob.core.windows.net/demo",
        "wasbs://demo@dprepdata.blob.core.windows.net",
    )
    # The sample on this one only prints environment variables, and which build of PyTorch fits is the machine's affair.
    (b.home / "environments").mkdir(exist_ok=True)
    (b.home / "environments" / "aliases.yaml").write_text("acpt-pytorch-*: sklearn-1.5\n")
    (b.home / "aliases.yaml").write_text("".join(f"{prefix}: {public}\n" for prefix in prefixes))


def diabetes() -> str:
    """The table that scikit-learn ships, read from the package's own file by an interpreter that has it."""
    program = (
        "from sklearn.datasets import load_diabetes; import sys; "
        "load_diabetes(as_frame=True).frame.to_csv(sys.stdout, index=False)"
    )
    with tempfile.TemporaryDirectory() as folder:
        uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", folder], check=True)
        python = f"{folder}/bin/python"
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "scikit-learn", "pandas"], check=True)
        return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout


def upload_examples(b: Bench) -> None:
    with b.client() as client:
        for name in ("iris.csv", "titanic.csv", "diabetes.csv"):
            content = (b.home / "public" / name).read_bytes()
            where = b.blob(client, f"example-data/{name}")
            client.put(where, content=content, headers={"x-ms-blob-type": "BlockBlob"}).raise_for_status()


def parser(about: str | None) -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(description=about)
    arguments.add_argument("--corpus", type=Path, required=True)
    arguments.add_argument("--home", type=Path)
    arguments.add_argument("--port", type=int, default=18787)
    arguments.add_argument("--only", action="append")
    arguments.add_argument("--write", type=Path)
    return arguments


@contextmanager
def opened(options: argparse.Namespace, *further: str) -> Iterator[Bench]:
    """A server with what the samples find in their workspace; one that ran already is left running.

    Args:
        options: Where the corpus is, and the server's home.
        further: Options of the server.
    """
    home = options.home or Path(tempfile.mkdtemp(prefix="smalt-"))
    bench = Bench(options.corpus.absolute(), home.absolute(), Path(tempfile.mkdtemp(prefix="smalt-cases-")))
    if not (home / "public").exists():
        seed(bench)
    started = bench.run("status", check=False).returncode != 0
    if started:
        # Some samples pin packages that only Python 3.8 has: where the machine has none, the server fetches one.
        bench.run("up", "--detach", "--port", str(options.port), "--python-downloads", *further)
    upload_examples(bench)
    bench.run("compute", "create", "-n", "gpu-cluster", "--type", "amlcompute", "--size", "Standard_NC12")
    try:
        yield bench
    finally:
        if started:
            bench.run("down")
    print(f"home was {home}")


def each(files: list[str], options: argparse.Namespace, outcome: Callable[[str], str]) -> list[tuple[str, str]]:
    """What became of each file that was asked for, told as it comes."""
    rows = []
    for file in files:
        if options.only and not any(part in file for part in options.only):
            continue
        begin = time.monotonic()
        rows.append((file, " ".join(outcome(file).split())))
        print(f"{file}: {rows[-1][1]} ({time.monotonic() - begin:.1f} s)", flush=True)
    return rows


def unstarted(reasons: Mapping[str, str], file: str) -> str | None:
    """Why a sample is not even tried: the reason of the first words that are part of its path."""
    return next((f"not started: {reason}" for part, reason in reasons.items() if part in file), None)


def mended(mistakes: Mapping[str, Mapping[str, str]], file: str) -> tuple[Mapping[str, str], str]:
    """What is changed in a sample that could not run as it stands, and how its result tells that."""
    changes = next((changes for part, changes in mistakes.items() if part in file), {})
    told = ", ".join(f"`{written.strip()}`" for written in changes)
    return changes, f", with {told} mended" if changes else ""


def write_table(document: Path, marker: str, heading: tuple[str, ...], rows: list[tuple[str, ...]], what: str) -> None:
    """Put rows into the table between the comments `marker` and `/marker`. Rows of what was not run stay.

    Args:
        document: The page.
        marker: Which table.
        heading: The cells over it.
        rows: Cells, the key first and the result last.
        what: What those do that are counted above it.
    """
    head, _, rest = document.read_text().partition(f"<!-- {marker} -->")
    before, _, tail = rest.partition(f"<!-- /{marker} -->")
    there = [tuple(line[2:-2].split(" | ")) for line in before.splitlines() if line.startswith("| ")]
    merged = sorted({row[0]: row for row in [*there[1:], *rows]}.values())
    good = sum(row[-1] in ("runs", "Completed") for row in merged)
    lines = [f"{good} of {len(merged)} {what} (corpus at commit {COMMIT}).", ""]
    lines += [f"| {' | '.join(row)} |" for row in (heading, *merged)]
    lines.insert(3, "|---" * len(heading) + "|")
    document.write_text("\n".join([f"{head}<!-- {marker} -->", *lines, f"<!-- /{marker} -->{tail}"]))


def judge(case: Callable[[Bench], None], bench: Bench) -> str:
    try:
        case(bench)
    except Unmet as unmet:
        return f"**no**: {unmet}"
    except Exception as error:
        traceback.print_exc()
        return f"**no**: {type(error).__name__}: {error}"
    return "runs"


def main() -> int:
    options = parser(__doc__).parse_args()
    rows = []
    with opened(options) as bench:
        for key, (title, case) in CASES.items():
            if options.only and key not in options.only:
                continue
            begin = time.monotonic()
            rows.append((key, title, judge(case, bench)))
            print(f"{key}  {title}: {rows[-1][2]} ({time.monotonic() - begin:.1f} s)", flush=True)
    passed = sum(verdict == "runs" for _, _, verdict in rows)
    print(f"{passed} of {len(rows)} cases meet their criteria")
    if options.write:
        told = [(key, title, " ".join(verdict.split())[:200]) for key, title, verdict in rows]
        write_table(options.write, "cases", ("case", "what", "result"), told, "cases meet their criteria")
    return 0 if passed == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
