"""Pipelines through the official SDK. Runs in the clients' environment; nothing of smalt is imported here.

Annotations are no strings in this file: the SDK reads those of a pipeline's function as they are.
"""

import importlib
import json
import os
import time
from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient, Output, command, load_component, load_job
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.dsl import pipeline
from azure.ai.ml.entities import Environment, Job
from azure.identity import DefaultAzureCredential

EXAMPLE = Path(__file__).parents[3] / "examples" / "pipelines" / "regression"
STEPS = ["predict", "prepare", "score", "train", "transform"]
FUNCTIONS = EXAMPLE.parents[1] / "official-sdk" / "functions"


@pytest.fixture(scope="module")
def ml() -> MLClient:
    client = MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )
    client.environments.create_or_update(Environment(name="plain", image="python"))
    return client


def shell(text: str, **ports):
    return command(command=text, environment="plain@latest", compute="cpu-cluster", **ports)


@pytest.fixture(scope="module")
def from_file(ml: MLClient) -> Job:
    """The example, run from its file."""
    job = ml.jobs.create_or_update(load_job(EXAMPLE / "pipeline.yml"))
    ml.jobs.stream(job.name)
    return ml.jobs.get(job.name)


def test_the_regression_example_runs_from_its_file(ml, from_file, tmp_path):
    ml.jobs.download(from_file.name, download_path=tmp_path, all=True)

    below = children(ml, from_file)
    scores = json.loads((tmp_path / "named-outputs/report/scores.json").read_text())
    assert from_file.status == "Completed"
    assert sorted(child.display_name for child in below) == STEPS
    assert {child.status for child in below} == {"Completed"}
    assert 0.3 < scores["r2"] < 0.6
    assert (tmp_path / "named-outputs/model/model.json").is_file()
    assert (tmp_path / "artifacts/logs/azureml/executionlogs.txt").is_file()


def test_the_same_steps_in_python_take_over_what_has_not_changed(ml, from_file, tmp_path, capfd):
    names = ("prepare", "transform", "train", "predict", "score")
    prepare, transform, train, predict, score = (
        load_component(EXAMPLE / "components" / f"{name}.yml") for name in names
    )

    @pipeline(default_compute="cpu-cluster", experiment_name="regression")
    def regression(held_out: float = 0.25, alpha: float = 1.0):
        study = prepare()
        parts = transform(table=study.outputs.table, held_out=held_out)
        model = train(training=parts.outputs.training, alpha=alpha)
        predicted = predict(model=model.outputs.model, testing=parts.outputs.testing)
        judged = score(predictions=predicted.outputs.predictions)
        return {"model": model.outputs.model, "report": judged.outputs.report}

    job = ml.jobs.create_or_update(regression(alpha=2.0))
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path, output_name="report")

    reused = {child.display_name: child.properties.get("azureml.isreused") for child in children(ml, job)}
    scores = json.loads((tmp_path / "named-outputs/report/scores.json").read_text())
    told = capfd.readouterr().out
    assert (reused["study"], reused["parts"], reused["model"]) == ("true", "true", None)
    assert 0.3 < scores["r2"] < 0.6
    assert "step model completed" in told
    assert f"RunId: {job.name}" in told


def test_a_pipeline_of_components_in_components_runs(ml):
    job = ml.jobs.create_or_update(load_job(EXAMPLE / "nested.yml"))

    ml.jobs.stream(job.name)

    below = {child.display_name: child for child in children(ml, job)}
    assert ml.jobs.get(job.name).status == "Completed"
    assert sorted(below) == ["data", "model"]
    assert sorted(child.display_name for child in children(ml, below["data"])) == ["prepare", "transform"]


def test_inputs_and_outputs_of_the_pipeline_reach_its_steps(ml, tmp_path):
    (tmp_path / "in.txt").write_text("from the file")
    say = shell(
        "cat ${{inputs.text}} > ${{outputs.out}}/said.txt; echo ${{inputs.times}} >> ${{outputs.out}}/said.txt",
        inputs={"text": Input(type=AssetTypes.URI_FILE), "times": Input(type="integer")},
        outputs={"out": Output(type=AssetTypes.URI_FOLDER)},
    )

    @pipeline(experiment_name="suite")
    def saying(text: Input(type=AssetTypes.URI_FILE), times: int):
        said = say(text=text, times=times)
        return {"said": said.outputs.out}

    given = Input(type=AssetTypes.URI_FILE, path=str(tmp_path / "in.txt"))
    job = ml.jobs.create_or_update(saying(text=given, times=7))
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path, output_name="said")

    assert (tmp_path / "named-outputs/said/said.txt").read_text() == "from the file7\n"


def test_functions_are_steps(ml, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FUNCTIONS)
    dice = importlib.import_module("pipeline").dice

    job = ml.jobs.create_or_update(dice(times=1000))
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path, output_name="counts")

    [written] = (tmp_path / "named-outputs/counts").iterdir()
    counts = json.loads(written.read_text())
    assert sum(counts.values()) == 1000
    assert {int(each) for each in counts} == set(range(2, 13))


def test_a_failing_step_fails_the_pipeline_and_says_so(ml):
    @pipeline(experiment_name="suite")
    def failing():
        shell("echo oops; exit 3")()

    job = ml.jobs.create_or_update(failing())
    with pytest.raises(Exception, match="exited with code 3"):
        ml.jobs.stream(job.name)

    [child] = children(ml, job)
    assert (ml.jobs.get(job.name).status, child.status) == ("Failed", "Failed")


def test_a_running_pipeline_is_canceled_with_its_steps(ml):
    @pipeline(experiment_name="suite")
    def slow():
        shell("sleep 600")()

    job = ml.jobs.create_or_update(slow())
    ml.jobs.begin_cancel(job.name).wait()
    while ml.jobs.get(job.name).status == "CancelRequested":
        time.sleep(0.2)

    assert ml.jobs.get(job.name).status == "Canceled"
    assert {child.status for child in children(ml, job)} <= {"Canceled"}


def children(ml: MLClient, job) -> list:
    return list(ml.jobs.list(parent_job_name=job.name))
