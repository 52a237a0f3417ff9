"""OpenTelemetry's export over HTTP, at the addresses that its clients make of an endpoint and `/v1/traces`.

Handlers are coroutines that hand their rows to the group writer and leave no audit row, as metrics do. A client that
can only be told the server's own address names its workspace in a header, or means the one called `default`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from smalt.server.http import SIGNED_IN, WORKSPACE, Answer, Call, Route, Routes
from smalt.server.traces.ingest import Arrival
from smalt.server.traces.otlp import Export, answer, is_json, read_export
from smalt.server.traces.service import TraceService
from smalt.server.tracking import WRITE_RUNS, GroupWriter, Table, Workspaces
from smalt.server.work import Actor, Work

Admit = Callable[[Call, str], Actor]
"""Finds the caller and checks that they may do an action here."""

_LARGE = 64 * 1024


def routes(traces: TraceService, workspaces: Workspaces, writer: GroupWriter, admit: Admit) -> list[Route]:
    """Where spans come in."""
    handlers = _Exports(traces, workspaces, writer, admit)
    mlflow = Table()
    options: dict[str, Any] = {"audited": False, "unpacks": True}
    mlflow.add("POST", "/v1/traces", handlers.export, WRITE_RUNS, jobs=True, apis=("",), is_prompt=True, **options)
    table = Routes()
    path = WORKSPACE + "/smalt/traces/v1/traces"
    table.add("POST", path, handlers.export, action=WRITE_RUNS, for_jobs=_any_grant, is_prompt=True, **options)
    table.add("POST", "/v1/traces", handlers.export_plain, action=SIGNED_IN, for_jobs=_any_grant, **options)
    return [*mlflow.routes, *table.all]


def _any_grant(call: Call, actor: Actor) -> bool:
    """Jobs and instances of deployments may send; what they reach is decided with the row in hand."""
    return actor.grant is not None


class _Exports:
    def __init__(self, traces: TraceService, workspaces: Workspaces, writer: GroupWriter, admit: Admit) -> None:
        self._traces = traces
        self._workspaces = workspaces
        self._writer = writer
        self._admit = admit

    async def export(self, call: Call) -> Answer:
        """Take spans as OpenTelemetry exports them."""
        content_type = call.header("content-type") or ""

        def read() -> tuple[Export, dict[str, Arrival]]:
            encoding = (call.header("content-encoding") or "").lower()
            export = read_export(call.body, content_type=content_type, encoding=encoding)
            return export, self._traces.arrivals(export.spans)

        export, arrived = read() if len(call.body) < _LARGE else await asyncio.to_thread(read)
        experiment_id = call.header("x-mlflow-experiment-id") or "0"

        def store(work: Work) -> None:
            workspace = self._workspaces.resolve(work, call.params)
            self._traces.put(work, workspace, experiment_id, arrived)

        if arrived:
            await self._writer.write(call.actor, store, size=len(call.body))
        in_json = is_json(content_type)
        media_type = "application/json" if in_json else "application/x-protobuf"
        return Answer(200, answer(export, in_json=in_json), media_type=media_type)

    async def export_plain(self, call: Call) -> Answer:
        """Take spans of a client that knows the server's address alone."""
        grant = call.actor.grant
        if grant is not None:
            call.params = {"workspace_id": grant.workspace_id}
        else:
            call.params = {"workspace": call.header("x-smalt-workspace") or "default"}
        await asyncio.to_thread(self._admit, call, WRITE_RUNS)
        return await self.export(call)
