"""Pipelines that are being written: checked without being submitted, and given back as text."""

from __future__ import annotations

from typing import Any

import pytest

from smalt.kit import yaml
from tests.server.pipelines.conftest import command, literal

TEXT = """
type: pipeline
inputs:
  rows: 5
outputs:
  model: {type: uri_folder}
jobs:
  prepare:  # makes the table
    component: azureml:prepare:1
    inputs:
      rows: ${{parent.inputs.rows}}
  train:
    type: command
    command: cat ${{inputs.table}}
    environment: azureml:plain:1
    inputs:
      table: ${{parent.jobs.prepare.outputs.table}}
    outputs:
      model: ${{parent.outputs.model}}
"""


@pytest.fixture
def prepare(works) -> str:
    return works.component(
        "prepare",
        command="echo ${{inputs.rows}} > ${{outputs.table}}",
        inputs={"rows": {"type": "integer", "min": "1"}},
        outputs={"table": {"type": "uri_file"}},
    )


def checked(works, text: str, kind: str = "job") -> Any:
    answer = works.pages.post(f"{works.plant.scope}/smalt/pipelines/check", json={"yaml": text, "kind": kind})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_check_gives_the_ports_of_steps_and_the_body_of_a_submission(works, prepare):
    found = checked(works, TEXT)

    assert found["problems"] == []
    assert found["steps"]["prepare"]["component"]["name"] == "prepare"
    assert found["steps"]["prepare"]["outputs"] == {"table": {"type": "uri_file"}}
    assert found["steps"]["train"]["inputs"] == {"table": {"type": "any", "optional": False}}
    answer = works.pages.put(f"{works.plant.scope}/jobs/composed", json=found["body"])
    assert answer.status_code == 201, answer.text


def test_a_check_tells_all_that_is_wrong_with_place_and_line_and_submits_nothing(works, prepare):
    text = TEXT.replace("rows: 5", "rows: 0").replace("outputs.table", "outputs.tables").replace("plain", "nowhere")

    found = {each["place"]: each for each in checked(works, text)["problems"]}

    assert found["jobs.prepare.inputs.rows"]["message"] == "'rows' is 0 and must be at least 1."
    assert (
        found["jobs.train.inputs.table"]["message"] == "The step 'prepare' has no output 'tables'. Its outputs: table."
    )
    assert found["jobs.train.inputs.table"]["line"] == 17
    assert "nowhere" in found["jobs.train.environment"]["message"]
    assert works.pages.get(f"{works.plant.scope}/jobs").json()["value"] == []


@pytest.mark.parametrize("text", ["", "- 1", "{", "type: command", "type: sweep\ntrial: {}"])
def test_what_is_no_pipeline_is_refused(works, text):
    answer = works.pages.post(f"{works.plant.scope}/smalt/pipelines/check", json={"yaml": text})

    assert answer.status_code == 400


def test_a_field_of_the_wrong_shape_is_a_problem_with_its_place(works):
    [problem] = checked(works, "type: pipeline\njobs:\n  one:\n    inputs: 5\n")["problems"]

    assert problem["place"] == "jobs.one.inputs"
    assert problem["line"] == 4


def test_a_component_is_checked_with_its_own_inputs(works, prepare):
    text = TEXT.replace("rows: 5", "rows: {type: string}")

    [problem] = checked(works, text, "component")["problems"]

    assert problem == {
        "place": "jobs.prepare.inputs.rows",
        "message": "'rows' takes an integer and is given a string.",
        "line": 11,
    }


def test_steps_written_inside_a_step_have_ports_too(works, prepare):
    inner = "jobs: {deep: {component: 'azureml:prepare:1', inputs: {rows: 3}}}"

    found = checked(works, f"type: pipeline\njobs:\n  group:\n    type: pipeline\n    {inner}\n")

    assert found["problems"] == []
    assert found["steps"]["group"]["steps"]["deep"]["outputs"] == {"table": {"type": "uri_file"}}


