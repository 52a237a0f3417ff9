"""A schedule as ARM shows it."""

from __future__ import annotations

from typing import Any

from smalt.kit import clock
from smalt.server.schedules.store import FireRecord, ScheduleRecord
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm import codec, envelope

_TYPE = "Microsoft.MachineLearningServices/workspaces/schedules"


def to_arm(workspace: WorkspaceRecord, record: ScheduleRecord) -> dict[str, Any]:  # Any: JSON
    """The resource."""
    properties = codec("schedules").to_arm(record.entity())["properties"]
    return envelope.resource(
        id=f"{workspace.scope}/schedules/{record.name}",
        name=record.name,
        type=_TYPE,
        properties=properties,
        created_at=record.created_at,
        created_by=record.created_by,
        created_by_type=record.created_by_type,
        modified_at=record.modified_at,
        modified_by=record.modified_by,
    )


def fire_to_json(fire: FireRecord, status: str | None) -> dict[str, Any]:  # Any: JSON
    """One time that a schedule fired, with the state of its job."""
    return {
        "scheduledTime": clock.to_text(fire.fire_at),
        "time": clock.to_text(fire.happened_at),
        "cause": fire.cause,
        "outcome": fire.outcome,
        "jobName": fire.job,
        "jobStatus": status,
        "reason": fire.reason,
    }
