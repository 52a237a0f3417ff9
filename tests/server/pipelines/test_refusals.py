"""Pipelines that are wrong are refused at submit, with every mistake and its place."""

from __future__ import annotations

from typing import Any

import pytest

from smalt.server import automl
from tests.server.pipelines.conftest import ENVIRONMENT, command, literal

PORT = {"outputs": {"o": {"type": "uri_folder"}}}


def mistakes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    return {detail["target"]: detail["message"] for detail in error.get("details") or [error]}


def test_everything_that_is_wrong_is_said_at_once(works):
    known = works.component(
        "train",
        command="train",
        inputs={"data": {"type": "uri_folder"}, "lr": {"type": "number", "min": "0", "max": "1"}},
        outputs={"model": {"type": "uri_folder"}},
    )
    steps = {
        "one": {"componentId": known, "inputs": {"lr": literal("7"), "data": literal("5")}},
        "two": {"componentId": f"{works.plant.scope}/components/nowhere/versions/3"},
        "three": {"componentId": known, "inputs": {"lr": literal("${{parent.inputs.nothing}}")}},
        "four": command("x", inputs={"i": literal("${{parent.jobs.five.outputs.o}}")}),
        "five": {"componentId": known, "inputs": {"data": literal("${{parent.jobs.one.outputs.weights}}")}},
    }

    found = mistakes(works.submit("p", steps))

    assert found["jobs.one.inputs.lr"] == "'lr' is 7.0 and must be at most 1.0."
    assert "takes uri_folder and is given the value '5'" in found["jobs.one.inputs.data"]
    assert "No component 'nowhere' version '3'" in found["jobs.two.component"]
    assert found["jobs.three.inputs.data"].startswith("The input 'data' (uri_folder) is required.")
    assert "has no input 'nothing'" in found["jobs.three.inputs.lr"]
    assert found["jobs.four.inputs.i"] == "The step 'five' has no output 'o'. Its outputs: model."
    assert found["jobs.five.inputs.data"] == "The step 'one' has no output 'weights'. Its outputs: model."
    assert works.pages.get(f"{works.plant.scope}/jobs/p").status_code == 404


def test_code_and_data_on_the_machine_of_the_caller_are_refused(works):
    here = {"type": "uri_folder", "path": "./data"}

    found = mistakes(works.submit("p", {"one": command("x", code="./src", inputs={"data": here})}))

    assert found["jobs.one.code"] == "'./src' is a path on your machine. Upload it: smalt job create does."
    assert "'./data' is a path on your machine" in found["jobs.one.inputs.data"]


def test_data_and_models_that_a_step_reads_by_name_are_there_when_it_is_submitted(works):
    def reads(kind: str, path: str) -> dict[str, Any]:
        return command("x ${{inputs.i}}", inputs={"i": {"job_input_type": kind, "uri": path}})

    steps = {
        "a": reads("uri_folder", "azureml:none:1"),
        "b": reads("mlflow_model", "azureml:none@latest"),
        "c": reads("uri_file", "azureml://datastores/nowhere/paths/x.csv"),
    }

    found = mistakes(works.submit("p", steps))

    assert found["jobs.a.inputs.i"].startswith("No data 'none' version '1' in")
    assert found["jobs.b.inputs.i"].startswith("No model 'none' with label 'latest' in")
    assert "nowhere" in found["jobs.c.inputs.i"]


def test_data_that_a_step_registers_need_not_be_there_for_another_that_reads_it_by_name(works):
    made = {"o": {"job_output_type": "uri_folder", "asset_name": "made", "asset_version": "1"}}
    reads = {"i": {"job_input_type": "uri_folder", "uri": "azureml:made:1"}}
    steps = {"make": command("x", outputs=made), "read": command("x", inputs=reads)}

    assert works.submit("p", steps).status_code < 300


def test_a_command_may_name_what_is_searched_and_what_is_left_out(works):
    trial = {"command": "x ${{inputs.rate}}", "environment": ENVIRONMENT}
    searched = {
        "type": "sweep",
        "trial": trial,
        "sampling_algorithm": "random",
        "objective": {"goal": "maximize", "primary_metric": "m"},
        "search_space": {"rate": {"type": "uniform", "min_value": 0, "max_value": 1}},
        "limits": {"max_total_trials": 1},
    }
    steps = {"search": searched, "run": command("x $[[--more ${{inputs.more}}]]", inputs={"more": None})}

    answer = works.submit("p", steps)

    assert "is not declared" not in answer.text


def test_steps_in_a_circle_are_named(works):
    def after(other: str) -> dict[str, Any]:
        return command("x", inputs={"i": literal(f"${{{{parent.jobs.{other}.outputs.o}}}}")}, **PORT)

    found = mistakes(works.submit("p", {"a": after("c"), "b": after("a"), "c": after("b")}))

    assert found["jobs"] == "Steps wait for each other in a circle: a -> b -> c -> a. Break it."


