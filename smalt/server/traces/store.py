"""Every query that stores, finds or removes traces and their spans. Those that look through many stand beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, delete, func, select, update

from smalt.server.database import insert_of, insert_or
from smalt.server.traces.otlp import Span
from smalt.server.traces.tables import model_calls, spans, trace_labels, traces

_AT_ONCE = 500
"""Ids in one query: below what any database takes as parameters."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A trace as stored."""

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
    is_told: bool
    kind: str | None
    session: str | None
    flow: str | None
    line: int | None
    job: str | None
    endpoint: str | None
    deployment: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    cost: float | None
    span_count: int


_SPAN = tuple(name for name in Span.__dataclass_fields__ if name in spans.c)
_IDS = "ids"
ROW = tuple(traces.c[name] for name in TraceRow.__dataclass_fields__)
"""The columns of a row, in its order."""

# Statements that every request runs are made once: making one costs more than running it.
_BY_ID = select(*ROW).where(
    traces.c.workspace_id == bindparam("workspace"), traces.c.trace_id.in_(bindparam(_IDS, expanding=True))
)
_COUNTS = (
    select(spans.c.trace, func.count())
    .where(spans.c.trace.in_(bindparam(_IDS, expanding=True)))
    .group_by(spans.c.trace)
)
_USAGE = (
    select(
        model_calls.c.trace,
        *(func.sum(model_calls.c[f"{name}_tokens"]) for name in ("prompt", "completion", "total")),
        func.sum(model_calls.c.cost),
    )
    .where(model_calls.c.trace.in_(bindparam(_IDS, expanding=True)))
    .group_by(model_calls.c.trace)
)


def find(connection: Connection, workspace_id: str, trace_ids: Collection[str]) -> list[TraceRow]:
    """Traces of a workspace by their ids; those that are not there are left out."""
    found: list[TraceRow] = []
    for some in _pieces(list(trace_ids)):
        rows = connection.execute(_BY_ID, {"workspace": workspace_id, _IDS: some})
        found += [TraceRow(*row) for row in rows]
    return found


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store traces; those whose id is there already are left as they are."""
    if rows:
        connection.execute(_add(connection.dialect.name), rows)


def change(connection: Connection, number: int, **values: Any) -> None:
    """Set columns of a trace."""
    connection.execute(update(traces).where(traces.c.id == number).values(**values))


def change_many(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the same columns of many traces; each row names its trace as `id`."""
    if not rows:
        return
    statement = _change(tuple(name for name in rows[0] if name != "id"))
    connection.execute(statement, [{f"the_{name}": value for name, value in row.items()} for row in rows])


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
    for some in _pieces(numbers):
        for row in connection.execute(select(trace_labels).where(trace_labels.c.trace.in_(some))):
            found[row.trace].setdefault(row.kind, {})[row.key] = row.value
    return found


def put_spans(connection: Connection, found: Iterable[tuple[int, Span]]) -> None:
    """Store spans, each with the number of its trace; one that comes again replaces what was known of it."""
    _upsert(connection, spans, [{"trace": number, **_values(span)} for number, span in found])


def put_model_calls(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store calls of models; one that comes again replaces what was known of it."""
    _upsert(connection, model_calls, rows)


def counts(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """How many spans some traces have."""
    found: dict[int, int] = {}
    for some in _pieces(numbers):
        found |= dict(connection.execute(_COUNTS, {_IDS: some}).all())
    return found


def usage(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, int, int, float | None]]:
    """Prompt, completion and all tokens of the calls of models in some traces, and their cost where any is known."""
    found: dict[int, tuple[int, int, int, float | None]] = {}
    for some in _pieces(numbers):
        rows: Iterable[Any] = connection.execute(_USAGE, {_IDS: some})  # Any: sums, which PostgreSQL makes decimals of
        for number, prompt, completion, total, cost in rows:
            found[number] = (int(prompt), int(completion), int(total), cost)
    return found


def spans_of(connection: Connection, number: int) -> list[Span]:
    """The spans of a trace, the earliest first."""
    query = select(spans).where(spans.c.trace == number).order_by(spans.c.started_at_ns, spans.c.span_id)
    return [Span(**{name: row._mapping[name] for name in _SPAN}) for row in connection.execute(query)]


def costs_of(connection: Connection, number: int) -> dict[str, float | None]:
    """What each call of a model in a trace has cost, by its span."""
    query = select(model_calls.c.span_id, model_calls.c.cost).where(model_calls.c.trace == number)
    return dict(connection.execute(query).all())


def older(connection: Connection, experiment: int, *, until: int, limit: int) -> list[TraceRow]:
    """Traces of an experiment that began by a moment, the oldest first."""
    query = select(*ROW).where(traces.c.experiment == experiment, traces.c.started_at <= until)
    return [TraceRow(*row) for row in connection.execute(query.order_by(traces.c.started_at).limit(limit))]


def outdated(connection: Connection, *, until: int, limit: int) -> list[int]:
    """Numbers of traces of all workspaces that began by a moment."""
    return list(connection.execute(select(traces.c.id).where(traces.c.started_at <= until).limit(limit)).scalars())


def of_workspace(connection: Connection, workspace_id: str, *, limit: int) -> list[int]:
    """Numbers of some traces of a workspace."""
    return list(
        connection.execute(select(traces.c.id).where(traces.c.workspace_id == workspace_id).limit(limit)).scalars()
    )


def remove(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete traces with all that belongs to them."""
    for some in _pieces(numbers):
        for table in (spans, trace_labels, model_calls):
            connection.execute(delete(table).where(table.c.trace.in_(some)))
        connection.execute(delete(traces).where(traces.c.id.in_(some)))


def _values(span: Span) -> dict[str, Any]:
    return {name: getattr(span, name) for name in _SPAN}


def _upsert(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:  # Any: a Table
    if rows:
        connection.execute(_replace(connection.dialect.name, table), rows)


@lru_cache
def _add(dialect: str) -> Any:  # Any: a statement of either dialect
    return insert_of(dialect, traces).on_conflict_do_nothing()


@lru_cache
def _change(names: tuple[str, ...]) -> Update:
    statement = update(traces).where(traces.c.id == bindparam("the_id"))
    return statement.values({name: bindparam(f"the_{name}") for name in names})


@lru_cache
def _replace(dialect: str, table: Any) -> Any:  # Any: a Table; a statement of either dialect
    statement = insert_of(dialect, table)
    overwrite = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=overwrite)


def _pieces(numbers: Sequence[Any]) -> Iterable[Sequence[Any]]:  # Any: ids
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))
