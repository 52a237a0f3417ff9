"""Flows as components, as the official client registers and names them."""

from __future__ import annotations

from smalt.entities.component import Component
from smalt.entities.flow_component import told
from smalt.entities.job.step import Step
from smalt.server.pipelines.flow_steps import as_flow
from smalt.wire.arm import codec

SPEC = {
    "name": "shout",
    "type": "promptflow_parallel",
    "code": "azureml:/subscriptions/s/codes/c/versions/1",
    "flow_file_name": "flow.dag.yaml",
    "column_mapping": {"text": "${data.old}", "more": "x"},
    "connections": {"llm": {"connection": "mine"}},
    "environment_variables": {"A": "1", "B": "1"},
    "variant": "${llm.v}",
}


def component(**more: object) -> Component:
    found = codec("components").from_arm({"properties": {"componentSpec": {**SPEC, **more}}}, name="shout", version="1")
    assert isinstance(found, Component)
    return found


def test_a_flow_has_the_ports_of_all_flows_and_is_told_as_parallel():
    found = component()

    assert found.inputs["data"].optional is False
    assert found.inputs["run_outputs"].optional is True
    assert sorted(found.outputs) == ["debug_info", "flow_outputs"]
    assert told(SPEC)["type"] == "parallel"
    assert told({"type": "command"}) == {"type": "command"}


def test_a_step_of_one_becomes_a_flow_step():
    step = Step.parse(
        {
            "type": "parallel",
            "component": "/x/components/shout/versions/1",
            "inputs": {"data": "${{parent.inputs.d}}", "text": "${data.word}", "connections.llm.model": "m"},
            "environment_variables": {"B": "2"},
            "mini_batch_size": "5",
            "compute": "c",
        }
    )

    flow, runs = as_flow(step, component())

    document = flow.document()
    assert (flow.type, runs.type, runs.code) == ("flow", "flow", SPEC["code"])
    assert document["inputs"] == {"data": "${{parent.inputs.d}}"}
    assert list(runs.inputs) == ["data"]
    assert document["column_mapping"] == {"text": "${data.word}", "more": "x"}
    assert document["connections"] == {"llm": {"connection": "mine", "model": "m"}}
    assert document["environment_variables"] == {"A": "1", "B": "2"}
    assert "mini_batch_size" not in document
    assert "entry_file" not in document


def test_outputs_of_another_run_are_its_input_run_and_another_file_is_named():
    step = Step.parse({"type": "parallel", "inputs": {"run_outputs": {"path": "azureml:x:1", "type": "uri_folder"}}})

    flow, runs = as_flow(step, component(flow_file_name="other.yaml"))

    assert list(flow.inputs) == list(runs.inputs) == ["run"]
    assert flow.document()["entry_file"] == "other.yaml"