def test_two_steps_cannot_write_to_one_place(works):
    bound = {"o": {"type": "literal", "value": "${{parent.outputs.all}}"}}
    steps = {"a": command("x", outputs=bound), "b": command("x", outputs=bound)}

    found = mistakes(works.submit("p", steps, outputs={"all": {"jobOutputType": "uri_folder"}}))

    assert "is written by a.o already" in found["jobs.b.outputs.o"]


@pytest.mark.parametrize(
    ("steps", "place", "words"),
    [
        ({}, "jobs", "at least one step"),
        ({"a": {"type": "command"}}, "jobs.a.component", "names nothing to run"),
        ({"a": command("x", environment="azureml:none:1")}, "jobs.a.environment", "No environment 'none'"),
        ({"a": command("x", compute="azureml:none")}, "jobs.a.compute", "No compute 'none'"),
        ({"a": command("x ${{inputs.i}}")}, "jobs.a.command", "${{inputs.i}} is not declared"),
        ({"a": {"type": "spark", "entry": {"file": "a.py"}}}, "jobs.a.type", "need a Spark cluster"),
        ({"a": command("x", outputs={"o": "${{parent.outputs.z}}"})}, "jobs.a.outputs.o", "has no output 'z'"),
        ({"a": {"type": "if_else", "condition": "maybe"}}, "jobs.a.condition", "'maybe' is not a boolean"),
        ({"a": {"type": "do_while", "body": "${{parent.jobs.b}}"}}, "jobs.a.body", "no step 'b'"),
        ({"a": {"type": "parallel_for", "body": "a", "items": "{"}}, "jobs.a.items", "no JSON list"),
    ],
)
def test_each_mistake_has_its_place(works, steps, place, words):
    found = mistakes(works.submit("p", steps))

    assert words in found[place]


def test_mistakes_inside_a_pipeline_component_have_their_whole_place(works):
    inner = works.component("inner", type="pipeline", jobs={"a": command("x", inputs={"i": "${{parent.inputs.q}}"})})

    found = mistakes(works.submit("p", {"nested": {"type": "pipeline", "componentId": inner}}))

    assert "has no input 'q'" in found["jobs.nested.jobs.a.inputs.i"]


def test_a_file_may_stand_where_a_folder_is_declared_but_not_the_other_way(works):
    taker = works.component("taker", command="x", inputs={"f": {"type": "uri_folder"}, "g": {"type": "uri_file"}})
    steps = {
        "make": command("x", outputs={"file": {"type": "uri_file"}, "folder": {"type": "uri_folder"}}),
        "take": {
            "componentId": taker,
            "inputs": {
                "f": literal("${{parent.jobs.make.outputs.file}}"),
                "g": literal("${{parent.jobs.make.outputs.folder}}"),
            },
        },
    }

    found = mistakes(works.submit("p", steps))

    assert list(found) == ["jobs.take.inputs.g"]


def test_a_step_that_its_kind_can_never_honour_is_refused_before_anything_runs(works):
    plant = works.plant
    plant.kinds["automl"] = automl.AutoMLKind(plant.children, plant.service, plant.pinner, plant.tracking)
    table = {"type": "mltable", "path": "${{parent.inputs.table}}"}
    step = {"type": "automl", "task": "image_classification", "target_column_name": "y", "training_data": table}
    inputs = {"table": {"jobInputType": "mltable", "uri": "azureml:t:1"}}

    found = mistakes(works.submit("p", {"vision": step}, inputs=inputs))

    assert "needs PyTorch" in found["jobs.vision.task"]


def test_settings_that_no_job_could_have_are_refused_before_anything_runs(works):
    known = works.component("known", command="x")
    rows = works.component(
        "rows",
        type="parallel",
        inputs={"data": {"type": "uri_folder"}},
        outputs={"o": {"type": "uri_file"}},
        input_data="${{inputs.other}}",
        mini_batch_size="-2",
        task={"type": "run_function", "entry_script": "x.py", "environment": ENVIRONMENT},
    )
    steps = {
        "a": {"componentId": known, "limits": {"timeout": "long"}, "retry_settings": {"max_retries": "many"}},
        "b": {"componentId": known, "distribution": {"type": "nothing"}},
        "c": {
            "type": "parallel",
            "componentId": rows,
            "inputs": {"data": {"type": "uri_folder", "path": "azureml:d:1"}},
        },
        "d": {"componentId": known, "limits": {"timeout": "${{parent.inputs.most}}"}},
    }

    found = mistakes(works.submit("p", steps, inputs={"most": {"jobInputType": "literal", "value": "60"}}))

    assert set(found) == {
        "jobs.a.limits.timeout",
        "jobs.a.retry_settings.max_retries",
        "jobs.b.distribution",
        "jobs.c.inputs.data",  # There is no such data.
        "jobs.c.input_data",
        "jobs.c.mini_batch_size",
    }
    assert found["jobs.a.retry_settings.max_retries"] == "max_retries is 'many'. Write a whole number, 0 or more."
    assert "is no data input of this job. It has: data." in found["jobs.c.input_data"]
