"""`create_monitor`: a schedule that measures signals, each time as a pipeline of ordinary jobs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from smalt.entities.component import ANONYMOUS_COMPONENT, Component
from smalt.entities.monitor.definition import AlertNotification, MonitorDefinition
from smalt.entities.schedule import MonitorSchedule, Schedule
from smalt.errors import NotFound, ValidationFailed
from smalt.kit import ids
from smalt.server.assets import AssetService
from smalt.server.compute import ComputeService
from smalt.server.connections import ConnectionService
from smalt.server.jobs import JobService, Submission
from smalt.server.monitoring import store
from smalt.server.monitoring.completion import Collected, completed
from smalt.server.monitoring.events import MonitorChanged
from smalt.server.monitoring.plan import Measured, connection_name, deployment_of, model_of, plan, with_components
from smalt.server.monitoring.store import RunRecord, RunState
from smalt.server.schedules import Action, Occasion, ScheduleRecord, marked, name_of
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

Document = dict[str, Any]  # Any: an entity as plain values
CollectedBy = Callable[[Work, WorkspaceRecord, str, str], Collected | None]
"""What a deployment of an endpoint collects; None when there is no such deployment."""


class CreateMonitor(Action):
    """Measures signals.

    Args:
        jobs: The verbs of jobs.
        submission: Looks at jobs.
        collected: Knows what deployments collect.
        assets: Knows models.
        computes: Knows computes.
        connections: Knows connections.
    """

    field = "create_monitor"
    permission = "workspaces/jobs/write"

    def __init__(
        self,
        jobs: JobService,
        submission: Submission,
        *,
        collected: CollectedBy,
        assets: AssetService,
        computes: ComputeService,
        connections: ConnectionService,
    ) -> None:
        self._jobs = jobs
        self._submission = submission
        self._collected = collected
        self._assets = assets
        self._computes = computes
        self._connections = connections

    def completed(self, work: Work, workspace: WorkspaceRecord, schedule: Schedule) -> Schedule:
        """See `Action.completed`."""
        assert isinstance(schedule, MonitorSchedule)
        definition = schedule.create_monitor
        collected = self._target(work, workspace, definition)
        whole = completed(definition, schedule.trigger, collected)
        self._check_notified(work, workspace, whole)
        return schedule.model_copy(update={"create_monitor": whole})

    def pin(self, work: Work, workspace: WorkspaceRecord, schedule: Schedule, sample: Occasion | None) -> Document:
        """See `Action.pin`. The pipeline of a run is tried on, so that what is wrong is told now."""
        assert isinstance(schedule, MonitorSchedule)
        definition = schedule.create_monitor
        job, _ = plan(
            definition, monitor=str(schedule.name), at=work.now, compute=self._compute(work, workspace, definition)
        )
        self._submission.draft(work, workspace, str(schedule.name), job)
        return definition.document()

    def start(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, occasion: Occasion) -> str:
        """See `Action.start`. That a run was begun stands in the tables with the job, in one transaction."""
        definition = MonitorDefinition.parse(record.definition)
        compute = self._compute(work, workspace, definition)
        job, signals = plan(definition, monitor=record.name, at=occasion.fire_at, compute=compute)
        job = with_components(job, lambda document: self._registered(work, workspace, document))
        name = name_of(self._jobs, work, workspace, record, occasion)
        submitted = self._jobs.put(work, workspace, name, marked(job, record, occasion))[0].name
        run = RunRecord(
            id=ids.opaque(),
            workspace_id=workspace.id,
            monitor=record.name,
            key=record.key,
            job=submitted,
            fire_at=occasion.fire_at,
            state=RunState.RUNNING,
            read_at=None,
            planned=_planned(definition, signals),
            found={},
        )
        store.add_run(work.connection, run)
        work.publish(MonitorChanged(workspace.id, record.name))
        return submitted

    def _registered(self, work: Work, workspace: WorkspaceRecord, document: Document) -> str:
        """The id of a component that only monitors know; the same content always has the same one."""
        version = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]
        entity = Component.parse({**document, "is_anonymous": True})
        return self._assets.put(work, workspace, "components", ANONYMOUS_COMPONENT, version, entity)[0].id

    def _target(self, work: Work, workspace: WorkspaceRecord, definition: MonitorDefinition) -> Collected:
        """What the deployment that is monitored collects.

        Raises:
            ValidationFailed: The target is not there, and data is to come from it.
        """
        target = definition.monitoring_target
        if target is None:
            return {}
        if target.model_id is not None:
            try:
                self._assets.resolve(work, workspace, "models", model_of(target.model_id))
            except NotFound as error:
                raise ValidationFailed(error.message, target="create_monitor.monitoring_target.model_id") from None
        if target.endpoint_deployment_id is None:
            return {}
        place = deployment_of(target.endpoint_deployment_id)
        found = None if place is None else self._collected(work, workspace, *place)
        if found is None:
            raise ValidationFailed(
                f"There is no deployment {target.endpoint_deployment_id!r}. Write azureml:<endpoint>:<deployment>; see "
                "`smalt online-deployment list`.",
                target="create_monitor.monitoring_target.endpoint_deployment_id",
            )
        return found

    def _compute(self, work: Work, workspace: WorkspaceRecord, definition: MonitorDefinition) -> str | None:
        """The compute of the workspace that `instance_type` names; sizes of Azure name none."""
        name = definition.compute.instance_type
        if name is None or self._computes.find(work, workspace, name) is None:
            return None
        return name

    def _check_notified(self, work: Work, workspace: WorkspaceRecord, definition: MonitorDefinition) -> None:
        """Refuse webhooks whose connection is not there, or not the caller's to use."""
        told = definition.alert_notification
        hooks = told.webhooks if isinstance(told, AlertNotification) else []
        for hook in hooks:
            if "://" in hook and not hook.startswith("https://"):
                raise ValidationFailed(
                    f"The webhook {hook.partition('?')[0][:80]!r} is not encrypted. Give an https:// address, or the "
                    "name of a connection.",
                    target="create_monitor.alert_notification.webhooks",
                )
        names = {connection_name(hook) for hook in hooks if "://" not in hook}
        missing = names - set(self._connections.named(work, workspace, names))
        if missing:
            raise ValidationFailed(
                f"A webhook names {', '.join(sorted(missing))}, and there is no such connection in {workspace.name!r}. "
                "See `smalt connection list`.",
                target="create_monitor.alert_notification.webhooks",
            )


def _planned(definition: MonitorDefinition, signals: list[Measured]) -> Document:
    told = definition.alert_notification
    return {
        "signals": {
            each.name: {"type": each.type, "step": each.step, "output": each.output, "alert": each.alert}
            for each in signals
        },
        "notify": told.document() if isinstance(told, AlertNotification) else {},
    }