@pytest.mark.parametrize("nested", ["type: pipeline, ", "type: pipeline, component: {type: pipeline, "])
def test_steps_written_inside_a_step_are_bound_to_each_other(works, prepare, nested):
    inner = (
        "jobs: {one: {component: 'azureml:prepare:1', inputs: {rows: 3}}, two: {command: 'cat ${{inputs.table}}', "
        "environment: 'azureml:plain:1', inputs: {table: '${{parent.jobs.one.outputs.table}}'}}}"
    )
    closing = "}" * (nested.count("{") + 1)

    found = checked(works, f"type: pipeline\njobs:\n  group: {{{nested}{inner}{closing}\n")

    assert found["problems"] == []
    assert works.pages.put(f"{works.plant.scope}/jobs/nested", json=found["body"]).status_code == 201
    works.run("nested")
    assert works.plant.record("nested").status == "Completed"


def test_a_loop_gives_what_its_body_gives(works, prepare):
    loop = "{type: parallel_for, body: '${{parent.jobs.prepare}}', items: [{rows: 1}]}"
    text = f"type: pipeline\njobs:\n  prepare: {{component: 'azureml:prepare:1'}}\n  each: {loop}\n"

    assert checked(works, text)["steps"]["each"]["outputs"] == {"table": {"type": "any"}}


def test_a_job_is_given_back_as_text_that_can_be_submitted_again(works, prepare):
    steps = {"one": {"componentId": prepare, "inputs": {"rows": literal("7")}}, "two": command("echo hi")}
    works.submit("first", steps, displayName="Two steps", tags={"made": "here"})

    given = works.pages.get(f"{works.plant.scope}/smalt/pipelines/text?job=first").json()

    document = yaml.load(given["yaml"])
    assert given["kind"] == "job"
    assert list(document["jobs"]) == ["one", "two"]
    assert document["display_name"] == "Two steps"
    assert not {"name", "id", "status", "services", "properties"} & document.keys()
    assert document["jobs"]["one"]["component"] == "azureml:prepare:1"
    assert works.plant.scope not in given["yaml"]
    found = checked(works, given["yaml"])
    assert found["problems"] == []
    assert works.pages.put(f"{works.plant.scope}/jobs/again", json=found["body"]).status_code == 201


def test_data_of_a_job_that_is_given_back_is_named_as_people_write_it(works):
    body = {"properties": {"dataType": "uri_file", "dataUri": "azureml://datastores/workspaceblobstore/paths/t.csv"}}
    assert works.pages.put(f"{works.plant.scope}/data/table/versions/1", json=body).status_code == 201
    inputs = {"table": {"jobInputType": "uri_file", "uri": "azureml:table:1"}}
    answer = works.submit("reads", {"one": command("echo hi")}, inputs=inputs)
    assert answer.status_code == 201, answer.text

    given = works.pages.get(f"{works.plant.scope}/smalt/pipelines/text?job=reads").json()["yaml"]

    assert yaml.load(given)["inputs"]["table"]["path"] == "azureml:table:1"


def test_a_pipeline_component_is_given_back_as_text(works, prepare):
    works.component("whole", type="pipeline", jobs={"one": {"componentId": prepare, "inputs": {"rows": literal("7")}}})

    given = works.pages.get(f"{works.plant.scope}/smalt/pipelines/text?component=whole:1").json()

    assert given["kind"] == "component"
    assert yaml.load(given["yaml"])["jobs"]["one"]["component"] == "azureml:prepare:1"
    assert checked(works, given["yaml"], "component")["problems"] == []


@pytest.mark.parametrize("query", ["", "?job=a&component=b:1", "?component=prepare:1", "?job=alone"])
def test_text_is_given_of_one_pipeline_only(works, prepare, query):
    works.plant.submit("alone")

    assert works.pages.get(f"{works.plant.scope}/smalt/pipelines/text{query}").status_code == 400


def test_which_types_fit_is_the_rule_of_submission(works):
    types = works.pages.get(f"{works.plant.scope}/smalt/pipelines/types").json()["value"]

    assert "uri_folder" in types["uri_file"]
    assert "uri_file" not in types["uri_folder"]
    assert "string" in types["number"]
    assert "number" not in types["string"]
    assert "uri_file" not in types["number"]
    assert "integer" in types["literal"]
    assert "uri_file" not in types["literal"]
    assert set(types["any"]) == types.keys() - {"literal"}
