"""Steps of a pipeline whose component is a file of prompt flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalt import Input, MLClient, load_component, load_job
from smalt.dsl import pipeline
from smalt.errors import InvalidRequest
from smalt.flows import gallery
from tests.sdk.fake_server import SCOPE, Fake

RUN = """\
$schema: https://azuremlschemas.azureedge.net/promptflow/latest/Run.schema.json
flow: ./words
variant: ${classify.bare}
column_mapping: {text: "${data.old}", more: "${data.more}"}
connections: {classify: {connection: mine, model: m}}
"""
PIPELINE = """\
type: pipeline
inputs: {lines: {type: uri_file, path: ./words/data.jsonl}}
jobs:
  words:
    type: parallel
    component: FILE
    compute: azureml:cpu
    inputs:
      data: ${{parent.inputs.lines}}
      text: ${data.text}
      connections.classify.model: other
    environment_variables: {A: "1"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    gallery.make("classification", tmp_path / "words")
    (tmp_path / "run.yml").write_text(RUN)
    return tmp_path


def step(folder: Path, file: str) -> dict:
    (folder / "pipeline.yml").write_text(PIPELINE.replace("FILE", file))
    return load_job(folder / "pipeline.yml").jobs["words"].document()


def test_a_flow_is_a_step_that_is_given_columns(folder: Path) -> None:
    found = step(folder, "./words/flow.dag.yaml")

    assert (found["type"], found["code"]) == ("flow", str(folder / "words"))
    assert found["inputs"] == {"data": "${{parent.inputs.lines}}"}
    assert found["column_mapping"] == {"text": "${data.text}"}
    assert found["connections"] == {"classify": {"model": "other"}}
    assert (found["environment_variables"], found["compute"]) == ({"A": "1"}, "azureml:cpu")


def test_what_a_run_says_holds_where_the_step_says_nothing(folder: Path) -> None:
    found = step(folder, "./run.yml")

    assert (found["code"], found["variant"]) == (str(folder / "words"), "${classify.bare}")
    assert found["column_mapping"] == {"text": "${data.text}", "more": "${data.more}"}
    assert found["connections"] == {"classify": {"connection": "mine", "model": "other"}}


def test_a_file_that_is_no_flow_is_read_as_a_component(folder: Path) -> None:
    (folder / "other.yml").write_text("name: other\ntype: command\ncommand: echo\nenvironment: azureml:e:1\n")

    assert step(folder, "./other.yml")["component"]["name"] == "other"


def test_the_files_of_the_flow_are_sent_once(client: MLClient, fake: Fake, folder: Path) -> None:
    step(folder, "./words/flow.dag.yaml")
    name = client.jobs.create_or_update(load_job(folder / "pipeline.yml")).name

    sent = fake.resources[f"{SCOPE}/jobs/{name}"]["properties"]["jobs"]["words"]
    assert sent["type"] == "flow"
    assert "/codes/" in sent["code"]


def test_a_flow_is_a_step_of_a_pipeline_in_python(client: MLClient, fake: Fake, folder: Path) -> None:
    classify = load_component(folder / "words" / "flow.dag.yaml")
    again = load_component(folder / "run.yml", params_override=[{"variant": "${classify.described}"}])

    @pipeline(compute="cpu")
    def both(lines):
        first = classify(data=lines, text="${data.text}", connections={"classify": {"model": "other"}})
        first.environment_variables = {"A": "1"}
        second = again(run_outputs=first.outputs.flow_outputs, data=lines, category="${run.outputs.category}")
        return {"answers": second.outputs.flow_outputs}

    job = both(Input(type="uri_file", path=str(folder / "words" / "data.jsonl"))).to_job()

    first, second = (job.jobs[name].document() for name in ("first", "second"))
    assert (first["type"], first["code"]) == ("flow", str(folder / "words"))
    assert first["inputs"] == {"data": "${{parent.inputs.lines}}"}
    assert first["column_mapping"] == {"text": "${data.text}"}
    assert first["connections"] == {"classify": {"model": "other"}}
    assert first["environment_variables"] == {"A": "1"}
    assert second["inputs"]["run"] == "${{parent.jobs.first.outputs.flow_outputs}}"
    assert (second["variant"], second["column_mapping"]["category"]) == (
        "${classify.described}",
        "${run.outputs.category}",
    )
    sent = client.jobs.create_or_update(job).name
    assert fake.resources[f"{SCOPE}/jobs/{sent}"]["properties"]["jobs"]["first"]["type"] == "flow"


def test_a_flow_that_is_a_step_needs_lines_and_knows_its_settings(folder: Path) -> None:
    with pytest.raises(InvalidRequest, match="needs lines"):
        load_component(folder / "words" / "flow.dag.yaml")(text="x")
    with pytest.raises(InvalidRequest, match="has no surprise"):
        load_component(folder / "run.yml", params_override=[{"surprise": 1}])
