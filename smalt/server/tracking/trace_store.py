"""Every query of traces and their spans."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from smalt.server.database.upsert import insert_or
from smalt.server.tracking.errors import InvalidParameter
from smalt.server.tracking.experiment_store import SHOWN_ID
from smalt.server.tracking.otlp import Span
from smalt.server.tracking.search import Comparison, Kind, Order
from smalt.server.tracking.search.conditions import condition
from smalt.server.tracking.tables import experiments, spans, trace_labels, traces

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


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A trace as stored; `shown_experiment` is the experiment's id as clients know it."""

    id: int
    trace_id: str
    experiment: int
    name: str | None
    state: str
    started_at: int
    duration: int | None
    client_request_id: str | None
    request_preview: str | None
    response_preview: str | None
    owner_job: str | None
    shown_experiment: str


def find(connection: Connection, workspace_id: str, trace_ids: Collection[str]) -> list[TraceRow]:
    """Traces of a workspace by their ids; those that are not there are left out."""
    query = _rows().where(traces.c.workspace_id == workspace_id, traces.c.trace_id.in_(trace_ids))
    return [TraceRow(*row) for row in connection.execute(query)]


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Store a trace; False when there is one of this id."""
    statement = insert_or(connection, traces).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(traces.c.id)).first() is not None


def change(connection: Connection, number: int, **values: Any) -> None:
    """Set columns of a trace."""
    connection.execute(update(traces).where(traces.c.id == number).values(**values))


def put_labels(connection: Connection, number: int, kind: str, labels: Mapping[str, str]) -> None:
    """Store tags, metadata or runs, over old ones of the same key."""
    if labels:
        statement = insert_or(connection, trace_labels)
        rows = [{"trace": number, "kind": kind, "key": key, "value": value} for key, value in labels.items()]
        keys = [trace_labels.c.trace, trace_labels.c.kind, trace_labels.c.key]
        overwrite = {"value": statement.excluded.value}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=overwrite), rows)


def remove_label(connection: Connection, number: int, kind: str, key: str) -> bool:
    """Take a label away; False when it was not there."""
    place = (trace_labels.c.trace == number, trace_labels.c.kind == kind, trace_labels.c.key == key)
    return connection.execute(delete(trace_labels).where(*place)).rowcount > 0


def labels(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, dict[str, str]]]:
    """Tags, metadata and runs of some traces."""
    found: dict[int, dict[str, dict[str, str]]] = {number: {} for number in numbers}
    for row in connection.execute(select(trace_labels).where(trace_labels.c.trace.in_(numbers))):
        found[row.trace].setdefault(row.kind, {})[row.key] = row.value
    return found


def put_spans(connection: Connection, number: int, experiment: int, found: Sequence[Span]) -> None:
    """Store spans of one trace; a span that comes again replaces what was known of it."""
    rows = [{"trace": number, "experiment": experiment, **asdict(span)} for span in found]
    ids = [span.span_id for span in found]
    connection.execute(delete(spans).where(spans.c.trace == number, spans.c.span_id.in_(ids)))
    connection.execute(insert(spans), list({row["span_id"]: row for row in rows}.values()))


def spans_of(connection: Connection, number: int) -> list[Span]:
    """The spans of a trace, the earliest first."""
    query = select(spans).where(spans.c.trace == number).order_by(spans.c.started_at_ns, spans.c.span_id)
    names = Span.__dataclass_fields__
    return [Span(**{name: row._mapping[name] for name in names}) for row in connection.execute(query)]


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
    query = _rows().where(traces.c.experiment.in_(numbers), *(_holds(connection, clause) for clause in clauses))
    if owner_job is not None:
        query = query.where(traces.c.owner_job == owner_job)
    for order in orders:
        column = _COLUMNS[order.key]
        query = query.order_by((column.asc() if order.ascending else column.desc()).nulls_last())
    query = query.order_by(traces.c.started_at.desc(), traces.c.id.desc()).offset(offset).limit(limit)
    return [TraceRow(*row) for row in connection.execute(query)]


def older(connection: Connection, experiment: int, *, until: int, limit: int) -> list[TraceRow]:
    """Traces of an experiment that began by a moment, the oldest first."""
    query = _rows().where(traces.c.experiment == experiment, traces.c.started_at <= until)
    return [TraceRow(*row) for row in connection.execute(query.order_by(traces.c.started_at).limit(limit))]


def remove(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete traces with all that belongs to them."""
    for table, column in ((spans, spans.c.trace), (trace_labels, trace_labels.c.trace), (traces, traces.c.id)):
        connection.execute(delete(table).where(column.in_(numbers)))


def _rows() -> Any:  # Any: a select of many columns
    names = [name for name in TraceRow.__dataclass_fields__ if name != "shown_experiment"]
    columns = [traces.c[name] for name in names]
    return select(*columns, SHOWN_ID).join_from(traces, experiments, experiments.c.id == traces.c.experiment)


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
