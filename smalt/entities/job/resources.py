"""What a job asks of its compute."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from smalt.entities.base import Entity
from smalt.entities.text import Text
from smalt.entities.warned import warn


class JobResources(Entity):
    """Machines, memory and container settings. `properties` may hold cpu and memory requests."""

    instance_count: int | None = None
    instance_type: Text | list[Text] | None = None
    shm_size: Text | None = None
    docker_args: Text | list[Text] | None = None
    locations: list[Text] | None = None
    max_instance_count: int | None = None
    properties: dict[str, Any] | None = None  # Any: kept as given
    cpu: Text | None = None
    memory: Text | None = None
    gpu: Text | None = None


def mapping_or_warn(value: Any, info: ValidationInfo) -> Any:  # Any: raw input of a validator
    """Take text in place of a mapping for a slip: warn, and go on without it."""
    if not isinstance(value, str):
        return value
    warn(info, str(info.field_name), f"{value!r} is text where a mapping belongs; it has no effect. Write key: value.")
    return None


ResourcesField = Annotated[JobResources | None, BeforeValidator(mapping_or_warn)]


class QueueSettings(Entity):
    """Tier and priority of a job that runs on shared machines."""

    job_tier: Text | None = None
    priority: Text | None = None
