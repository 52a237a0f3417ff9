"""The counters as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable

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
        add("smalt_requests_total", "counter", "Requests by the status that the caller saw.",
            (f"smalt_requests_total{{{labels},{_labels(status=str(each))}}} {count}"
             for each, count in sorted(tally.statuses.items())))  # fmt: skip
        add("smalt_refusals_total", "counter", "Requests that the gateway refused, by code.",
            (f"smalt_refusals_total{{{labels},{_labels(code=each)}}} {count}"
             for each, count in sorted(tally.refusals.items())))  # fmt: skip
        add("smalt_model_answers_total", "counter", "Answers by the status that the scorer gave.",
            (f"smalt_model_answers_total{{{labels},{_labels(status=str(each))}}} {count}"
             for each, count in sorted(tally.model_statuses.items())))  # fmt: skip
        add("smalt_copies_total", "counter", "Mirrored requests.",
            (f"smalt_copies_total{{{labels},{_labels(result=each)}}} {count}"
             for each, count in sorted(tally.copies.items())))  # fmt: skip
        add("smalt_captured_total", "counter", "Records of the data collector.",
            (f"smalt_captured_total{{{labels},{_labels(result=each)}}} {count}"
             for each, count in sorted(tally.captured.items())))  # fmt: skip
        add("smalt_in_flight", "gauge", "Requests in the hands of workers.",
            [f"smalt_in_flight{{{labels}}} {len(pool.in_flight)}"])  # fmt: skip
        add(
            "smalt_queued", "gauge", "Requests that wait for a worker.", [f"smalt_queued{{{labels}}} {len(pool.queue)}"]
        )
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
