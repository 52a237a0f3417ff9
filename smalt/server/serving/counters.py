"""What the gateway has counted of deployments, and what of that has come since an earlier look. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

Key = tuple[str, str, str]
"""Workspace, endpoint and deployment, as addresses and the gateway call them."""

_MODEL_FAILED, _TIMED_OUT = 424, 408


@dataclass(frozen=True, slots=True)
class Counters:
    """Of one deployment. The counts only grow, until the gateway starts anew.

    Args:
        in_flight: Requests that are being answered.
        queued: Requests that wait for a place.
        capacity: Places.
        idle_seconds: Since the last request.
        requests: How many there were.
        errors: How many of them failed for a reason that is not the caller's.
        bounds_ms: Upper bounds of the classes of latency.
        latencies: Requests in each, the last one for those above all bounds.
    """

    in_flight: int
    queued: int
    capacity: int
    idle_seconds: float | None
    requests: int
    errors: int
    bounds_ms: tuple[float, ...]
    latencies: tuple[int, ...]

    def since(self, earlier: Counters) -> Counters | None:
        """What has come since; None when the gateway has started anew in between."""
        if self.requests < earlier.requests or len(self.latencies) != len(earlier.latencies):
            return None
        return Counters(
            self.in_flight,
            self.queued,
            self.capacity,
            self.idle_seconds,
            self.requests - earlier.requests,
            self.errors - earlier.errors,
            self.bounds_ms,
            tuple(new - old for new, old in zip(self.latencies, earlier.latencies, strict=True)),
        )

    @property
    def in_use(self) -> float:
        """The part of the places that is taken."""
        return self.in_flight / self.capacity if self.capacity else 0.0

    @property
    def error_rate(self) -> float:
        """The part of the requests that failed."""
        return self.errors / self.requests if self.requests else 0.0

    def quantile_ms(self, part: float) -> float:
        """A latency that this part of the requests has kept: the upper bound of its class."""
        total = sum(self.latencies)
        for bound, count in zip(self.bounds_ms, accumulate(self.latencies), strict=False):
            if total and count >= part * total:
                return bound
        return float("inf") if total else 0.0


def read(stats: Mapping[str, Any]) -> tuple[dict[Key, Counters], set[Key]]:  # Any: JSON
    """Counters by deployment, and the deployments without an instance that requests wait for."""
    found = {_key(each): _counters(each) for each in stats.get("deployments", ())}
    return found, {_key(each) for each in stats.get("wanted", ())}


def _key(each: Mapping[str, Any]) -> Key:  # Any: JSON
    return str(each["workspace"]), str(each["endpoint"]), str(each["deployment"])


def _counters(each: Mapping[str, Any]) -> Counters:  # Any: JSON
    statuses = {int(status): int(count) for status, count in each.get("statuses", {}).items()}
    latency = each.get("latency", {})
    return Counters(
        in_flight=int(each.get("in_flight", 0)),
        queued=int(each.get("queued", 0)),
        capacity=int(each.get("capacity", 0)),
        idle_seconds=each.get("idle_seconds"),
        requests=sum(statuses.values()),
        errors=sum(count for status, count in statuses.items() if _is_error(status)),
        bounds_ms=tuple(latency.get("bounds_ms", ())),
        latencies=tuple(latency.get("counts", ())),
    )


def _is_error(status: int) -> bool:
    return status >= 500 or status in {_MODEL_FAILED, _TIMED_OUT}
