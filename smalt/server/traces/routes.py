"""Traces for people and the studio: lists, one with its spans, figures, removal."""

from __future__ import annotations

from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, ok
from smalt.server.traces.listing import Filter, Position
from smalt.server.traces.service import TraceService
from smalt.server.tracking import DELETE_RUNS, READ_RUNS, Workspaces, any_job, check_space, owner

_STATES = ("OK", "ERROR", "IN_PROGRESS")
_BY = ("hour", "model", "endpoint")
_FILTER = ("filter", "session", "flow", "endpoint", "job", "status", "minSeconds", "from", "to")
_LONGEST_SECONDS = 10**9


def routes(traces: TraceService, workspaces: Workspaces) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(traces, workspaces)
    table = Routes(prefix=WORKSPACE + "/smalt/traces")
    listed = (*_FILTER, "$top:int", "$skip")
    table.add("GET", "", handlers.list, action=READ_RUNS, for_jobs=any_job, query=listed)
    figured = ("by", *_FILTER)
    table.add("GET", "/summary", handlers.figures, action=READ_RUNS, for_jobs=any_job, query=figured)
    table.add("GET", "/{trace_id}", handlers.get, action=READ_RUNS, for_jobs=any_job)
    table.add("DELETE", "/{trace_id}", handlers.delete, action=DELETE_RUNS)
    table.add("DELETE", "", handlers.delete_many, action=DELETE_RUNS, query=_FILTER)
    return table.all


class _Handlers:
    def __init__(self, traces: TraceService, workspaces: Workspaces) -> None:
        self._traces = traces
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """Traces, the newest first."""
        limit = call.number("$top", default=100, low=1, high=1000)
        after = call.position(Position)
        return ok(call.listing(self._traces.list(call.work, self._filter(call), after=after, limit=limit)))

    def get(self, call: Call) -> Answer:
        """A trace with its spans."""
        return ok(self._traces.get(call.work, self._workspaces.of(call), call.params["trace_id"]))

    def figures(self, call: Call) -> Answer:
        """Requests, failures, latencies, tokens and cost by hour, model or endpoint."""
        by = call.query.get("by") or "hour"
        if by not in _BY:
            raise InvalidRequest(f"by={by[:40]!r} is not known. Write one of {', '.join(_BY)}.", target="by")
        return ok({"value": self._traces.figures(call.work, self._filter(call), by=by)})

    def delete(self, call: Call) -> Answer:
        """Delete a trace."""
        self._traces.delete(call.work, self._workspaces.of(call), call.params["trace_id"])
        return Answer(204)

    def delete_many(self, call: Call) -> Answer:
        """Delete the traces that a filter names, the oldest first, some thousands at a time."""
        wanted = self._filter(call)
        if wanted.is_open:
            raise InvalidRequest(f"Nothing says which traces to delete. Send one of {', '.join(_FILTER)}.")
        deleted, has_more = self._traces.delete_many(call.work, wanted)
        return ok({"deleted": deleted, "hasMore": has_more})

    def _filter(self, call: Call) -> Filter:
        workspace = self._workspaces.of(call)
        check_space(call.actor, workspace)
        status = call.query.get("status") or None
        if status is not None and status.upper() not in _STATES:
            raise InvalidRequest(
                f"status={status[:40]!r} is none of a trace. Write one of {', '.join(_STATES)}.", target="status"
            )
        return Filter(
            workspace_id=workspace.id,
            owner_job=owner(call.actor),
            text=_text(call, "filter"),
            session=_text(call, "session"),
            flow=_text(call, "flow"),
            endpoint=_text(call, "endpoint"),
            job=_text(call, "job"),
            status=None if status is None else status.upper(),
            min_duration=_millis(call, "minSeconds"),
            since=_moment(call, "from"),
            until=_moment(call, "to"),
        )


def _text(call: Call, name: str) -> str | None:
    text = call.query.get(name)
    if text and "\0" in text:
        raise InvalidRequest(f"{name} holds a NUL character. Leave it out.", target=name)
    return text or None


def _millis(call: Call, name: str) -> int | None:
    text = call.query.get(name.lower())
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise InvalidRequest(f"{name}={text[:40]!r} is no number of seconds. Write one such as 1.5.", target=name)
    return round(seconds * 1000)


def _moment(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        return clock.to_millis(clock.from_text(text))
    except ValueError:
        raise InvalidRequest(
            f"{name}={text[:40]!r} is no moment. Write it as 2026-01-31T12:00:00Z.", target=name
        ) from None
