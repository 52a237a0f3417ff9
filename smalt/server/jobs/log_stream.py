"""The logs of a job as they grow: which there are, and how long each is, by one open answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.responses import Response

from smalt.errors import SmaltError
from smalt.server.assets import DataLocator
from smalt.server.http import WORKSPACE, Call, Route, Routes, event_stream, told
from smalt.server.jobs import history, outputs
from smalt.server.jobs.service import JobService
from smalt.server.work import NOBODY, Actor, Works
from smalt.server.workspaces import WorkspaceService

_ACTION = "workspaces/experiments/runs/read"
_NO_MORE = 204
"""What a browser takes as: there is nothing to come again for."""


def sizes(artifacts: Path | None) -> Iterator[dict[str, int] | None]:
    """The logs below an artifact root with their sizes, whenever they are others than before, and None otherwise."""
    said: dict[str, int] | None = None
    while True:
        found = history.log_sizes(artifacts)
        yield found if found != said else None
        said = found


def log_routes(
    service: JobService,
    workspaces: WorkspaceService,
    works: Works,
    locator: DataLocator,
    admit: Callable[[Call, str], Actor],
) -> list[Route]:
    """The route of logs that are followed."""

    def found(call: Call) -> tuple[bool, Path | None]:
        with works.read(NOBODY) as work:
            workspace = workspaces.resolve(work, call.params)
            record = service.get(work, workspace, call.params["name"])
            root = outputs.artifact_root(locator, work, workspace, record)
        return record.active, None if root is None else root.local_path

    def goes_on(call: Call) -> bool:
        try:
            admit(call, _ACTION)
            return found(call)[0]
        except SmaltError:
            return False

    async def followed(call: Call) -> Response:
        """The logs of a job that is not over, as server-sent events: `{name: bytes}`, and again when they grow."""
        is_active, artifacts = await asyncio.to_thread(found, call)
        if not is_active:
            return Response(status_code=_NO_MORE)
        return event_stream(told(sizes(artifacts), lambda: goes_on(call)))

    table = Routes()
    table.add("GET", WORKSPACE + "/jobs/{name}/logs", followed, action=_ACTION)
    return table.all
