"""Runs of flows, their lines and nodes as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from smalt.entities.flow import FlowRun
from smalt.kit import clock
from smalt.server.flows import results
from smalt.server.flows.results import RunFiles, tokens_of
from smalt.server.jobs import JobRecord
from smalt.wire import references
from smalt.wire.arm import flows as wire
from smalt.wire.references import JobOutput

Json = dict[str, Any]  # Any: JSON

FLOW, FLOW_ID, VERSION, TEST = "smalt.flow", "smalt.flow_id", "smalt.flow_version", "smalt.flow_test"
"""Properties of the jobs that are made of a flow; all but the id are tags as well."""

EVALUATES = "smalt.evaluates"
"""The property that names the run whose outputs were taken."""

_DEEPEST = 50
_MOST_SPANS = 2000


def run_to_json(record: JobRecord, files: RunFiles) -> Json:
    """A flow job as a run over lines."""
    document = record.document
    inputs = document.get("inputs") or {}
    tally = files.tally()
    version = record.properties.get(VERSION, "")
    found = FlowRun(
        job=record.name,
        flow=record.properties.get(FLOW),
        version=int(version) if version.isascii() and version.isdigit() else None,
        status=record.status.value,
        test=record.properties.get(TEST) == "true",
        display_name=record.display_name,
        variant=document.get("variant"),
        created_by=record.created_by,
        created_at=clock.to_text(record.created_at),
        started_at=_moment(record.started_at),
        ended_at=_moment(record.ended_at),
        data=_path(inputs, "data"),
        column_mapping=document.get("column_mapping") or {},
        lines={"total": files.total(), "completed": tally.completed, "failed": tally.failed},
        metrics=files.metrics(),
        tokens={"prompt": tally.prompt, "completion": tally.completion, "total": tally.total},
        cost=tally.cost,
        error=_error_of(record, files),
        evaluates=_evaluated(_path(inputs, "run")),
    )
    return wire.to_wire(found)


def _error_of(record: JobRecord, files: RunFiles) -> Json | None:
    if record.error is None:
        return None
    return files.error() or {"code": str(record.error.get("code")), "message": str(record.error.get("message"))}


def _path(inputs: Json, name: str) -> str | None:
    found = inputs.get(name)
    return found.get("path") if isinstance(found, dict) else None


def _evaluated(path: str | None) -> str | None:
    reference = references.parse(path) if path else None
    return reference.job if isinstance(reference, JobOutput) else None


def line_to_json(record: Json) -> Json:
    """A line."""
    run = record["run_info"]
    inputs = run.get("inputs")
    return {
        "line": record["line_number"],
        "status": record.get("status"),
        "inputs": {key: value for key, value in inputs.items() if key != "line_number"}
        if isinstance(inputs, dict)
        else {},
        "outputs": run.get("output"),
        "error": _failure(run.get("error")),
        "startedAt": run.get("start_time"),
        "seconds": _seconds(run),
        "tokens": _tokens(run),
    }


def line_details(record: Json, nodes: Sequence[Json], *, flow: str, log: str) -> Json:
    """A line with what happened in it."""
    return {
        **line_to_json(record),
        "nodes": [node_to_json(node) for node in nodes],
        "spans": list(_spans(record, nodes, flow)),
        "logs": log,
    }


def node_to_json(record: Json) -> Json:
    """A node of a line, or one that ran after all lines."""
    run = record["run_info"]
    tokens = _tokens(run)
    return {
        "node": record["NodeName"],
        "status": record.get("status"),
        "inputs": run.get("inputs"),
        "output": run.get("output"),
        "error": _failure(run.get("error")),
        "startedAt": run.get("start_time"),
        "seconds": _seconds(run),
        "tokens": tokens,
        "cost": results.cost_of(run.get("api_calls")) if tokens else None,
        "logs": _printed(run.get("logs")),
    }


def _printed(logs: Any) -> str:  # Any: JSON
    """What a node printed: its standard output, then its standard errors."""
    found = [logs.get(stream) for stream in ("stdout", "stderr")] if isinstance(logs, dict) else []
    return "".join(text for text in found if isinstance(text, str))


def _failure(error: Any) -> Json | None:  # Any: JSON
    if not isinstance(error, dict):
        return None
    inner = error.get("innerError")
    code = inner.get("code") if isinstance(inner, dict) else error.get("code")
    debug = error.get("debugInfo")
    trace = debug.get("stackTrace") if isinstance(debug, dict) else None
    return {"code": code, "message": error.get("message"), "traceback": trace or None}


def _seconds(run: Json) -> float | None:
    used = run.get("system_metrics")
    seconds = used.get("duration") if isinstance(used, dict) else None
    return round(seconds, 6) if isinstance(seconds, int | float) else None


def _tokens(run: Json) -> dict[str, int] | None:
    prompt, completion, total = tokens_of(run)
    return {"prompt": prompt, "completion": completion, "total": total} if total else None


def _spans(record: Json, nodes: Sequence[Json], flow: str) -> Iterator[Json]:
    """The line, its nodes, and what was called within them, each after what it is part of."""
    run = record["run_info"]
    left = _MOST_SPANS
    yield _span("line", None, flow, "Flow", run)
    for call in _calls(run.get("api_calls"), "line", "line", 0):
        if left := left - 1:
            yield call
    for index, node in enumerate(nodes):
        own = f"node-{index}"
        yield _span(own, "line", node["NodeName"], "Node", node["run_info"])
        for call in _calls(node["run_info"].get("api_calls"), own, own, 0):
            if not (left := max(left - 1, 0)):
                return
            yield call


def _span(own: str, parent: str | None, name: str, kind: str, run: Json) -> Json:
    return {
        "id": own,
        "parent": parent,
        "name": name,
        "kind": kind,
        "start": run.get("start_time"),
        "end": run.get("end_time"),
        "status": run.get("status"),
        "attributes": {},
        "inputs": run.get("inputs"),
        "output": run.get("output"),
        "tokens": _tokens(run),
    }


def _calls(calls: Any, parent: str, prefix: str, depth: int) -> Iterator[Json]:  # Any: JSON
    for index, call in enumerate(calls if isinstance(calls, list) and depth < _DEEPEST else ()):
        if not isinstance(call, dict):
            continue
        own = f"{prefix}.{index}"
        model = call.get("model")
        yield {
            "id": own,
            "parent": parent,
            "name": call.get("name"),
            "kind": call.get("type"),
            "start": _epoch(call.get("start_time")),
            "end": _epoch(call.get("end_time")),
            "status": "Failed" if call.get("error") else "Completed",
            "attributes": {"model": model} if model else {},
            "inputs": call.get("inputs"),
            "output": call.get("output"),
            "tokens": _tokens(call),
        }
        yield from _calls(call.get("children"), own, own, depth + 1)


def _epoch(seconds: Any) -> str | None:  # Any: JSON
    try:
        return clock.to_text(clock.from_millis(int(seconds * 1000)))
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else clock.to_text(moment)
