"""Pipelines in Python where the official client has no say: refusals, and what one may ask of a step."""

from __future__ import annotations

import pytest

from smalt import Input, MLClient, command, dsl, load_component
from smalt.dsl import condition, pipeline, set_pipeline_settings
from smalt.errors import InvalidRequest, Unsupported
from tests.sdk.cases import FOLDER
from tests.sdk.fake_server import SCOPE, Fake

prepare = load_component(FOLDER / "prepare.yml")
train = load_component(FOLDER / "train.yml")
RAW = Input(type="uri_folder", path=str(FOLDER / "data"))


def test_a_wrong_input_is_refused_where_it_is_written() -> None:
    with pytest.raises(InvalidRequest, match=r"prepare has no input 'rwa'\. It has: raw, ratio, note"):
        prepare(rwa=RAW)
    with pytest.raises(AttributeError, match="no output 'dirty'"):
        _ = prepare(raw=RAW).outputs.dirty
    with pytest.raises(InvalidRequest, match="Its inputs are: raw"):
        pipeline(lambda raw: None)(other=1)


def test_what_only_the_run_knows_cannot_be_computed_with() -> None:
    @pipeline
    def computing(epochs: int):
        train(data=RAW, epochs=epochs + 1)

    @pipeline
    def branching(epochs: int):
        if epochs:
            train(data=RAW, epochs=1)

    with pytest.raises(Unsupported, match="'\\+' joins text only"):
        computing(epochs=1)
    with pytest.raises(Unsupported, match="known only when the pipeline runs"):
        branching(epochs=1)


def test_a_function_may_ask_what_it_is_called_with() -> None:
    @pipeline(non_pipeline_inputs=["count"])
    def shaped(raw: Input(type="uri_folder"), count: int):
        for _ in range(count):
            prepare(raw=raw)

    made = shaped(raw=RAW, count=3)

    assert list(made.jobs) == ["prepare", "prepare_1", "prepare_2"]
    assert list(made.inputs) == ["raw"]


def test_one_output_may_be_given_as_its_step_and_inputs_may_be_bound_later() -> None:
    @pipeline
    def later(raw: Input(type="uri_folder")):
        first = prepare(raw=raw)
        second = train(data=first)
        second.inputs.epochs = 4

    job = later(RAW).to_job()

    assert job.jobs["second"].inputs == {"data": "${{parent.jobs.first.outputs.clean}}", "epochs": 4}


def test_two_steps_of_one_name_are_refused() -> None:
    @pipeline
    def twice():
        a = prepare(raw=RAW)
        b = prepare(raw=RAW)
        a.name = "same"
        b.name = "same"

    with pytest.raises(InvalidRequest, match="Two steps of twice are named 'same'"):
        twice()


def test_a_function_that_returns_no_outputs_is_told_what_to_return() -> None:
    with pytest.raises(InvalidRequest, match="must return a mapping"):
        pipeline(lambda: 3)()


def test_mistakes_are_told_at_submit_before_anything_is_sent(client: MLClient, fake: Fake) -> None:
    @pipeline(default_compute="local")
    def incomplete(raw: Input(type="uri_folder")):
        train(data=raw)

    with pytest.raises(InvalidRequest, match="requires the input 'epochs'"):
        client.jobs.create_or_update(incomplete(raw=RAW))
    assert fake.requests == []


def test_a_pipeline_function_is_registered_and_used_from_the_workspace(client: MLClient, fake: Fake) -> None:
    @pipeline(name="both", version="3")
    def both(raw: Input(type="uri_folder"), epochs: int = 2):
        """Prepares and trains."""
        cleaned = prepare(raw=raw)
        trained = train(data=cleaned, epochs=epochs)
        return {"model": trained.outputs.model}

    @pipeline(default_compute="local")
    def outer():
        used = client.components.get("both", "3")(raw=RAW)
        return {"model": used.outputs.model}

    client.components.create_or_update(both)
    submitted = client.jobs.create_or_update(outer())

    step = fake.resources[f"{SCOPE}/jobs/{submitted.name}"]["properties"]["jobs"]["used"]
    assert (step["type"], step["componentId"]) == ("pipeline", f"{SCOPE}/components/both/versions/3")
    assert fake.resources[step["componentId"]]["properties"]["componentSpec"]["description"] == "Prepares and trains."


def test_a_command_is_searched_without_a_pipeline(client: MLClient, fake: Fake) -> None:
    job = command(
        command="python train.py ${{search_space.lr}}", code=str(FOLDER / "src"), environment="azureml:plain:1",
        inputs={"data": RAW}, compute="local",
    )  # fmt: skip

    search = job.sweep(
        primary_metric="loss", goal="Minimize", max_total_trials=3,
        search_space={"lr": {"type": "uniform", "min_value": 0, "max_value": 1}},
    )  # fmt: skip
    submitted = client.jobs.create_or_update(search)

    body = fake.resources[f"{SCOPE}/jobs/{submitted.name}"]["properties"]
    assert (body["jobType"], body["searchSpace"]) == ("Sweep", {"lr": ["uniform", [0, 1]]})
    assert body["trial"]["codeId"].startswith(f"{SCOPE}/codes/")
    assert body["trial"]["environmentId"] == f"{SCOPE}/environments/plain/versions/1"


def test_settings_are_made_inside_the_function() -> None:
    @pipeline
    def settled():
        first = prepare(raw=RAW)
        prepare(raw=RAW)
        set_pipeline_settings(on_init=first)

    assert settled().settings.on_init == "first"
    with pytest.raises(InvalidRequest, match="inside its function"):
        set_pipeline_settings(on_init="x")


def test_the_names_of_the_sdk_are_here() -> None:
    assert dsl.pipeline is pipeline
    assert dsl.condition is condition
