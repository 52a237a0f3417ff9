"""Traces as MLflow's clients announce, search, tag and show them.

Spans may come before the trace they belong to is announced, and in any number of requests; the trace is then made of
what its root span says until the client says more.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smalt.kit import clock
from smalt.server.http import Page
from smalt.server.traces import assessments, mlflow_search, store
from smalt.server.traces.events import TracesStored
from smalt.server.traces.otlp import Span
from smalt.server.traces.service import TraceService
from smalt.server.traces.store import TraceRow
from smalt.server.tracking import (
    TRACES,
    DoesNotExist,
    InvalidParameter,
    Runs,
    Space,
    check_owned,
    check_text,
    invalid,
    owner,
    parse_filter,
    parse_order,
)
from smalt.server.work import Work

STATES = ("STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")
_OVER = frozenset({"OK", "ERROR"})
_LONGEST_ID = 250
_LONGEST_LABEL = 8000
_LONGEST_PREVIEW = 10_000
_NAME = "mlflow.traceName"
_RUN = "mlflow.sourceRun"
_SESSION = "mlflow.trace.session"
_WHERE = {"mlflow.trace.spansLocation": "TRACKING_STORE"}
"""A tag of every trace."""


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


class MlflowTraces:
    """The verbs of traces, in MLflow's words.

    Args:
        traces: Stores them.
        runs: Those that traces may belong to.
    """

    def __init__(self, traces: TraceService, runs: Runs) -> None:
        self._traces = traces
        self._experiments = traces.experiments
        self._runs = runs

    def put(self, work: Work, workspace: Space, info: TraceInfo) -> dict[str, Any]:
        """Announce a trace, or say more about one."""
        if info.state not in STATES:
            raise invalid("state", info.state, f"One of {', '.join(STATES)} is expected.")
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
        if info.state in _OVER:
            values["is_told"] = True
        if _NAME in info.tags:
            values["name"] = info.tags[_NAME]
        if _SESSION in info.metadata:
            values["session"] = info.metadata[_SESSION][:_LONGEST_ID]
        row = self._traces.open(work, workspace, info.experiment_id, {info.trace_id: info.started_at})[info.trace_id]
        store.change(work.connection, row.id, **values)
        store.put_labels(work.connection, row.id, "tag", info.tags)
        store.put_labels(work.connection, row.id, "metadata", info.metadata)
        if _RUN in info.metadata:
            store.put_labels(work.connection, row.id, "run", {info.metadata[_RUN]: ""})
        work.publish(TracesStored(workspace.id))
        return self.info(work, workspace, info.trace_id)

    def info(self, work: Work, workspace: Space, trace_id: str) -> dict[str, Any]:
        """A trace without its spans, as MLflow shows it."""
        return self._shown(work, [self.find(work, workspace, trace_id)])[0]

    def whole(self, work: Work, workspace: Space, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Traces with their spans, as MLflow shows them; those that are not there are left out."""
        rows = self._traces.rows(work, workspace, trace_ids)
        rows.sort(key=lambda row: trace_ids.index(row.trace_id))
        return [
            {
                "trace_info": info,
                "spans": [_span_shown(span) for span in store.spans_of(work.connection, row.id)],
            }
            for row, info in zip(rows, self._shown(work, rows), strict=True)
        ]

    def infos(self, work: Work, workspace: Space, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Traces without their spans; those that are not there are left out."""
        rows = self._traces.rows(work, workspace, trace_ids)
        rows.sort(key=lambda row: trace_ids.index(row.trace_id))
        return self._shown(work, rows)

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
        rows = mlflow_search.search(
            work.connection,
            self._experiments.numbers(work, workspace, experiment_ids),
            clauses=parse_filter(filter_text, TRACES),
            orders=parse_order(order_by, TRACES),
            owner_job=owner(work.actor),
            offset=offset,
            limit=limit + 1,
        )
        return Page(self._shown(work, rows[:limit]), offset + limit if len(rows) > limit else None)

    def set_tag(self, work: Work, workspace: Space, trace_id: str, key: str, value: str) -> None:
        """Set a tag."""
        _check_labels({key: value})
        row = self.find(work, workspace, trace_id)
        store.put_labels(work.connection, row.id, "tag", {key: value})
        if key == _NAME:
            store.change(work.connection, row.id, name=value)

    def delete_tag(self, work: Work, workspace: Space, trace_id: str, key: str) -> None:
        """Take a tag away."""
        row = self.find(work, workspace, trace_id)
        if not store.remove_label(work.connection, row.id, "tag", key):
            raise DoesNotExist(f"No tag '{key[:100]}' on trace '{trace_id[:100]}'. See its tags.")

    def link(self, work: Work, workspace: Space, trace_ids: Sequence[str], run_id: str) -> None:
        """Say that traces belong to a run."""
        self._runs.find(work, workspace, run_id)
        for trace_id in trace_ids:
            row = self.find(work, workspace, trace_id)
            store.put_labels(work.connection, row.id, "run", {run_id: ""})

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
            rows = store.older(work.connection, experiment.id, until=until, limit=limit)
        else:
            found = store.find(work.connection, workspace.id, trace_ids)
            rows = [row for row in found if row.experiment == experiment.id]
        for row in rows:
            check_owned(work.actor, row, row.trace_id)
        store.remove(work.connection, [row.id for row in rows])
        return len(rows)

    def find(self, work: Work, workspace: Space, trace_id: str) -> TraceRow:
        """A trace as stored.

        Raises:
            DoesNotExist: There is none.
        """
        rows = self._traces.rows(work, workspace, [trace_id])
        if not rows:
            raise DoesNotExist(f"Trace with ID '{trace_id[:100]}' not found. Find it with traces/search.")
        return rows[0]

    def _shown(self, work: Work, rows: Sequence[TraceRow]) -> list[dict[str, Any]]:
        labels = store.labels(work.connection, [row.id for row in rows])
        places = self._experiments.shown_ids(work, {row.experiment for row in rows})
        return [_info_shown(row, labels[row.id], places[row.experiment]) for row in rows]


def _check_labels(labels: Mapping[str, str]) -> None:
    for key, value in labels.items():
        check_text("key", key, _LONGEST_ID)
        check_text(key[:50], value, _LONGEST_LABEL)


def _info_shown(row: TraceRow, labels: Mapping[str, Mapping[str, str]], experiment_id: str) -> dict[str, Any]:
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
    tags = _WHERE | dict(labels.get("tag", {}))
    if row.name and _NAME not in tags:
        tags[_NAME] = row.name
    shown: dict[str, Any] = {
        "trace_id": row.trace_id,
        "trace_location": location,
        "request_time": clock.to_text(clock.from_millis(row.started_at)),
        "state": row.state,
        "trace_metadata": dict(labels.get("metadata", {})),
        "tags": tags,
        "assessments": assessments.of(labels),
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
