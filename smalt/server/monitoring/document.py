"""Monitors, their runs and what these found, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smalt.entities.schedule import MonitorSchedule
from smalt.kit import clock
from smalt.server.monitoring.store import AlertRecord, RunRecord, Value
from smalt.server.schedules import ScheduleRecord

Json = dict[str, Any]  # Any: JSON


def monitor_to_json(record: ScheduleRecord, last: RunRecord | None) -> Json:
    """A monitor, with its last run."""
    entity = record.entity()
    assert isinstance(entity, MonitorSchedule)
    target = entity.create_monitor.monitoring_target
    return {
        "name": record.name,
        "displayName": entity.display_name or record.name,
        "description": entity.description,
        "isEnabled": record.enabled,
        "nextRunTime": entity.next_run_time,
        "target": target.endpoint_deployment_id or target.model_id if target is not None else None,
        "signals": {
            name: {"type": str(signal.document()["type"]), "alertEnabled": signal.alert_enabled}
            for name, signal in (entity.create_monitor.monitoring_signals or {}).items()
        },
        "lastRun": None if last is None else run_to_json(last),
    }


def run_to_json(run: RunRecord) -> Json:
    """A run, with what its signals came to."""
    planned: Mapping[str, Any] = run.planned["signals"]
    running = {name: {"type": each["type"], "state": run.state.value} for name, each in planned.items()}
    return {
        "jobName": run.job,
        "scheduledTime": clock.to_text(run.fire_at),
        "readTime": None if run.read_at is None else clock.to_text(run.read_at),
        "state": run.state.value,
        "signals": {name: {**each, **run.found.get(name, {})} for name, each in running.items()},
    }


def value_to_json(value: Value) -> Json:
    """One value."""
    return {
        "signal": value.signal,
        "feature": value.feature,
        "metric": value.metric,
        "value": value.value,
        "threshold": value.threshold,
        "breached": value.breached,
    }


def alert_to_json(alert: AlertRecord) -> Json:
    """A message. What stands behind `?` of a webhook's address may be a secret."""
    return {
        "channel": alert.channel,
        "target": alert.target.partition("?")[0],
        "state": alert.state.value,
        "attempts": alert.attempts,
        "error": alert.error,
    }


def series_to_json(runs: Iterable[RunRecord], values: Iterable[Value]) -> list[Json]:
    """Values over time, the oldest first."""
    of_run: dict[str, list[Value]] = {}
    for value in values:
        of_run.setdefault(value.run_id, []).append(value)
    return [
        {"jobName": run.job, "scheduledTime": clock.to_text(run.fire_at), **value_to_json(value)}
        for run in sorted(runs, key=lambda each: (each.fire_at, each.id))
        for value in of_run.get(run.id, [])
    ]
