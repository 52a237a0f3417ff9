"""From a job to its workload: what is pure about it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from smalt.entities.job.command import CommandJob
from smalt.entities.job.inputs import data_inputs
from smalt.errors import InvalidRequest, Unsupported
from smalt.executors import Sampling
from smalt.server.assets import Location
from smalt.server.jobs import outputs, policy, workload

HERE = Location("azureml", "ExperimentRun/dcid.one", Path("/blobs"), "azureml://x")
BUCKET = Location("datastore-s3", "in", None, "azureml://y")
STRANGER = Location("", "", None, "https://elsewhere.example/data.csv")


class Setting:
    token = "secret"
    base_url = "http://127.0.0.1:8787"
    workspace = SimpleNamespace(scope="/subscriptions/s/workspaces/w")


def job(**fields):
    return CommandJob.parse({"command": "x", **fields})


@pytest.mark.parametrize(
    ("command", "inputs", "text"),
    [
        ("a ${{inputs.n}}", {"n": 3}, "a 3"),
        ("a ${{inputs.b}}", {"b": True}, "a True"),
        ("a '${{inputs.j}}'", {"j": '{"k": [1, 2]}'}, "a '{\"k\": [1, 2]}'"),
        ("a ${{inputs.d}}/x", {"d": {"path": "azureml:d:1"}}, "a {{smalt:input:d}}/x"),
        ("a $[[--o ${{inputs.o}}]] b", {}, "a  b"),
        ("one\ntwo && three\n", {}, "one\ntwo && three\n"),
        ("a ${{inputs.n}}", {"n": "${{inputs.m}}", "m": 1}, "a ${{inputs.m}}"),
    ],
)
def test_commands_are_filled(command, inputs, text):
    found = job(command=command, inputs=inputs)

    assert workload.command_text(found, known_inputs=data_inputs(found.inputs)) == text


def test_an_expression_without_a_value_is_refused_with_the_names_there_are():
    with pytest.raises(InvalidRequest, match=r"inputs\.b.*inputs\.a"):
        workload.command_text(job(command="${{inputs.b}}", inputs={"a": 1}), known_inputs=())


@pytest.mark.parametrize(
    ("output", "uri"),
    [
        ({}, "azureml://datastores/workspaceblobstore/paths/azureml/one/o/"),
        ({"type": "uri_file"}, "azureml://datastores/workspaceblobstore/paths/azureml/one/o/"),
        ({"path": "azureml://datastores/s/paths/${{name}}/${{output_name}}"}, "azureml://datastores/s/paths/one/o/"),
        ({"path": "azureml://datastores/s/paths/f.csv", "type": "uri_file"}, "azureml://datastores/s/paths/f.csv"),
        ({"path": "azureml://datastores/${{default_datastore}}/paths/p/"},
         "azureml://datastores/workspaceblobstore/paths/p/"),
    ],
)  # fmt: skip
def test_outputs_have_a_place(output, uri):
    found = job(outputs={"o": output}).outputs["o"]

    assert outputs.output_uri("one", "o", found) == uri


@pytest.mark.parametrize("name", ["artifacts", "default"])
def test_some_outputs_are_the_artifact_root(name):
    found = job(outputs={name: {}}).outputs[name]

    assert outputs.output_uri("one", name, found).endswith("/ExperimentRun/dcid.one/")


@pytest.mark.parametrize(
    ("asked", "interval"), [(None, 10), ("2.5", 2.5), ("0", 1), ("nan", 1), ("inf", 86400), ("often", 10)]
)
def test_system_metrics_go_to_the_server_that_gave_the_token_as_often_as_asked(asked, interval):
    own = {"MLFLOW_TRACKING_URI": "https://elsewhere.example"}
    if asked is not None:
        own["MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"] = asked

    found = workload.sampling(SimpleNamespace(name="one"), job(environment_variables=own), Setting())

    assert found == Sampling(
        "http://127.0.0.1:8787/mlflow/v2.0/subscriptions/s/workspaces/w/api/2.0/mlflow/runs/log-batch", "one", interval
    )


@pytest.mark.parametrize("switch", ["true", "false"])
def test_a_job_that_measures_itself_or_wants_no_measuring_is_not_measured(switch):
    own = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": switch}

    assert workload.sampling(SimpleNamespace(name="one"), job(environment_variables=own), Setting()) is None


def test_a_strict_server_refuses_what_would_be_lost():
    found = policy.remarks(
        job(resources={"instance_type": "Standard_NC6"}), machine=policy.Machine(cores=2, has_gpu=False)
    )

    policy.check(found, strict=False)
    with pytest.raises(Unsupported, match="Standard_NC6"):
        policy.check(found, strict=True)


@pytest.mark.parametrize(
    ("parts", "told"), [({"connections": ["one", "two"]}, "one,two"), ({"connections": []}, ""), (None, None)]
)
def test_a_job_is_told_which_connections_its_token_opens(parts, told):
    place = SimpleNamespace(scope="/w", subscription="s", group="g", name="w", id="i")
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    setting = SimpleNamespace(
        variables={}, workspace=place, experiment_id="1", base_url="", token="", token_expires_at=ends, flow_engine=None
    )
    record = SimpleNamespace(name="one", root="one", parent=None, experiment="e", pinned={"parts": parts})

    found = workload.variables(record, job(), SimpleNamespace(inputs={}), setting)

    assert found.get("SMALT_GIVEN_CONNECTIONS") == told
