"""MLflow's search for traces as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from smalt.server.traces.store import ROW, TraceRow
from smalt.server.traces.tables import spans, trace_labels, traces
from smalt.server.tracking import Comparison, InvalidParameter, Kind, Order, condition

_ENDED = traces.c.started_at + func.coalesce(traces.c.duration, 0)
_COLUMNS: dict[str, Any] = {  # Any: columns of all value types
    "trace_id": traces.c.trace_id,
    "client_request_id": traces.c.client_request_id,
    "status": traces.c.state,
    "name": traces.c.name,
    "timestamp_ms": traces.c.started_at,
    "execution_time_ms": traces.c.duration,
    "end_time_ms": _ENDED,
}
_STATUS_CODES = {"UNSET": 0, "OK": 1, "ERROR": 2}
_LABELS = {Kind.TAG: "tag", Kind.METADATA: "metadata"}


def search(
    connection: Connection,
    numbers: Sequence[int],
    *,
    clauses: Sequence[Comparison],
    orders: Sequence[Order],
    owner_job: str | None,
    offset: int,
    limit: int,
) -> list[TraceRow]:
    """Traces of some experiments, the newest first unless ordered otherwise; only those of one job if it is named."""
    query = select(*ROW).where(traces.c.experiment.in_(numbers), *(_holds(connection, clause) for clause in clauses))
    if owner_job is not None:
        query = query.where(traces.c.owner_job == owner_job)
    for order in orders:
        column = _COLUMNS[order.key]
        query = query.order_by((column.asc() if order.ascending else column.desc()).nulls_last())
    query = query.order_by(traces.c.started_at.desc(), traces.c.id.desc()).offset(offset).limit(limit)
    return [TraceRow(*row) for row in connection.execute(query)]


def _holds(connection: Connection, clause: Comparison) -> ColumnElement[bool]:
    if clause.kind in _LABELS:
        found = exists().where(
            trace_labels.c.trace == traces.c.id,
            trace_labels.c.kind == _LABELS[clause.kind],
            trace_labels.c.key == clause.key,
        )
        if clause.operator in {"IS NULL", "IS NOT NULL"}:
            return ~found if clause.operator == "IS NULL" else found
        return found.where(condition(connection, trace_labels.c.value, clause))
    if clause.kind is Kind.SPAN:
        return exists().where(spans.c.trace == traces.c.id, _of_span(connection, clause))
    if clause.key == "run_id":
        belongs = (trace_labels.c.trace == traces.c.id, trace_labels.c.kind == "run")
        return exists().where(*belongs, condition(connection, trace_labels.c.key, clause))
    return condition(connection, _COLUMNS[clause.key], clause)


def _of_span(connection: Connection, clause: Comparison) -> ColumnElement[bool]:
    if clause.key == "name":
        return condition(connection, spans.c.name, clause)
    if clause.key == "status":
        code = _STATUS_CODES.get(str(clause.value).upper())
        if code is None or clause.operator not in {"=", "!="}:
            raise InvalidParameter(
                f"A span's status is not compared like this. Use = or != and one of {', '.join(_STATUS_CODES)}."
            )
        return spans.c.status == code if clause.operator == "=" else spans.c.status != code
    return condition(connection, spans.c.attributes["mlflow.spanType"].as_string(), clause)
