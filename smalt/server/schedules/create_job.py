"""`create_job`: a schedule that submits a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.job.base import Job
from smalt.entities.kinds import canonical_type, entity_class
from smalt.entities.schedule import JobReference, JobSchedule, Schedule
from smalt.errors import ValidationFailed
from smalt.server.jobs import SCHEDULE_PROPERTY, JobService, Submission
from smalt.server.schedules import naming
from smalt.server.schedules.actions import Action
from smalt.server.schedules.naming import SCHEDULE_TIME
from smalt.server.schedules.occasion import Occasion
from smalt.server.schedules.store import ScheduleRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import expressions, references

_OWN_VALUES = ("creation_context.", "trigger.")
_NAME = "name"
_NOT_PINNED = frozenset({"name", "id", "status", "creation_context", "parent_job_name", "is_archived", "display_name"})

Document = dict[str, Any]  # Any: an entity as plain values


class CreateJob(Action):
    """Submits the job that a schedule describes.

    Args:
        jobs: The verbs of jobs.
        submission: Looks at jobs.
    """

    field = "create_job"
    permission = "workspaces/jobs/write"

    def __init__(self, jobs: JobService, submission: Submission) -> None:
        self._jobs = jobs
        self._submission = submission

    def pin(self, work: Work, workspace: WorkspaceRecord, schedule: Schedule, sample: Occasion | None) -> Document:
        """See `Action.pin`."""
        assert isinstance(schedule, JobSchedule)
        given = schedule.create_job
        whole = given.document() if isinstance(given, Job) else self._existing(work, workspace, given)
        definition = {key: value for key, value in whole.items() if key not in _NOT_PINNED}
        job = _parse(definition)  # whatever the occasion, it must be a job
        if sample is not None or not _waits_for_an_occasion(definition):
            if sample is not None:
                job = _parse(_filled_job(definition, sample, str(schedule.name)))
            self._submission.draft(work, workspace, str(schedule.name), job)
        return definition

    def start(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, occasion: Occasion) -> str:
        """See `Action.start`."""
        name = naming.name_of(self._jobs, work, workspace, record, occasion)
        job = _parse(_filled_job(record.definition, occasion, name))
        return self._jobs.put(work, workspace, name, naming.marked(job, record, occasion))[0].name

    def _existing(self, work: Work, workspace: WorkspaceRecord, given: JobReference | str) -> Document:
        reference = given if isinstance(given, str) else given.job
        source = self._jobs.get(work, workspace, references.parse_asset(reference, "jobs").name)
        document = source.entity().document()
        document["properties"] = {
            key: value for key, value in source.properties.items() if key not in {SCHEDULE_PROPERTY, SCHEDULE_TIME}
        }
        if isinstance(given, str):
            return document
        if given.type is not None and canonical_type("job", given.type) != source.kind:
            raise ValidationFailed(
                f"create_job says type {given.type!r}, but the job {source.name!r} is of type {source.kind!r}. "
                f"Write 'type: {source.kind}'.",
                target="create_job.type",
            )
        changes = {key: value for key, value in given.document().items() if key not in {"job", "type"}}
        merged: Document = _merged(document, changes)
        return merged


def _parse(definition: Mapping[str, Any]) -> Job:  # Any: an entity as plain values
    found = entity_class("job", definition.get("type")).parse(definition)
    assert isinstance(found, Job)
    return found


def _filled_job(definition: Mapping[str, Any], occasion: Occasion, name: str) -> Document:
    """The definition with the values of an occasion. The name of the job is known to its inputs and tags only.

    Elsewhere, as in the steps of a pipeline, `${{name}}` may mean another job.
    """
    values = occasion.all_values()
    return {
        key: _filled(item, {**values, _NAME: name} if key in {"inputs", "tags"} else values)
        for key, item in definition.items()
    }


def _filled(value: Any, values: Mapping[str, str]) -> Any:  # Any: JSON
    """The same with the expressions of the occasion replaced; those of the job itself stay."""
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if not isinstance(value, str):
        return value
    for expression in reversed(expressions.find(value)):
        if expression.name.startswith(_OWN_VALUES) or (expression.name == _NAME and _NAME in values):
            text = expressions.substitute(value[expression.start : expression.end], values)
            value = value[: expression.start] + text + value[expression.end :]
    return value


def _waits_for_an_occasion(value: Any) -> bool:  # Any: JSON
    if isinstance(value, dict | list):
        return any(_waits_for_an_occasion(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and any(each.name.startswith(_OWN_VALUES) for each in expressions.find(value))


def _merged(old: Any, new: Any) -> Any:  # Any: JSON
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _merged(old.get(key), item) for key, item in new.items()}
    return new
