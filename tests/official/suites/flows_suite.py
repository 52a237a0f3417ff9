"""Flows as components of pipelines through the official SDK. Runs in the clients' environment."""

import json
import os
from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient, load_component, load_job
from azure.ai.ml.dsl import pipeline
from azure.identity import DefaultAzureCredential

FLOW = """\
$schema: https://azuremlschemas.azureedge.net/promptflow/latest/Flow.schema.json
inputs:
  text: {type: string, default: nothing}
outputs:
  said: {type: string, reference: "${shout.output}"}
nodes:
- name: shout
  type: python
  source: {type: code, path: shout.py}
  inputs: {text: "${inputs.text}", mark: "!"}
"""
TOOL = """\
import os

from promptflow.core import tool


@tool
def shout(text: str, mark: str) -> str:
    return text.upper() + mark + os.environ.get("ENDING", "")
"""
PIPELINE = """\
type: pipeline
compute: azureml:cpu-cluster
inputs:
  lines: {type: uri_file, path: ./lines.jsonl}
jobs:
  from_dag:
    type: parallel
    component: ./shout/flow.dag.yaml
    inputs: {data: "${{parent.inputs.lines}}", text: "${data.word}"}
    environment_variables: {ENDING: "?"}
  from_run:
    type: parallel
    component: ./run.yml
    inputs:
      data: ${{parent.inputs.lines}}
      run_outputs: ${{parent.jobs.from_dag.outputs.flow_outputs}}
      text: ${run.outputs.said}
"""
RUN = """\
$schema: https://azuremlschemas.azureedge.net/promptflow/latest/Run.schema.json
flow: ./shout
environment_variables: {ENDING: "."}
"""


@pytest.fixture(scope="module")
def ml() -> MLClient:
    return MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    flow = tmp_path / "shout"
    (flow / ".promptflow").mkdir(parents=True)
    (flow / ".promptflow" / "flow.tools.json").write_text("{}")
    (flow / "flow.dag.yaml").write_text(FLOW)
    (flow / "shout.py").write_text(TOOL)
    (tmp_path / "run.yml").write_text(RUN)
    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    (tmp_path / "lines.jsonl").write_text('{"word": "one"}\n{"word": "two"}\n')
    return tmp_path


def outputs(ml: MLClient, job, step: str, target: Path) -> list:
    """What the lines of a step said."""
    (child,) = [each for each in ml.jobs.list(parent_job_name=job.name) if each.display_name == step]
    ml.jobs.download(child.name, download_path=target / step, output_name="flow_outputs")
    (found,) = (target / step).rglob("flow_outputs/output.jsonl")
    return [json.loads(line)["said"] for line in found.read_text().splitlines()]


def test_flows_are_steps_of_a_pipeline(ml, folder, tmp_path):
    job = ml.jobs.create_or_update(load_job(folder / "pipeline.yml"))
    ml.jobs.stream(job.name)

    assert ml.jobs.get(job.name).status == "Completed"
    assert outputs(ml, job, "from_dag", tmp_path / "out") == ["ONE!?", "TWO!?"]
    assert outputs(ml, job, "from_run", tmp_path / "out") == ["ONE!?!.", "TWO!?!."]


def test_a_flow_is_a_component_that_functions_call(ml, folder, tmp_path):
    shout = load_component(folder / "shout" / "flow.dag.yaml")

    @pipeline
    def twice(lines):
        step = shout(data=lines, text="${data.word}")
        step.compute = "cpu-cluster"
        return {"said": step.outputs.flow_outputs}

    job = ml.jobs.create_or_update(twice(Input(type="uri_file", path=str(folder / "lines.jsonl"))))
    ml.jobs.stream(job.name)

    assert outputs(ml, job, "step", tmp_path / "out") == ["ONE!", "TWO!"]
