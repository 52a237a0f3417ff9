"""A log of a deployment as it grows: one open answer instead of a question every few seconds."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.responses import Response

from smalt.errors import NotFound, SmaltError
from smalt.server.http import WORKSPACE, Call, Route, Routes, event_stream, told
from smalt.server.serving.deployments import DeploymentService
from smalt.server.serving.instances import Instances
from smalt.server.serving.service import EndpointService
from smalt.server.work import NOBODY, Actor, Works
from smalt.server.workspaces import WorkspaceService

_ACTION = "workspaces/onlineEndpoints/deployments/getLogs/action"
_MOST_BYTES = 4 << 20

Source = Callable[[], tuple[Path | None, str]]
"""Says which file is the log now, and what is said where there is none."""


class _File:
    """What has not been told yet of a file that grows, is begun anew, or gives way to another."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._at = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def news(self, path: Path) -> tuple[str, bool]:
        """The text that came since the last time, and whether it stands instead of all before."""
        try:
            size = path.stat().st_size
            is_other = path != self._path or size < self._at
            if is_other:
                self._path, self._at = path, max(0, size - _MOST_BYTES)
                self._decoder.reset()
            with path.open("rb") as file:
                file.seek(self._at)
                found = file.read(_MOST_BYTES)
        except OSError:
            return "", False
        self._at += len(found)
        return self._decoder.decode(found), is_other


def news(source: Source) -> Iterator[dict[str, str | bool] | None]:
    """The end of a log, then what is added to it, as `{"text": ..., "isWhole": ...}`; it ends with the deployment."""
    file, said = _File(), None
    while True:
        try:
            path, instead = source()
        except NotFound:  # it was deleted meanwhile
            return
        text, is_whole = (instead, instead != said) if path is None else file.news(path)
        said = instead if path is None else None
        is_new = is_whole or (path is not None and bool(text))
        yield {"text": text, "isWhole": is_whole} if is_new else None


def log_routes(
    endpoints: EndpointService,
    deployments: DeploymentService,
    instances: Instances,
    workspaces: WorkspaceService,
    works: Works,
    admit: Callable[[Call, str], Actor],
) -> list[Route]:
    """The route of logs that are followed."""

    def source(call: Call) -> tuple[Path | None, str]:
        with works.read(NOBODY) as work:
            workspace = workspaces.resolve(work, call.params)
            endpoint = endpoints.get(work, workspace, call.params["endpoint"])
            record = deployments.get(work, endpoint, call.params["name"])
        if (call.query.get("containerType") or "").lower() == "storageinitializer":
            path = instances.build_log_file(record.id, record.content)
            return (path if path.exists() else None), ""
        return instances.log_file(record.id), record.error or ""

    def is_admitted(call: Call) -> bool:
        try:
            admit(call, _ACTION)
        except SmaltError:
            return False
        return True

    async def followed(call: Call) -> Response:
        """What a deployment writes, as server-sent events: the end of its log, then what is added."""
        await asyncio.to_thread(source, call)
        return event_stream(told(news(lambda: source(call)), lambda: is_admitted(call)))

    table = Routes()
    path = WORKSPACE + "/onlineEndpoints/{endpoint}/deployments/{name}/logs"
    table.add("GET", path, followed, action=_ACTION, query=("containerType",))
    return table.all
