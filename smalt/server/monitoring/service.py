"""What can be asked of monitors. They are written, fired and deleted as the schedules they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from smalt.entities.trigger import EventTrigger
from smalt.errors import NotFound
from smalt.server.assets import DataLocator
from smalt.server.http import Page
from smalt.server.jobs import JobService
from smalt.server.monitoring import reading, store
from smalt.server.monitoring.create_monitor import CreateMonitor
from smalt.server.monitoring.store import AlertRecord, RunRecord, Value
from smalt.server.schedules import Occasion, ScheduleRecord, ScheduleService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

MOST_VALUES = 20_000


class MonitorService:
    """Looks at monitors.

    Args:
        schedules: Has them.
        jobs: Has their runs.
        locator: Finds what these wrote.
    """

    def __init__(self, schedules: ScheduleService, jobs: JobService, locator: DataLocator) -> None:
        self._schedules = schedules
        self._jobs = jobs
        self._locator = locator

    def page(
        self, work: Work, workspace: WorkspaceRecord, *, after: str | None, limit: int
    ) -> Page[tuple[ScheduleRecord, RunRecord | None]]:
        """Monitors by name, enabled or not, each with its last run."""
        found = self._schedules.page(
            work, workspace, enabled=None, after=after, limit=limit, action=CreateMonitor.field
        )
        return Page([(each, self._last(work, workspace, each.name)) for each in found.items], found.after)

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> tuple[ScheduleRecord, RunRecord | None]:
        """A monitor with its last run.

        Raises:
            NotFound: There is none of this name.
        """
        record = self._schedules.get(work, workspace, name)
        if record.action != CreateMonitor.field:
            raise NotFound(f"The schedule {name!r} is no monitor. See `smalt monitor list`.", target="name")
        return record, self._last(work, workspace, name)

    def runs(
        self, work: Work, workspace: WorkspaceRecord, name: str, *, before: tuple[datetime, str] | None, limit: int
    ) -> Page[RunRecord]:
        """Runs of a monitor, the newest first."""
        found = store.page(work.connection, workspace.id, name, before=before, limit=limit + 1)
        if len(found) <= limit:
            return Page(found)
        last = found[limit - 1]
        return Page(found[:limit], (last.fire_at, last.id))

    def run(self, work: Work, workspace: WorkspaceRecord, name: str, job: str) -> RunRecord:
        """The run of a monitor that is a job.

        Raises:
            NotFound: It is none.
        """
        found = store.find(work.connection, workspace.id, name, job)
        if found is None:
            raise NotFound(f"The monitor {name!r} has no run {job!r}. See `smalt monitor runs {name}`.", target="job")
        return found

    def values(self, work: Work, runs: Iterable[RunRecord], *, signal: str | None, feature: str | None) -> list[Value]:
        """What some runs found."""
        ids = [run.id for run in runs]
        return store.values_of(work.connection, ids, signal=signal, feature=feature, limit=MOST_VALUES)

    def alerts(self, work: Work, run: RunRecord) -> list[AlertRecord]:
        """Who was told of a run."""
        return store.alerts_of(work.connection, [run.id])

    def histogram(
        self, work: Work, workspace: WorkspaceRecord, run: RunRecord, signal: str, feature: str
    ) -> dict[str, Any]:  # Any: JSON
        """How a feature was distributed.

        Raises:
            NotFound: The run has not looked at it, or its files are gone.
        """
        planned = run.planned["signals"].get(signal)
        if planned is not None:
            uri = self._jobs.output_uri(work, workspace, run.job, planned["output"])
            found = reading.histogram(self._locator.locate(work, workspace, uri), feature)
            if found is not None:
                return found
        raise NotFound(f"The run {run.job!r} has no distribution of {feature!r} in the signal {signal!r}.")

    def breaches(
        self, work: Work, workspace: WorkspaceRecord, trigger: EventTrigger, since: datetime
    ) -> Iterator[Occasion]:
        """Breaches since a moment, for schedules that wait for them."""
        for run in store.breached_since(work.connection, workspace.id, since):
            signals = [name for name, each in run.found.items() if each["state"] == store.RunState.BREACHED.value]
            if trigger.monitor is not None and trigger.monitor.lower() != run.key:
                continue
            if trigger.signal is not None and trigger.signal not in signals:
                continue
            assert run.read_at is not None
            values = {
                "trigger.monitor": run.monitor,
                "trigger.job": run.job,
                "trigger.signals": ",".join(signals),
            }
            yield Occasion(f"monitor:{run.job}", run.read_at, values)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove everything of a workspace that is gone for good."""
        store.forget_workspace(work.connection, workspace_id)

    def _last(self, work: Work, workspace: WorkspaceRecord, name: str) -> RunRecord | None:
        return next(iter(store.page(work.connection, workspace.id, name, before=None, limit=1)), None)
