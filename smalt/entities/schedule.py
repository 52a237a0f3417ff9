"""Schedules: what is done, and the trigger that has it done."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo

from smalt.entities.base import Entity, Named, validation_failed
from smalt.entities.job.base import Job
from smalt.entities.kinds import entity_class
from smalt.entities.monitor.definition import MonitorDefinition
from smalt.entities.text import Text, match_enum
from smalt.entities.trigger import TriggerField
from smalt.errors import InvalidRequest, ValidationFailed


class MissedRuns(StrEnum):
    """What becomes of the times at which no server was up."""

    ONCE = "once"
    SKIP = "skip"
    ALL = "all"


class Schedule(Named):
    """A schedule of any kind.

    Args:
        is_enabled: Whether it fires.
        missed_runs: What is done after a downtime: one run for all missed times, none, or one for each of them, the
            newest hundred at most.
        provisioning_state: Written by the server only.
        next_run_time: When it fires next; written by the server only.
    """

    action: ClassVar[str]
    """The field that says what is done; it names the kind of the schedule."""

    display_name: Text | None = None
    trigger: TriggerField | None = None
    is_enabled: bool | None = None
    missed_runs: Annotated[MissedRuns, BeforeValidator(lambda value: match_enum(value, MissedRuns))] = MissedRuns.ONCE
    provisioning_state: Text | None = None
    next_run_time: Text | None = None


class JobReference(Entity):
    """A job that exists already (or a file that describes one), with some of its fields written anew."""

    keeps_any_field = True

    type: Text | None = None
    job: Text = Field(min_length=1)


def _create_job(value: Any, info: ValidationInfo) -> Any:  # Any: raw input of a validator
    if not isinstance(value, dict):
        return value
    try:
        if "job" in value:
            return _reference(value, info)
        given = value.get("type") or ("pipeline" if "jobs" in value else "sweep" if "trial" in value else None)
        return entity_class("job", given if given is None else str(given)).model_validate(value, context=info.context)
    except ValidationError as error:
        raise _inside(validation_failed(error)) from None
    except ValidationFailed as error:
        raise _inside(error) from None


class _Holder(Entity):
    """One value on its own."""

    value: Any = None  # Any: a field of a job


def _reference(value: dict[str, Any], info: ValidationInfo) -> JobReference:  # Any: raw input of a validator
    """A reference whose changes are fields that such a job can have, each read as the job would read it."""
    found = JobReference.model_validate(value, context=info.context)
    # Until the job is found, one whose type is not said is taken for any.
    model = entity_class("job", found.type) if found.type is not None else Job
    blank = model.model_construct()
    changes = {}
    for name, given in (found.model_extra or {}).items():
        if name in model.model_fields:
            model.__pydantic_validator__.validate_assignment(blank, name, given, context=info.context)
            given = _Holder(value=getattr(blank, name)).document().get("value")
        changes[name] = given
    return JobReference.model_construct(type=found.type, job=found.job, **changes)


def _inside(error: ValidationFailed) -> ValidationFailed:
    details = [
        InvalidRequest(each.message, target=".".join(filter(None, ("create_job", each.target))))
        for each in error.details or (error,)
    ]
    return ValidationFailed(error.message, details=details, target=details[0].target)


class JobSchedule(Schedule):
    """Submits a job.

    `create_job` is a job written here, the name of a file with one, or a reference to one that was submitted.
    """

    action = "create_job"

    create_job: Annotated[Job | JobReference | str, BeforeValidator(_create_job)]


class MonitorSchedule(Schedule):
    """Monitors a deployment or a model."""

    action = "create_monitor"

    create_monitor: MonitorDefinition


class ImportDataSchedule(Schedule):
    """Imports data from a database or a file system. `import_data` is the import or a file with it."""

    action = "import_data"

    import_data: str | dict[str, Any]  # Any: kept as given
