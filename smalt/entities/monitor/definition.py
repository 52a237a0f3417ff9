"""What a monitor looks at, and whom it tells."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity
from smalt.entities.monitor.signals import Signal
from smalt.entities.text import Text, match_enum, normal_form

AZMONITORING = "azmonitoring"
RUNTIME = "3.4"
_EMAIL = re.compile(r"[^@\s,<>\"]+@[^@\s,<>\"]+")


class MonitorTargetTasks(StrEnum):
    """What a model is for."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    QUESTION_ANSWERING = "question_answering"


class ServerlessSparkCompute(Entity):
    """Where a monitor runs: `instance_type` names a compute of the workspace; sizes of Azure mean the default one."""

    compute_type: Text | None = None
    runtime_version: Text = RUNTIME
    instance_type: Text | None = None


class MonitoringTarget(Entity):
    """The deployment (`azureml:endpoint:deployment`) or the model that is monitored."""

    ml_task: Annotated[
        MonitorTargetTasks | None, BeforeValidator(lambda value: match_enum(value, MonitorTargetTasks))
    ] = None
    endpoint_deployment_id: Text | None = None
    model_id: Text | None = None


def _address(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, str) and not _EMAIL.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is no e-mail address. Write name@example.com.")
    return value


class AlertNotification(Entity):
    """Who is told of breaches, and of runs that fail.

    Args:
        webhooks: Ours: addresses that a message is sent to, or names of connections with one as their target, whose
            key is sent along.
    """

    emails: list[Annotated[str, BeforeValidator(_address)]] = Field(default_factory=list)
    webhooks: list[Text] = Field(default_factory=list)


def _compute(value: Any) -> Any:  # Any: raw input of a validator
    """A compute by its name is ours; the official clients know one by its size only."""
    return {"instance_type": value.removeprefix("azureml:")} if isinstance(value, str) else value


def _notification(value: Any) -> Any:  # Any: raw input of a validator
    return AZMONITORING if isinstance(value, str) and normal_form(value) == AZMONITORING else value


class MonitorDefinition(Entity):
    """What a monitor looks at, and whom it tells."""

    compute: Annotated[ServerlessSparkCompute, BeforeValidator(_compute)] = Field(
        default_factory=ServerlessSparkCompute
    )
    monitoring_target: MonitoringTarget | None = None
    monitoring_signals: dict[str, Signal] | None = None
    alert_notification: Annotated[
        Literal["azmonitoring"] | AlertNotification | None, BeforeValidator(_notification)
    ] = None
