"""Traces: what an application did for one request, as a tree of spans. From MLflow's clients and from OpenTelemetry's.

Spans may come before the trace they belong to is announced, and in any number of requests; the trace is then made of
what its root span says until the client says more.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smalt.kit import clock
from smalt.server.http import Page
from smalt.server.tracking import access, experiment_store, limits, trace_store
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import DoesNotExist, InvalidParameter
from smalt.server.tracking.experiments import Experiments
from smalt.server.tracking.otlp import Span
from smalt.server.tracking.runs import Runs
from smalt.server.tracking.search import TRACES, parse_filter, parse_order
from smalt.server.tracking.trace_store import TraceRow
from smalt.server.work import Work

STATES = ("STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")
_PREFIX = "tr-"
_LONGEST_ID = 250
_LONGEST_LABEL = 8000
_LONGEST_PREVIEW = 10_000
_PREVIEW = 1000
_NAME = "mlflow.traceName"
_RUN = "mlflow.sourceRun"
_WHERE = {"mlflow.trace.spansLocation": "TRACKING_STORE"}
_ENDS = {0: "OK", 1: "OK", 2: "ERROR"}


@dataclass(frozen=True, slots=True)
class TraceInfo:
    """A trace as a client announces it."""

    trace_id: str
    experiment_id: str
    state: str
    started_at: int
    duration: int | None
    client_request_id: str
    request_preview: str
    response_preview: str
    tags: Mapping[str, str]
    metadata: Mapping[str, str]


class Traces:
    """The verbs of traces."""

    def __init__(self, experiments: Experiments, runs: Runs) -> None:
        self._experiments = experiments
        self._runs = runs

    def put(self, work: Work, workspace: Space, info: TraceInfo) -> dict[str, Any]:
        """Announce a trace, or say more about one."""
        if info.state not in STATES:
            raise limits.invalid("state", info.state, f"One of {', '.join(STATES)} is expected.")
        _check_labels(info.tags)
        _check_labels(info.metadata)
        values = {
            "state": info.state,
            "started_at": info.started_at,
            "duration": info.duration,
            "client_request_id": info.client_request_id[:_LONGEST_ID] or None,
            "request_preview": info.request_preview[:_LONGEST_PREVIEW] or None,
            "response_preview": info.response_preview[:_LONGEST_PREVIEW] or None,
        }
        if _NAME in info.tags:
            values["name"] = info.tags[_NAME]
        row = self._ensure(work, workspace, info.trace_id, info.experiment_id, started_at=info.started_at)
        trace_store.change(work.connection, row.id, **values)
        trace_store.put_labels(work.connection, row.id, "tag", info.tags)
        trace_store.put_labels(work.connection, row.id, "metadata", info.metadata)
        if _RUN in info.metadata:
            trace_store.put_labels(work.connection, row.id, "run", {info.metadata[_RUN]: ""})
        return self.info(work, workspace, info.trace_id)

    def put_spans(self, work: Work, workspace: Space, experiment_id: str, spans: Sequence[Span]) -> None:
        """Store spans, of one or of many traces."""
        by_trace: dict[str, list[Span]] = {}
        for span in spans:
            by_trace.setdefault(span.trace_id, []).append(span)
        for trace_id, found in by_trace.items():
            first = min(span.started_at_ns for span in found) // 1_000_000
            row = self._ensure(work, workspace, _PREFIX + trace_id, experiment_id, started_at=first)
            trace_store.put_spans(work.connection, row.id, row.experiment, found)
            root = next((span for span in found if span.parent_id is None), None)
            if root is not None and row.state == "IN_PROGRESS":
                trace_store.change(work.connection, row.id, **_told_by(root))

    def info(self, work: Work, workspace: Space, trace_id: str) -> dict[str, Any]:
        """A trace without its spans, as MLflow shows it."""
        return self._shown(work, [self._find(work, workspace, trace_id)])[0]

    def whole(self, work: Work, workspace: Space, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Traces with their spans, as MLflow shows them; those that are not there are left out."""
        access.check_space(work.actor, workspace)
        rows = trace_store.find(work.connection, workspace.id, trace_ids)
        for row in rows:
            access.check_owned(work.actor, row, row.trace_id)
        rows.sort(key=lambda row: trace_ids.index(row.trace_id))
        return [
            {
                "trace_info": info,
                "spans": [_span_shown(span) for span in trace_store.spans_of(work.connection, row.id)],
            }
            for row, info in zip(rows, self._shown(work, rows), strict=True)
        ]

    def infos(self, work: Work, workspace: Space, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Traces without their spans; those that are not there are left out."""
        return [whole["trace_info"] for whole in self.whole(work, workspace, trace_ids)]

    def search(
        self,
        work: Work,
        workspace: Space,
        *,
        experiment_ids: Sequence[str],
        filter_text: str,
        order_by: Sequence[str],
        offset: int,
        limit: int,
    ) -> Page[dict[str, Any]]:
        """Traces of some experiments."""
        access.check_space(work.actor, workspace)
        rows = trace_store.search(
            work.connection,
            experiment_store.numbers(work.connection, workspace.id, experiment_ids),
            clauses=parse_filter(filter_text, TRACES),
            orders=parse_order(order_by, TRACES),
            owner_job=access.owner(work.actor),
            offset=offset,
            limit=limit + 1,
        )
        return Page(self._shown(work, rows[:limit]), offset + limit if len(rows) > limit else None)

    def set_tag(self, work: Work, workspace: Space, trace_id: str, key: str, value: str) -> None:
        """Set a tag."""
        _check_labels({key: value})
        row = self._find(work, workspace, trace_id)
        trace_store.put_labels(work.connection, row.id, "tag", {key: value})
        if key == _NAME:
            trace_store.change(work.connection, row.id, name=value)

    def delete_tag(self, work: Work, workspace: Space, trace_id: str, key: str) -> None:
        """Take a tag away."""
        row = self._find(work, workspace, trace_id)
        if not trace_store.remove_label(work.connection, row.id, "tag", key):
            raise DoesNotExist(f"No tag '{key[:100]}' on trace '{trace_id[:100]}'. See its tags.")

    def link(self, work: Work, workspace: Space, trace_ids: Sequence[str], run_id: str) -> None:
        """Say that traces belong to a run."""
        self._runs.find(work, workspace, run_id)
        for trace_id in trace_ids:
            row = self._find(work, workspace, trace_id)
            trace_store.put_labels(work.connection, row.id, "run", {run_id: ""})

    def delete(
        self,
        work: Work,
        workspace: Space,
        experiment_id: str,
        *,
        trace_ids: Sequence[str],
        until: int | None,
        limit: int,
    ) -> int:
        """Delete traces of an experiment, by their ids or by when they began; how many there were."""
        experiment = self._experiments.find(work, workspace, experiment_id)
        if bool(trace_ids) == (until is not None):
            raise InvalidParameter("No traces are named. Send request_ids or max_timestamp_millis.")
        if until is not None:
            rows = trace_store.older(work.connection, experiment.id, until=until, limit=limit)
        else:
            found = trace_store.find(work.connection, workspace.id, trace_ids)
            rows = [row for row in found if row.experiment == experiment.id]
        for row in rows:
            access.check_owned(work.actor, row, row.trace_id)
        trace_store.remove(work.connection, [row.id for row in rows])
        return len(rows)

    def _find(self, work: Work, workspace: Space, trace_id: str) -> TraceRow:
        access.check_space(work.actor, workspace)
        rows = trace_store.find(work.connection, workspace.id, [trace_id])
        if not rows:
            raise DoesNotExist(f"Trace with ID '{trace_id[:100]}' not found. Find it with traces/search.")
        access.check_owned(work.actor, rows[0], trace_id)
        return rows[0]

    def _ensure(self, work: Work, workspace: Space, trace_id: str, experiment_id: str, *, started_at: int) -> TraceRow:
        if not 0 < len(trace_id) <= _LONGEST_ID or not trace_id.isprintable():
            raise limits.invalid("trace_id", trace_id[:50], f"1 to {_LONGEST_ID} printable characters are expected.")
        experiment = self._experiments.find(work, workspace, experiment_id)
        values = {
            "workspace_id": workspace.id,
            "trace_id": trace_id,
            "experiment": experiment.id,
            "state": "IN_PROGRESS",
            "started_at": started_at,
            "owner_job": access.owner(work.actor),
        }
        is_new = trace_store.add(work.connection, values)
        row = self._find(work, workspace, trace_id)
        if is_new:
            trace_store.put_labels(work.connection, row.id, "tag", _WHERE)
        return row

    def _shown(self, work: Work, rows: Sequence[TraceRow]) -> list[dict[str, Any]]:
        labels = trace_store.labels(work.connection, [row.id for row in rows])
        return [_info_shown(row, labels[row.id]) for row in rows]


def _told_by(root: Span) -> dict[str, Any]:
    """What a root span says of its trace."""
    values: dict[str, Any] = {"name": root.name, "started_at": root.started_at_ns // 1_000_000}
    for column, attribute in (("request_preview", "mlflow.spanInputs"), ("response_preview", "mlflow.spanOutputs")):
        given = root.attributes.get(attribute)
        if given is not None:
            values[column] = (given if isinstance(given, str) else json.dumps(given))[:_PREVIEW]
    if root.ended_at_ns is not None:
        values |= {
            "state": _ENDS.get(root.status, "OK"),
            "duration": max(root.ended_at_ns - root.started_at_ns, 0) // 1_000_000,
        }
    return values


def _check_labels(labels: Mapping[str, str]) -> None:
    for key, value in labels.items():
        limits.check_text("key", key, _LONGEST_ID)
        limits.check_text(key[:50], value, _LONGEST_LABEL)


def _info_shown(row: TraceRow, labels: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": row.shown_experiment}}
    tags = dict(labels.get("tag", {}))
    if row.name and _NAME not in tags:
        tags[_NAME] = row.name
    shown: dict[str, Any] = {
        "trace_id": row.trace_id,
        "trace_location": location,
        "request_time": clock.to_text(clock.from_millis(row.started_at)),
        "state": row.state,
        "trace_metadata": dict(labels.get("metadata", {})),
        "tags": tags,
        "assessments": [],
    }
    if row.duration is not None:
        shown["execution_duration"] = f"{row.duration // 1000}.{row.duration % 1000:03d}s"
    for name in ("client_request_id", "request_preview", "response_preview"):
        if (value := getattr(row, name)) is not None:
            shown[name] = value
    return shown


def _span_shown(span: Span) -> dict[str, Any]:
    """A span in the JSON of protobuf, which writes bytes in base64 and 64-bit numbers as text."""
    shown: dict[str, Any] = {
        "trace_id": _bytes(span.trace_id),
        "span_id": _bytes(span.span_id),
        "name": span.name,
        "kind": span.kind,
        "start_time_unix_nano": str(span.started_at_ns),
        "end_time_unix_nano": str(span.ended_at_ns or 0),
        "attributes": _attributes(span.attributes),
        "status": {"code": span.status, "message": span.status_message},
        "events": [
            {"name": each["name"], "time_unix_nano": str(each["at_ns"]), "attributes": _attributes(each["attributes"])}
            for each in span.events
        ],
        "links": [
            {
                "trace_id": _bytes(each["trace_id"]),
                "span_id": _bytes(each["span_id"]),
                "attributes": _attributes(each["attributes"]),
            }
            for each in span.links
        ],
    }
    if span.parent_id is not None:
        shown["parent_span_id"] = _bytes(span.parent_id)
    return shown


def _bytes(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:  # Any: JSON
    match value:
        case bool():
            return {"bool_value": value}
        case int():
            return {"int_value": str(value)}
        case float():
            return {"double_value": value}
        case str():
            return {"string_value": value}
        case list():
            return {"array_value": {"values": [_value(each) for each in value]}}
        case dict():
            return {"kvlist_value": {"values": _attributes(value)}}
        case _:
            return {}
