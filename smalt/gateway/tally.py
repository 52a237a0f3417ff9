"""What is counted of each deployment, for the server's loop and for Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Any

BOUNDS_MS = (1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 250.0, 500.0, 1000.0, 2500.0,
             5000.0, 10000.0, 30000.0, 60000.0, 180000.0)  # fmt: skip
"""Upper bounds of the buckets that latencies are counted in."""


class Histogram:
    """Counts of values by their size."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_MS) + 1)
        self.total = 0.0

    def add(self, milliseconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS_MS, milliseconds)] += 1
        self.total += milliseconds

    def to_json(self) -> dict[str, Any]:
        """Bounds, counts and sum."""
        return {"bounds_ms": BOUNDS_MS, "counts": self.counts, "sum_ms": round(self.total, 3)}


class Tally:
    """The counters of one deployment; they only grow.

    Attributes:
        statuses: Answers by the status that the caller saw.
        model_statuses: Answers by the status that the scorer gave.
        refusals: Requests that the gateway did not hand on, or took back, by code.
        latency: From the whole head of a request to the end of its answer.
        overhead: The part of it that was not spent waiting for the scorer.
        copies: Mirrored requests: sent, and left out for want of room.
        captured: Records of the data collector: written, and lost for want of room.
        tokens: What answers say that they took.
    """

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.model_statuses: Counter[int] = Counter()
        self.refusals: Counter[str] = Counter()
        self.latency = Histogram()
        self.overhead = Histogram()
        self.copies: Counter[str] = Counter()
        self.captured: Counter[str] = Counter()
        self.tokens = 0
        self.bytes_in = 0
        self.bytes_out = 0

    def to_json(self) -> dict[str, Any]:
        """All counters; those of errors by class as well."""
        return {
            "requests": sum(self.statuses.values()),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "model_statuses": {str(status): count for status, count in sorted(self.model_statuses.items())},
            "model_errors": sum(count for status, count in self.model_statuses.items() if status >= 500),
            "refusals": dict(self.refusals),
            "latency": self.latency.to_json(),
            "overhead": self.overhead.to_json(),
            "copies": dict(self.copies),
            "captured": dict(self.captured),
            "tokens": self.tokens,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
        }
