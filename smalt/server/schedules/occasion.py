"""One occasion on which a schedule fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a schedule fires, and when.

    Args:
        cause: Names the occasion; a schedule fires once for each.
        fire_at: The moment it fires for, which names its job.
        values: What `${{..}}` of this occasion stand for in the job.
    """

    cause: str
    fire_at: datetime
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The moment as it stands in the name of the job: `20260131T083000Z`."""
        return self.fire_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    def all_values(self) -> dict[str, str]:
        """The values, with the moment under the name that Azure has for it."""
        moment = self.fire_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"creation_context.trigger_time": moment, **self.values}


def at_time(moment: datetime) -> Occasion:
    """The occasion of a time."""
    return Occasion(f"time:{moment.astimezone(UTC).isoformat()}", moment)
