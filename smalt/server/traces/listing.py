"""Lists of traces and figures over them, for people: by session, flow, endpoint, job, text and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from smalt.server.traces.store import ROW, TraceRow
from smalt.server.traces.tables import model_calls, traces
from smalt.server.tracking import INT64

_HOUR_MS = 3_600_000
_PERCENTILES = (50, 90, 99)


_Number = Annotated[int, msgspec.Meta(ge=-INT64, le=INT64)]


class Position(NamedTuple):
    """Where a page of a list ends: when its last trace began, and its number."""

    started_at: _Number
    number: _Number


@dataclass(frozen=True, slots=True)
class Filter:
    """Which traces are meant; what is None does not matter. Moments are milliseconds since the epoch."""

    workspace_id: str
    owner_job: str | None = None
    text: str | None = None
    session: str | None = None
    flow: str | None = None
    endpoint: str | None = None
    job: str | None = None
    status: str | None = None
    min_duration: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether every trace of the workspace is meant."""
        rest = (self.text, self.session, self.flow, self.endpoint, self.job, self.status, self.min_duration)
        return all(each is None for each in (*rest, self.since, self.until))


def find(connection: Connection, wanted: Filter, *, after: Position | None, limit: int) -> list[TraceRow]:
    """Traces, the newest first."""
    query = select(*ROW).where(*_clauses(wanted))
    if after is not None:
        started, number = after
        same = and_(traces.c.started_at == started, traces.c.id < number)
        query = query.where(or_(traces.c.started_at < started, same))
    query = query.order_by(traces.c.started_at.desc(), traces.c.id.desc()).limit(limit)
    return [TraceRow(*row) for row in connection.execute(query)]


def numbers(connection: Connection, wanted: Filter, *, limit: int) -> list[int]:
    """Numbers of some traces."""
    query = select(traces.c.id).where(*_clauses(wanted)).order_by(traces.c.started_at).limit(limit)
    return list(connection.execute(query).scalars())


def figures(connection: Connection, wanted: Filter, *, by: str) -> list[dict[str, Any]]:
    """Requests, failures, latencies, tokens and cost by `hour`, `endpoint` or `model`."""
    table = model_calls if by == "model" else traces
    failed = model_calls.c.is_failed if by == "model" else traces.c.state == "ERROR"
    source = table.join(traces, traces.c.id == model_calls.c.trace) if by == "model" else table
    bucket = _bucket(by).label("bucket")
    rank = func.row_number().over(partition_by=bucket, order_by=table.c.duration.asc().nulls_last())
    timed = func.count(table.c.duration).over(partition_by=bucket)
    rows = (
        select(
            bucket,
            table.c.duration,
            case((failed, 1), else_=0).label("failed"),
            table.c.prompt_tokens,
            table.c.completion_tokens,
            table.c.total_tokens,
            table.c.cost,
            rank.label("rank"),
            timed.label("timed"),
        )
        .select_from(source)
        .where(*_clauses(wanted))
        .subquery()
    )
    query = select(
        rows.c.bucket,
        func.count().label("requests"),
        func.sum(rows.c.failed).label("errors"),
        *(func.sum(rows.c[f"{name}_tokens"]).label(name) for name in ("prompt", "completion", "total")),
        func.sum(rows.c.cost).label("cost"),
        *(_percentile(rows.c, each).label(f"p{each}") for each in _PERCENTILES),
    ).group_by(rows.c.bucket)
    return [dict(row._mapping) for row in connection.execute(query.order_by(rows.c.bucket))]


def _bucket(by: str) -> ColumnElement[Any]:
    if by == "hour":
        return traces.c.started_at // _HOUR_MS
    return model_calls.c.model if by == "model" else func.coalesce(traces.c.endpoint, "")


def _percentile(columns: Any, percent: int) -> Any:  # Any: expressions
    """The smallest duration that so many per cent do not exceed."""
    return func.min(case((columns["rank"] * 100 >= columns.timed * percent, columns.duration)))


def _clauses(wanted: Filter) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [traces.c.workspace_id == wanted.workspace_id]
    for name in ("owner_job", "session", "flow", "endpoint", "job"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(traces.c[name] == value)
    if wanted.status is not None:
        found.append(traces.c.state == wanted.status)
    if wanted.min_duration is not None:
        found.append(traces.c.duration >= wanted.min_duration)
    if wanted.since is not None:
        found.append(traces.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(traces.c.started_at < wanted.until)
    if wanted.text:
        texts = (traces.c.name, traces.c.request_preview, traces.c.response_preview, traces.c.trace_id)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in texts)))
    return found
