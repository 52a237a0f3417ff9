"""The counters as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smalt.gateway.fleet import Fleet
from smalt.gateway.tally import BOUNDS_MS, Histogram


def render(fleet: Fleet, connections: int) -> str:
    """The text of `/metrics`."""
    families: dict[str, tuple[str, str, list[str]]] = {}

    def add(family: str, kind: str, what: str, lines: Iterable[str]) -> None:
        families.setdefault(family, (kind, what, []))[2].extend(lines)

    add("smalt_gateway_connections", "gauge", "Open connections of callers.",
        [f"smalt_gateway_connections {connections}"])  # fmt: skip
    add("smalt_gateway_table_version", "gauge", "Version of the table of endpoints.",
        [f"smalt_gateway_table_version {fleet.version}"])  # fmt: skip
    for entry, name, pool in fleet.pools():
        labels = _labels(workspace=entry.workspace, endpoint=entry.name, deployment=name)
        tally = pool.tally
        counters: tuple[tuple[str, str, str, Mapping[Any, int]], ...] = (
            ("smalt_requests_total", "status", "Requests by the status that the caller saw.", tally.statuses),
            ("smalt_refusals_total", "code", "Requests that the gateway refused, by code.", tally.refusals),
            ("smalt_model_answers_total", "status", "Answers by the scorer's own status.", tally.model_statuses),
            ("smalt_copies_total", "result", "Mirrored requests.", tally.copies),
            ("smalt_captured_total", "result", "Records of the data collector.", tally.captured),
        )
        for family, label, what, counts in counters:
            lines = [f"{family}{{{labels},{_labels(**{label: str(each)})}}} {counts[each]}" for each in sorted(counts)]
            add(family, "counter", what, lines)
        add("smalt_tokens_total", "counter", "Tokens that answers say they took.",
            [f"smalt_tokens_total{{{labels}}} {tally.tokens}"])  # fmt: skip
        add("smalt_in_flight", "gauge", "Requests in the hands of workers.",
            [f"smalt_in_flight{{{labels}}} {pool.scoring}"])  # fmt: skip
        add("smalt_queued", "gauge", "Requests that wait for a worker.", [f"smalt_queued{{{labels}}} {pool.waiting}"])
        add("smalt_capacity", "gauge", "Requests that all workers take at once.",
            [f"smalt_capacity{{{labels}}} {pool.capacity}"])  # fmt: skip
        add("smalt_request_seconds", "histogram", "From the head of a request to the end of its answer.",
            _histogram("smalt_request_seconds", labels, tally.latency))  # fmt: skip
        add("smalt_overhead_seconds", "histogram", "The part of it that was not spent waiting for the scorer.",
            _histogram("smalt_overhead_seconds", labels, tally.overhead))  # fmt: skip
    text = []
    for family, (kind, what, lines) in families.items():
        text += [f"# HELP {family} {what}", f"# TYPE {family} {kind}", *lines]
    return "\n".join(text) + "\n"


def _histogram(name: str, labels: str, histogram: Histogram) -> list[str]:
    lines, count = [], 0
    for bound, found in zip(BOUNDS_MS, histogram.counts, strict=False):
        count += found
        lines.append(f'{name}_bucket{{{labels},le="{bound / 1000:g}"}} {count}')
    count += histogram.counts[-1]
    lines.append(f'{name}_bucket{{{labels},le="+Inf"}} {count}')
    return [*lines, f"{name}_sum{{{labels}}} {histogram.total / 1000:.6f}", f"{name}_count{{{labels}}} {count}"]


def _labels(**values: str) -> str:
    def escaped(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    return ",".join(f'{name}="{escaped(value)}"' for name, value in values.items())
