"""Finds what has happened that a schedule waits for: new versions of assets, and ends of jobs.

Everything is found in the tables, so that nothing is lost with a process; events only say when to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from smalt.entities.trigger import AssetTrigger, EventTrigger, HappenedKind
from smalt.server.assets import AssetService, AssetVersion
from smalt.server.jobs import SCHEDULE_PROPERTY, JobRecord, JobService
from smalt.server.schedules.occasion import Occasion
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_KINDS = {
    "data": "data",
    "model": "models",
    HappenedKind.DATA_REGISTERED: "data",
    HappenedKind.MODEL_REGISTERED: "models",
}


Happenings = Callable[[Work, WorkspaceRecord, EventTrigger, datetime], Iterable[Occasion]]
"""What a slice above has to tell of since a moment, for triggers of one kind, the oldest first."""


class Watch:
    """Looks at what schedules wait for.

    Args:
        assets: Keeps assets.
        jobs: Keeps jobs.

    Attributes:
        above: Who tells of events of slices above, by their kind.
    """

    def __init__(self, assets: AssetService, jobs: JobService) -> None:
        self._assets = assets
        self._jobs = jobs
        self.above: dict[HappenedKind, Happenings] = {}

    def since(
        self, work: Work, workspace: WorkspaceRecord, trigger: AssetTrigger | EventTrigger, name: str, since: datetime
    ) -> Iterator[Occasion]:
        """What has happened since a moment, the oldest first.

        What the jobs of the schedule `name` do themselves is left out: it would fire for ever.
        """
        if isinstance(trigger, EventTrigger) and trigger.event is HappenedKind.JOB_FINISHED:
            for record in self._jobs.finished_since(work, workspace, since):
                if _fits(record, trigger) and record.properties.get(SCHEDULE_PROPERTY) != name:
                    yield _of_job(record)
            return
        if isinstance(trigger, EventTrigger) and trigger.event in self.above:
            yield from self.above[trigger.event](work, workspace, trigger, since)
            return
        kind, wanted = _wanted(trigger)
        for version in self._assets.made_since(work, workspace, kind, wanted, since):
            if _has(version.entity.tags, trigger.tags) and not self._is_own(work, workspace, version, name):
                yield _of_version(version)

    def sample(self, work: Work, workspace: WorkspaceRecord, trigger: AssetTrigger | EventTrigger) -> Occasion | None:
        """The last occasion there was, to try a schedule with; None when there has been none."""
        if isinstance(trigger, EventTrigger) and trigger.event not in _KINDS:
            return None
        kind, wanted = _wanted(trigger)
        page = self._assets.versions(work, workspace, kind, wanted, limit=1)
        return _of_version(page.items[0]) if page.items else None

    def _is_own(self, work: Work, workspace: WorkspaceRecord, version: AssetVersion, name: str) -> bool:
        """Whether a job of this schedule, or a step of one, has made a version."""
        maker = getattr(version.entity, "job_name", None)
        record = self._jobs.find(work, workspace, maker) if maker else None
        root = record if record is None or record.root == record.name else self._jobs.find(work, workspace, record.root)
        return root is not None and root.properties.get(SCHEDULE_PROPERTY) == name


def _wanted(trigger: AssetTrigger | EventTrigger) -> tuple[str, str | None]:
    """The kind of asset, and its name or None for any."""
    if isinstance(trigger, AssetTrigger):
        return _KINDS[trigger.asset_type], trigger.name
    return _KINDS[trigger.event], None


def _fits(record: JobRecord, trigger: EventTrigger) -> bool:
    return (
        (not trigger.status or record.status in trigger.status)
        and (trigger.job_type is None or record.kind == trigger.job_type.lower())
        and (trigger.experiment_name is None or record.experiment == trigger.experiment_name)
        and _has(record.tags, trigger.tags)
    )


def _has(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(tags.get(key) == value for key, value in wanted.items())


def _of_version(version: AssetVersion) -> Occasion:
    values = {
        "trigger.asset": f"azureml:{version.name}:{version.version}",
        "trigger.asset_name": version.name,
        "trigger.asset_version": version.version,
    }
    return Occasion(f"{version.kind}:{version.name}:{version.version}", version.stamp.created_at, values)


def _of_job(record: JobRecord) -> Occasion:
    assert record.ended_at is not None
    values = {"trigger.job": record.name, "trigger.status": record.status.value}
    return Occasion(f"job:{record.name}", record.ended_at, values)
