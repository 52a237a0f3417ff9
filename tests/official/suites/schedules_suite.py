"""Schedules through the official SDK. Runs in the clients' environment; nothing of smalt is imported here."""

from __future__ import annotations

import os
import uuid

import pytest
from azure.ai.ml import MLClient, command, load_job
from azure.ai.ml.constants import TimeZone
from azure.ai.ml.entities import CronTrigger, Environment, JobSchedule, RecurrencePattern, RecurrenceTrigger
from azure.ai.ml.entities._load_functions import load_schedule  # what `az ml schedule create` calls
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential

PIPELINE = """
type: pipeline
experiment_name: scheduled
compute: azureml:cpu-cluster
inputs:
  word: hello
jobs:
  a:
    type: command
    command: echo ${{inputs.word}}
    environment: azureml:plain@latest
    inputs:
      word: ${{parent.inputs.word}}
"""


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


@pytest.fixture
def name() -> str:
    return f"s{uuid.uuid4().hex[:10]}"


@pytest.fixture
def pipeline(tmp_path):
    path = tmp_path / "pipeline.yml"
    path.write_text(PIPELINE)
    return path


def test_a_schedule_lives_its_whole_life(ml, name, pipeline):
    trigger = RecurrenceTrigger(
        frequency="day",
        interval=1,
        schedule=RecurrencePattern(hours=[4, 10], minutes=[0, 30]),
        start_time="2022-07-10T10:00:00",
        time_zone=TimeZone.PACIFIC_STANDARD_TIME,
    )
    made = ml.schedules.begin_create_or_update(
        JobSchedule(name=name, trigger=trigger, create_job=load_job(pipeline), tags={"a": "b"})
    ).result()

    assert made.is_enabled
    assert made.provisioning_state == "Succeeded"
    found = ml.schedules.get(name)
    assert (found.trigger.frequency, found.trigger.time_zone) == ("day", "Pacific Standard Time")
    assert (found.trigger.schedule.hours, found.trigger.schedule.minutes) == ([4, 10], [0, 30])
    assert list(found.create_job.jobs) == ["a"]
    assert name in [each.name for each in ml.schedules.list()]

    job = ml.schedules.trigger(name).job_name
    ml.jobs.stream(job)
    assert ml.jobs.get(job).status == "Completed"
    assert name in ml.jobs.get(job).display_name

    with pytest.raises(HttpResponseError, match="Disable it"):
        ml.schedules.begin_delete(name).result()
    assert not ml.schedules.begin_disable(name).result().is_enabled
    assert name not in [each.name for each in ml.schedules.list()]
    assert ml.schedules.begin_enable(name).result().is_enabled
    ml.schedules.begin_disable(name).result()
    ml.schedules.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        ml.schedules.get(name)


def test_an_existing_command_job_is_scheduled_by_its_name(ml, name):
    job = ml.jobs.create_or_update(command(command="echo again", environment="plain@latest", compute="local"))
    trigger = CronTrigger(expression="15 10 * * 1", start_time="2022-07-10T10:00:00")

    made = ml.schedules.begin_create_or_update(JobSchedule(name=name, trigger=trigger, create_job=job.id)).result()
    fired = ml.schedules.trigger(name).job_name

    assert made.create_job.id == job.id
    ml.jobs.stream(fired)
    assert ml.jobs.get(fired).type == "command"
    assert not ml.schedules.begin_disable(name).result().is_enabled


def test_a_schedule_of_a_file_with_changes(ml, name, pipeline, tmp_path):
    path = tmp_path / "schedule.yml"
    path.write_text(
        f"name: {name}\ntrigger: {{type: cron, expression: '0 * * * *', time_zone: Pacific Standard Time}}\n"
        "create_job:\n  type: pipeline\n  job: ./pipeline.yml\n  inputs:\n    word: ${{name}}\n"
    )

    ml.schedules.begin_create_or_update(load_schedule(path)).result()
    job = ml.schedules.trigger(name).job_name

    ml.jobs.stream(job)
    assert ml.jobs.get(job).status == "Completed"
    ml.schedules.begin_disable(name).result()
