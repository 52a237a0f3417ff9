"""The verbs of traces: what comes in is stored with what it says, and lists, figures and removals are made of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from smalt.errors import NotFound
from smalt.kit import clock
from smalt.server.http import Page
from smalt.server.traces import conventions, ingest, listing, store
from smalt.server.traces.events import TracesStored
from smalt.server.traces.ingest import TOTALS, Arrival, Price
from smalt.server.traces.listing import Filter, Position
from smalt.server.traces.otlp import Span
from smalt.server.traces.store import TraceRow
from smalt.server.tracking import Experiments, Space, check_owned, check_space, invalid, owner
from smalt.server.work import Actor, Work

PREFIX = "tr-"
"""Before the id in the spans, in MLflow's name for a trace."""

_LONGEST_ID = 250
_AT_ONCE = 200
_MOST_DELETED = 5000
_STATES = {"OK", "ERROR", "IN_PROGRESS"}


class TraceService:
    """Traces of all workspaces.

    Args:
        experiments: Each trace stands in one.
        price: What models cost.
    """

    def __init__(self, experiments: Experiments, price: Price) -> None:
        self.experiments = experiments
        self._price = price

    def arrivals(self, spans: Sequence[Span]) -> dict[str, Arrival]:
        """What spans say, found out before a transaction begins, so that nobody waits for it."""
        return ingest.arrivals(spans, self._price)

    def put(self, work: Work, workspace: Space, experiment_id: str, arrived: Mapping[str, Arrival]) -> None:
        """Store spans, of one or of many traces; a span that comes again replaces what was known of it."""
        started = {PREFIX + key: each.started_at for key, each in arrived.items()}
        known = self.open(work, workspace, experiment_id, started)
        pairs = [(known[PREFIX + key], each) for key, each in arrived.items()]
        store.put_spans(work.connection, ((row.id, span) for row, each in pairs for span in each.spans))
        calls = [{"trace": row.id, **call} for row, each in pairs for call in each.calls]
        store.put_model_calls(work.connection, calls)
        self._sum_up(work, pairs)
        work.publish(TracesStored(workspace.id))

    def open(self, work: Work, workspace: Space, experiment_id: str, started: Mapping[str, int]) -> dict[str, TraceRow]:
        """The rows of traces, made where they are new.

        Args:
            work: As everywhere.
            workspace: Theirs.
            experiment_id: Where new ones stand.
            started: When each began, by its id.

        Raises:
            NotYours: A job asks for traces that it has not made.
        """
        for trace_id in started:
            if not 0 < len(trace_id) <= _LONGEST_ID or not trace_id.isprintable():
                raise invalid("trace_id", trace_id[:50], f"1 to {_LONGEST_ID} printable characters are expected.")
        experiment = self.experiments.find(work, workspace, experiment_id)
        known = {row.trace_id: row for row in store.find(work.connection, workspace.id, list(started))}
        fresh = [
            {
                "workspace_id": workspace.id,
                "trace_id": trace_id,
                "experiment": experiment.id,
                "state": "IN_PROGRESS",
                "started_at": at,
                "owner_job": owner(work.actor),
                **_sender(work.actor),
            }
            for trace_id, at in started.items()
            if trace_id not in known
        ]
        store.add(work.connection, fresh)
        made = store.find(work.connection, workspace.id, started.keys() - known)
        known |= {row.trace_id: row for row in made}
        for row in known.values():
            check_owned(work.actor, row, row.trace_id)
        return known

    def rows(self, work: Work, workspace: Space, trace_ids: Sequence[str]) -> list[TraceRow]:
        """Traces by their ids, as far as the actor may see them; those that are not there are left out."""
        check_space(work.actor, workspace)
        found = store.find(work.connection, workspace.id, trace_ids)
        for row in found:
            check_owned(work.actor, row, row.trace_id)
        return found

    def mentioning(
        self, work: Work, workspace: Space, text: str, *, since: datetime, limit: int
    ) -> list[dict[str, Any]]:
        """The newest traces since a moment that have a text in their name, inputs or output."""
        wanted = Filter(workspace_id=workspace.id, owner_job=owner(work.actor), text=text, since=clock.to_millis(since))
        return [shown(row) for row in listing.find(work.connection, wanted, after=None, limit=limit)]

    def list(self, work: Work, wanted: Filter, *, after: Position | None, limit: int) -> Page[dict[str, Any]]:
        """Traces, the newest first."""
        rows = listing.find(work.connection, wanted, after=after, limit=limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return Page([shown(row) for row in rows[:limit]], None if last is None else Position(last.started_at, last.id))

    def get(self, work: Work, workspace: Space, trace_id: str) -> dict[str, Any]:
        """A trace with its spans.

        Raises:
            NotFound: There is none.
        """
        row = self._find(work, workspace, trace_id)
        costs = store.costs_of(work.connection, row.id)
        spans = [_span_shown(span, costs.get(span.span_id)) for span in store.spans_of(work.connection, row.id)]
        return {**shown(row), "spans": spans}

    def figures(self, work: Work, wanted: Filter, *, by: str) -> Sequence[dict[str, Any]]:
        """Requests, failures, latencies, tokens and cost by `hour`, `endpoint` or `model`."""
        return [_figures_shown(row, by) for row in listing.figures(work.connection, wanted, by=by)]

    def delete(self, work: Work, workspace: Space, trace_id: str) -> None:
        """Delete a trace.

        Raises:
            NotFound: There is none.
        """
        store.remove(work.connection, [self._find(work, workspace, trace_id).id])
        work.publish(TracesStored(workspace.id))

    def delete_many(self, work: Work, wanted: Filter) -> tuple[int, bool]:
        """Delete some thousands of traces, the oldest first; how many, and whether there are more."""
        numbers = listing.numbers(work.connection, wanted, limit=_MOST_DELETED + 1)
        store.remove(work.connection, numbers[:_MOST_DELETED])
        work.publish(TracesStored(wanted.workspace_id))
        return min(len(numbers), _MOST_DELETED), len(numbers) > _MOST_DELETED

    def purge(self, work: Work, workspace_id: str) -> bool:
        """Remove some of what a workspace holds; True when nothing is left."""
        numbers = store.of_workspace(work.connection, workspace_id, limit=_AT_ONCE)
        store.remove(work.connection, numbers)
        return not numbers

    def _find(self, work: Work, workspace: Space, trace_id: str) -> TraceRow:
        wanted = trace_id if trace_id.startswith(PREFIX) else PREFIX + trace_id.lower()
        found = self.rows(work, workspace, [wanted])
        if not found:
            raise NotFound(f"There is no trace {trace_id[:80]!r}. List them with `smalt trace list`.")
        return found[0]

    def _sum_up(self, work: Work, pairs: Sequence[tuple[TraceRow, Arrival]]) -> None:
        """Keep with each trace what its spans come to. What is not new has spans and calls from earlier."""
        numbers = [row.id for row, _ in pairs]
        counts, usage = store.counts(work.connection, numbers), store.usage(work.connection, numbers)
        rows, told = [], []
        for row, each in pairs:
            known = {**each.origin, **dict.fromkeys(TOTALS), "name": None, "kind": None}
            if each.told is not None:
                known |= {"name": each.told["name"], "kind": each.told["kind"]}
            totals = dict(zip(TOTALS, usage[row.id], strict=True)) if row.id in usage else each.said
            kept = {name: _either(getattr(row, name), value) for name, value in known.items()}
            rows.append({"id": row.id, "span_count": counts[row.id], **kept, **totals})
            if each.told is not None and not row.is_told:
                told.append({"id": row.id, **each.told})
        store.change_many(work.connection, rows)
        store.change_many(work.connection, told)


def _sender(actor: Actor) -> dict[str, str | None]:
    """Where a trace comes from for certain, by the token that brought it."""
    if actor.grant is None:
        return {"job": None, "endpoint": None, "deployment": None}
    endpoint, deployment = actor.grant.deployment or (None, None)
    return {"job": None if deployment else actor.grant.job, "endpoint": endpoint, "deployment": deployment}


def _either(kept: Any, fresh: Any) -> Any:  # Any: a value of a column
    """What is known already wins over what is told later."""
    return fresh if kept is None else kept


def shown(row: TraceRow) -> dict[str, Any]:
    """A trace without its spans, as lists show it."""
    return {
        "traceId": row.trace_id.removeprefix(PREFIX),
        "name": row.name or "",
        "kind": row.kind or "",
        "status": row.state if row.state in _STATES else "IN_PROGRESS",
        "startedAt": clock.to_text(clock.from_millis(row.started_at)),
        "seconds": None if row.duration is None else row.duration / 1000,
        "tokens": _tokens(row.prompt_tokens, row.completion_tokens, row.total_tokens),
        "cost": row.cost,
        "session": row.session,
        "flow": row.flow,
        "line": row.line,
        "job": row.job if row.owner_job else None,
        "run": None if row.owner_job else row.job,
        "endpoint": row.endpoint,
        "deployment": row.deployment,
        "inputs": row.request_preview,
        "output": row.response_preview,
        "spanCount": row.span_count,
    }


def _span_shown(span: Span, cost: float | None) -> dict[str, Any]:
    told = conventions.tokens(span)
    return {
        "id": span.span_id,
        "parent": span.parent_id,
        "name": span.name,
        "kind": conventions.kind(span),
        "start": span.started_at_ns / 1e9,
        "end": None if span.ended_at_ns is None else span.ended_at_ns / 1e9,
        "status": {1: "OK", 2: "ERROR"}.get(span.status, "UNSET"),
        "message": span.status_message,
        "model": conventions.model(span) or None,
        "tokens": None if told is None else _tokens(told.prompt, told.completion, told.total),
        "cost": cost,
        "inputs": conventions.inputs(span),
        "output": conventions.output(span),
        "attributes": span.attributes,
        "events": [
            {"name": each["name"], "at": each["at_ns"] / 1e9, "attributes": each["attributes"]} for each in span.events
        ],
        "resource": span.resource,
    }


def _figures_shown(row: Mapping[str, Any], by: str) -> dict[str, Any]:
    key = row["bucket"]
    if by == "hour":
        key = clock.to_text(clock.from_millis(int(key) * 3_600_000))
    return {
        by: key,
        "requests": row["requests"],
        "errors": int(row["errors"]),
        "seconds": {name: None if row[name] is None else row[name] / 1000 for name in ("p50", "p90", "p99")},
        "tokens": _tokens(row["prompt"], row["completion"], row["total"]),
        "cost": row["cost"],
    }


def _tokens(prompt: Any, completion: Any, total: Any) -> dict[str, int] | None:  # Any: sums of PostgreSQL are decimals
    if total is None:
        return None
    return {"prompt": int(prompt or 0), "completion": int(completion or 0), "total": int(total)}
