"""Steps of a pipeline whose component is a file of prompt flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalt import MLClient, load_job
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
