"""`client.traces`: what applications and flows did for each request."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from smalt.kit import clock
from smalt.sdk import tracing
from smalt.sdk.room import Room

Document = Mapping[str, Any]  # Any: JSON


class TraceOperations:
    """Traces of the workspace, as the REST API writes them."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(
        self,
        *,
        text: str | None = None,
        session: str | None = None,
        flow: str | None = None,
        endpoint: str | None = None,
        job: str | None = None,
        status: str | None = None,
        min_seconds: float | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        max_results: int | None = None,
    ) -> Iterator[Document]:
        """Traces, the newest first.

        Args:
            text: A part of the name, of the inputs or of the output.
            session: Of this conversation.
            flow: Of this flow.
            endpoint: Of deployments of this endpoint.
            job: Of this job, or of this batch run of a flow.
            status: OK, ERROR or IN_PROGRESS.
            min_seconds: That took so long at least.
            since: The first moment.
            until: The moment after the last.
            max_results: At most so many.
        """
        given = {
            "filter": text,
            "session": session,
            "flow": flow,
            "endpoint": endpoint,
            "job": job,
            "status": status,
            "minSeconds": None if min_seconds is None else str(min_seconds),
            **_times(since, until),
            "$top": str(min(max_results, 1000)) if max_results else None,
        }
        return islice(self._room.transport.items(self._path(), params=_known(given)), max_results)

    def get(self, trace_id: str) -> Document:
        """A trace with its spans."""
        return self._room.transport.json("GET", self._path(trace_id))

    def summary(
        self, by: str = "hour", *, since: datetime | None = None, until: datetime | None = None
    ) -> builtins.list[Document]:
        """Requests, failures, latencies, tokens and cost by `hour`, `model` or `endpoint`."""
        query = _known({"by": by, **_times(since, until)})
        return list(self._room.transport.json("GET", self._path("summary"), params=query)["value"])

    def delete(self, trace_id: str) -> None:
        """Delete a trace."""
        self._room.transport.request("DELETE", self._path(trace_id))

    def delete_many(
        self,
        *,
        until: datetime | None = None,
        job: str | None = None,
        flow: str | None = None,
        session: str | None = None,
        endpoint: str | None = None,
    ) -> int:
        """Delete what all of these name; how many there were."""
        query = _known({"job": job, "flow": flow, "session": session, "endpoint": endpoint, **_times(None, until)})
        deleted, has_more = 0, True
        while has_more:
            answer = self._room.transport.json("DELETE", self._path(), params=query)
            deleted, has_more = deleted + int(answer["deleted"]), bool(answer["hasMore"])
        return deleted

    def start(self, collection: str | None = None) -> None:
        """Trace this application into the workspace: decorated functions, flows, and calls of the `openai` package."""
        from smalt.flows.tracing import start_trace

        tracing.send_to(self._room.place)
        start_trace(collection=collection)

    def _path(self, *rest: str) -> str:
        return "/".join((f"{self._room.path}/smalt/traces", *(quote(word, safe="") for word in rest)))


def _times(since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    return {"from": clock.to_text(since) if since else None, "to": clock.to_text(until) if until else None}


def _known(given: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}
