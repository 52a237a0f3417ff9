"""The components of Responsible AI, and dashboards by what their jobs tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smalt.errors import Unsupported
from smalt.runtime.responsible.step import parse
from smalt.server.responsible_ai import find_component

CONSTRUCTOR = "azureml://registries/azureml/components/rai_tabular_insight_constructor/versions/0.21.0"
NAMES = (
    "rai_tabular_insight_constructor rai_tabular_erroranalysis rai_tabular_explanation rai_tabular_counterfactual "
    "rai_tabular_causal rai_tabular_insight_gather rai_tabular_score_card"
).split()
INSIGHTS = "_azureml.responsibleai.rai_insights."


@pytest.mark.parametrize("name", NAMES)
def test_a_component_calls_its_step_with_options_that_it_knows(name):
    component = find_component(name)

    command = component.document()["command"].replace("$[[", "").replace("]]", "")
    words = [word.strip("'\"") for word in command.split()]
    options = words[2:]
    values = {"boolean": "true", "integer": "1", "number": "0.5"}
    kinds = {f"${{{{inputs.{port}}}}}": declared["type"] for port, declared in component.document()["inputs"].items()}
    given = parse([values.get(kinds.get(word, ""), word) for word in options])
    assert set(kinds) <= set(options)
    assert given.step


def test_a_component_has_its_older_name_as_well():
    assert find_component(f"microsoft_azureml_{NAMES[1]}").inputs == find_component(NAMES[1]).inputs


def test_components_for_images_and_texts_say_what_there_is():
    with pytest.raises(Unsupported, match=r"models of vision are not analysed.*rai_tabular_explanation"):
        find_component("rai_vision_insights")


def test_a_pipeline_takes_components_of_the_registry_as_they_are_written(room):
    inputs = {
        "title": {"jobInputType": "literal", "value": "Loans"},
        "task_type": {"jobInputType": "literal", "value": "classification"},
        "model_info": {"jobInputType": "literal", "value": "loans:1"},
        "train_dataset": {"jobInputType": "uri_folder", "uri": "https://example.com/train"},
        "test_dataset": {"jobInputType": "uri_folder", "uri": "https://example.com/test"},
        "target_column_name": {"jobInputType": "literal", "value": "paid"},
    }
    bound = {name: {key.replace("jobInputType", "job_input_type"): each for key, each in port.items()}
             for name, port in inputs.items()}  # fmt: skip
    step = {"type": "command", "componentId": CONSTRUCTOR, "inputs": bound}

    room.call("PUT", "/jobs/rai", {"properties": {"jobType": "Pipeline", "jobs": {"make": step}}}, status=201)

    assert room.call("GET", "/jobs/rai")["properties"]["jobs"]["make"]["componentId"].endswith("versions/0.21.0")


def a_run(room, name: str, **told: str) -> None:
    job = {"jobType": "Command", "command": "true", "environmentId": "azureml:AzureML-sklearn-1.5:1"}
    properties = {f"{INSIGHTS}{key}": value for key, value in told.items()}
    room.call("PUT", f"/jobs/{name}", {"properties": {**job, "properties": properties}}, status=201)


def test_a_dashboard_that_is_not_complete_is_not_shown(room):
    a_run(room, "gathers", type="gather", model_id="loans:1")

    assert room.call("GET", "/smalt/responsibleAiDashboards?model=loans:1")["value"] == []


def test_dashboards_of_the_pipeline_of_no_job_are_none(room):
    error = room.refused("GET", "/smalt/responsibleAiDashboards?job=nobody", status=404)

    assert "nobody" in json.dumps(error)


def test_every_script_of_the_steps_is_there():
    from smalt.runtime import responsible
    from smalt.runtime.responsible.step import STEPS

    folder = Path(responsible.__file__).parent

    assert all((folder / f"{file}.py").is_file() for file, _ in STEPS.values())
