"""`mlflow-artifacts/...` and `artifacts/list` of the MLflow protocol: bytes through the server, streamed both ways."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Callable

from starlette.responses import StreamingResponse

from smalt.server.http import Answer, Call, Route, ok
from smalt.server.tracking import artifacts
from smalt.server.tracking.access import Space
from smalt.server.tracking.arguments import Arguments
from smalt.server.tracking.artifact_files import ArtifactFiles, shown
from smalt.server.tracking.errors import DoesNotExist
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.table import READ_RUNS, WRITE_RUNS, Table
from smalt.server.work import Work, Works

_APIS = ("/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts")


def routes(service: TrackingService, workspaces: Workspaces, files: ArtifactFiles, works: Works) -> list[Route]:
    """The calls on artifacts."""
    handlers = _Artifacts(service, workspaces, files, works)
    table = Table()
    table.add("GET", "/artifacts/list", handlers.of_run, READ_RUNS, jobs=True, takes="run_id! path page_token")
    table.add("GET", "/artifacts", handlers.list, READ_RUNS, jobs=True, apis=_APIS, takes="path")
    one = "/artifacts/{path:path}"
    table.add("GET", one, handlers.download, READ_RUNS, jobs=True, apis=_APIS)
    table.add("DELETE", one, handlers.delete, WRITE_RUNS, jobs=True, apis=_APIS, audited=False)
    upload = {"jobs": True, "audited": False, "max_body_bytes": None}
    table.add("PUT", one, handlers.upload, WRITE_RUNS, apis=_APIS, **upload)  # type: ignore[arg-type]  # mixed values
    return table.routes


class _Artifacts:
    def __init__(self, service: TrackingService, workspaces: Workspaces, files: ArtifactFiles, works: Works) -> None:
        self._service = service
        self._workspaces = workspaces
        self._files = files
        self._works = works

    def of_run(self, call: Call) -> Answer:
        """List files of a run."""
        given = Arguments(call)
        space = self._workspaces.of(call)
        run = self._service.runs.find(call.work, space, given.required("run_id", "run_uuid"))
        below = artifacts.normal(given.text("path"))
        return ok({"root_uri": run.artifact_uri, "files": self._files.listed(space, run.artifact_uri, below)})

    def list(self, call: Call) -> Answer:
        """List files below a path."""
        space = self._workspaces.of(call)
        container, key = self._files.readable(call.work, space, Arguments(call).text("path"))
        return ok({"files": [shown(entry, "") for entry in self._files.store.entries(space.id, container, key)]})

    async def download(self, call: Call) -> StreamingResponse:
        """Send a file."""
        space, container, key = await self._admit(call, self._files.readable)
        content = await self._files.store.get(space.id, container, key)
        if content is None:
            raise DoesNotExist(f"No artifact at {call.params['path'][:300]!r}. List the folder to see what is there.")
        media_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
        headers = {
            "Content-Length": str(content.size),
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(content.chunks, headers=headers, media_type=media_type)

    async def upload(self, call: Call) -> Answer:
        """Store a file."""
        space, container, key = await self._admit(call, self._files.writable)
        await self._files.store.put(space.id, container, key, call.request.stream())
        return ok({})

    async def delete(self, call: Call) -> Answer:
        """Delete a file or a folder."""
        space, container, key = await self._admit(call, self._files.writable)
        await self._files.store.delete(space.id, container, key)
        return ok({})

    async def _admit(self, call: Call, where: Callable[[Work, Space, str], tuple[str, str]]) -> tuple[Space, str, str]:
        def ask() -> tuple[Space, str, str]:
            with self._works.read(call.actor) as work:
                space = self._workspaces.resolve(work, call.params)
                return space, *where(work, space, call.params["path"])

        return await asyncio.to_thread(ask)
