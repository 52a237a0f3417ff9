"""Schedules: what is done, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from smalt.entities.job.base import Job
from smalt.entities.schedule import JobReference, JobSchedule, Schedule
from smalt.errors import InvalidRequest
from smalt.sdk.operations.base import JsonObject, Operations, required_name
from smalt.sdk.pipelines.files import Files
from smalt.sdk.poller import Poller
from smalt.wire import references
from smalt.wire.arm import codec
from smalt.wire.yaml import Loaded, load_document

if TYPE_CHECKING:
    from smalt.sdk.operations.jobs import JobOperations
    from smalt.sdk.resolve import Resolver
    from smalt.sdk.room import Room


class ScheduleListViewType(StrEnum):
    """Which schedules a list shows."""

    ENABLED_ONLY = "EnabledOnly"
    DISABLED_ONLY = "DisabledOnly"
    ALL = "All"


@dataclass(frozen=True)
class ScheduleTriggerResult:
    """What a schedule did that was triggered by hand."""

    job_name: str
    schedule_action_type: str


class ScheduleOperations(Operations[Schedule]):
    """`client.schedules`.

    Args:
        room: The workspace.
        resolver: Brings what is local to the server.
        jobs: The jobs of the workspace.
    """

    kind = "schedules"

    def __init__(self, room: Room, resolver: Resolver, jobs: JobOperations) -> None:
        super().__init__(room)
        # What a schedule means by `@latest` is looked up whenever it fires.
        self._resolver = resolver.keeping_labels()
        self._jobs = jobs

    def list(
        self, *, list_view_type: str = ScheduleListViewType.ENABLED_ONLY, max_results: int | None = None
    ) -> Iterator[Schedule]:
        """Schedules: those that are enabled, unless others are asked for."""
        return self._list({"listViewType": str(list_view_type)}, max_results=max_results)

    def get(self, name: str) -> Schedule:
        """One schedule.

        Raises:
            NotFound: There is no such schedule.
        """
        return self._get(name)

    def begin_create_or_update(self, schedule: Schedule) -> Poller[Schedule]:
        """Write a schedule. Everything local of its job is brought to the server first."""
        name = required_name(schedule, "schedule")
        return self._begin_put(name, codec(self.kind).to_arm(self._resolved(schedule)))

    def begin_enable(self, name: str) -> Poller[Schedule]:
        """Let a schedule fire."""
        return self._switch(name, is_enabled=True)

    def begin_disable(self, name: str) -> Poller[Schedule]:
        """Let a schedule fire no more."""
        return self._switch(name, is_enabled=False)

    def begin_delete(self, name: str) -> Poller[None]:
        """Delete a schedule that is disabled; its jobs stay."""
        return self._begin("DELETE", self._path(name))

    def trigger(self, name: str) -> ScheduleTriggerResult:
        """Fire a schedule now, once, beside the times it has."""
        found = self._room.transport.json("POST", self._path(name, "trigger"), body={})
        return ScheduleTriggerResult(str(found["submissionId"]), str(found["scheduleActionType"]))

    def fires(self, name: str) -> Iterator[JsonObject]:
        """When a schedule fired and what came of it, the newest first."""
        return self._room.transport.items(self._path(name, "fires"))

    def _switch(self, name: str, *, is_enabled: bool) -> Poller[Schedule]:
        schedule = self.get(name).model_copy(update={"is_enabled": is_enabled})
        return self._begin_put(name, codec(self.kind).to_arm(schedule))

    def _resolved(self, schedule: Schedule) -> Schedule:
        if not isinstance(schedule, JobSchedule):
            return schedule
        here = Loaded(schedule, [], Path.cwd(), load_document(""))
        given = Files().schedule(schedule, here).create_job
        if isinstance(given, Job):
            problems = self._jobs.validate(given)
            if not problems.passed:
                raise problems.errors[0]
            return schedule.model_copy(update={"create_job": self._resolver.job(given)})
        if isinstance(given, JobReference):
            return schedule.model_copy(update={"create_job": given.model_copy(update={"job": self._job_id(given.job)})})
        return schedule.model_copy(update={"create_job": self._job_id(given)})

    def _job_id(self, text: str) -> str:
        reference = references.parse_asset(text, "jobs")
        if reference.kind not in (None, "jobs"):
            raise InvalidRequest(f"create_job {text!r} names no job. Write azureml:<job>, or a file.")
        return f"{self._room.path}/jobs/{reference.name}"
