"""The session of one notebook: keeps a kernel and everything its cells have put out, for as many pages as look on.

It is a job and outlives the server: a page that comes back, or a server that starts anew, asks for the whole state and
then hears each change. One JSON object a line goes in, one or many come back, over a socket in the working folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import signal
import time

from . import variables
from .kernel import Kernel
from .outputs import Cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Json = dict[str, Any]

SOCKET = ".session.sock"
"""In the working folder of the job; the server knows the name as well."""

KEPT = os.path.join("notebook", "cells.json")
"""Among the artifacts: what cells have put out, for pages that come when the session is over."""

_LONGEST_LINE = 64 << 20
_MOST_WAITING = 2000
_LARGEST_KEPT = 32 << 20
_LOOK_SECONDS = 5.0
_MOST_INTERRUPTS = 3
_INTERRUPTED_SECONDS = 1.5


class Session:
    """What one notebook runs.

    Args:
        folder: Where its code runs.
        kept: The file in which outputs are kept.
        idle_seconds: How long nothing may run before the session ends by itself.
    """

    def __init__(self, folder: str, kept: str, *, idle_seconds: float) -> None:
        self._kept = kept
        self._idle_seconds = idle_seconds
        self._cells = Cells()
        self._kernel = Kernel(folder, self._hear, self._died, keeps_run=False)
        self._state = "starting"
        self._asks: Json | None = None
        self._queue: list[tuple[str, str]] = []
        self._running: tuple[str, str] | None = None
        self._by_request: dict[str, str] = {}
        self._followers: set[asyncio.Queue[Json | None]] = set()
        self._quiet_since = time.monotonic()
        self._task: asyncio.Future[None] | None = None
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Serve until somebody ends it or nothing has run for long."""
        stop = asyncio.get_running_loop().add_signal_handler
        stop(signal.SIGTERM, self._over.set)
        server = await asyncio.start_unix_server(self._serve, path=SOCKET, limit=_LONGEST_LINE)
        os.chmod(SOCKET, 0o600)
        try:
            await self._kernel.start()
            self._set("idle")
            print("The kernel answers.", flush=True)
            while not self._over.is_set():
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._over.wait(), _LOOK_SECONDS)
                if self._is_quiet() and time.monotonic() - self._quiet_since > self._idle_seconds:
                    print(f"Nothing has run for {self._idle_seconds:g} seconds; the session ends.", flush=True)
                    break
        finally:
            self._set("ended")
            for follower in self._followers:
                follower.put_nowait(None)
            self._keep()
            server.close()
            await self._kernel.stop()

    def _is_quiet(self) -> bool:
        return self._running is None and not self._queue

    # What pages ask for

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(await reader.readline())
            if asked.get("do") == "follow":
                await self._follow(writer)
            else:
                await _send(writer, await self._answer(asked))
        except (ConnectionError, ValueError):
            pass  # whoever asked is gone, or was no page
        finally:
            writer.close()

    async def _answer(self, asked: Mapping[str, Any]) -> Json:
        do = asked.get("do")
        if do == "status":
            return self.snapshot(outputs=False)
        if do == "state":
            return self.snapshot()
        if do == "execute":
            return self._enqueue(asked["cells"])
        if do == "interrupt":
            self._task = asyncio.ensure_future(self._interrupt())
        elif do == "restart":
            await self._restart()
        elif do == "shutdown":
            self._over.set()
        elif do == "input":
            self._give(str(asked.get("text", "")))
        elif self._state == "starting":
            return {"busy": True}
        elif do == "complete":
            return {"answer": dict(await self._kernel.complete(asked["code"], asked["at"]))}
        elif do == "inspect":
            return {"answer": dict(await self._kernel.inspect(asked["code"], asked["at"]))}
        elif do == "variables":
            found = None if self._running else variables.read(await self._kernel.evaluate(variables.EXPRESSION))
            return {"busy": found is None, "variables": found or []}
        else:
            return {"error": f"Nothing is called {do!r} here."}
        return {}

    def snapshot(self, *, outputs: bool = True) -> Json:
        """The whole state."""
        found = {
            "type": "state",
            "kernel": self._state,
            "python": platform.python_version(),
            "running": self._running[0] if self._running else None,
            "queued": [cell for cell, _ in self._queue],
            "input": self._asks,
            "idleSeconds": self._idle_seconds,
        }
        return found | ({"cells": self._cells.all} if outputs else {})

    async def _follow(self, writer: asyncio.StreamWriter) -> None:
        follower: asyncio.Queue[Json | None] = asyncio.Queue(_MOST_WAITING)
        self._followers.add(follower)
        try:
            await _send(writer, self.snapshot())
            change = await follower.get()
            while change is not None:
                await _send(writer, change)
                change = await follower.get()
        finally:
            self._followers.discard(follower)

    def _tell(self, change: Json) -> None:
        for follower in list(self._followers):
            try:
                follower.put_nowait(change)
            except asyncio.QueueFull:
                # A page that does not keep up begins again with the whole state.
                self._followers.discard(follower)
                while not follower.empty():
                    follower.get_nowait()
                follower.put_nowait(None)

    # What runs

    def _enqueue(self, cells: list[Mapping[str, str]]) -> Json:
        waiting = {cell for cell, _ in self._queue} | ({self._running[0]} if self._running else set())
        fresh = [each for each in cells if each["id"] not in waiting]
        for each in fresh:
            self._cells.begin(each["id"], each["code"])
            self._queue.append((each["id"], each["code"]))
            self._tell({"type": "queued", "cell": each["id"], "code": each["code"]})
        self._next()
        return {"queued": [each["id"] for each in fresh]}

    def _next(self) -> None:
        if self._running is not None or not self._queue or self._state != "idle":
            if self._is_quiet():
                self._quiet_since = time.monotonic()
            return
        cell, code = self._queue.pop(0)
        request = self._kernel.execute(code, allow_stdin=True, stop_on_error=False)
        self._running = (cell, request)
        self._by_request[request] = cell
        self._cells.all[cell]["status"] = "running"
        self._cells.all[cell]["startedAt"] = time.time()
        self._set("busy")
        self._tell({"type": "started", "cell": cell})

    def _hear(self, request: str, kind: str, content: Mapping[str, Any]) -> None:
        cell = self._by_request.get(request)
        if cell is None:
            return
        if kind == "input_request":
            self._asks = {"cell": cell, "prompt": content["prompt"], "password": content["password"]}
            self._tell({"type": "input", **self._asks})
        elif kind == "execute_input":
            self._cells.all[cell]["executionCount"] = content["execution_count"]
            self._tell({"type": "count", "cell": cell, "executionCount": content["execution_count"]})
        elif kind == "execute_reply":
            self._replied = (request, str(content["status"]))
            self._finish_if_done(request)
        elif kind == "status":
            if content["execution_state"] == "idle":
                self._idle_of = request
                self._finish_if_done(request)
        else:
            for change in self._cells.apply(cell, kind, content):
                self._tell(change)

    _replied: tuple[str, str] = ("", "")
    _idle_of: str = ""

    def _finish_if_done(self, request: str) -> None:
        """A cell is done when it was answered and its last output has come: the two take different ways."""
        if self._replied[0] == request and self._idle_of == request:
            self._finish("ok" if self._replied[1] == "ok" else "error")

    def _finish(self, status: str) -> None:
        if self._running is None:
            return
        cell = self._running[0]
        self._running, self._asks = None, None
        self._set("idle")
        self._ended(cell, status)
        if status != "ok":
            self._abort()
        self._keep()
        self._next()

    def _ended(self, cell: str, status: str) -> None:
        found = self._cells.all[cell]
        found |= {"status": status, "endedAt": time.time()}
        told = {key: found.get(key) for key in ("status", "executionCount", "startedAt", "endedAt")}
        self._tell({"type": "finished", "cell": cell, **told})

    def _abort(self) -> None:
        """What waits behind a cell that has failed is not run."""
        waiting, self._queue = self._queue, []
        for cell, _ in waiting:
            self._ended(cell, "aborted")

    async def _interrupt(self) -> None:
        self._abort()
        request = self._running[1] if self._running else None
        for _ in range(_MOST_INTERRUPTS):
            if self._running is None or self._running[1] != request:
                return
            # What comes before the kernel has begun with the cell is lost on it; then it is told once more.
            await self._kernel.interrupt()
            await asyncio.sleep(_INTERRUPTED_SECONDS)

    async def _restart(self) -> None:
        self._abort()
        running, self._running, self._asks = self._running, None, None
        self._set("restarting")
        if running is not None:
            self._ended(running[0], "aborted")
        await self._kernel.restart()
        self._set("idle")
        self._next()

    def _give(self, text: str) -> None:
        if self._asks is not None:
            self._asks = None
            self._tell({"type": "answered"})
            self._kernel.answer(text)

    async def _died(self) -> None:
        running, self._running, self._asks = self._running, None, None
        self._set("restarting")
        told = "The kernel has died, as happens when memory runs out. It was started anew; run the cells again.\n"
        if running is not None:
            for change in self._cells.apply(running[0], "stream", {"name": "stderr", "text": told}):
                self._tell(change)
            self._ended(running[0], "error")
        self._abort()
        print("The kernel has died and is started anew.", flush=True)
        await self._kernel.restart()
        self._set("idle")
        self._next()

    def _set(self, state: str) -> None:
        self._state = state
        self._tell({"type": "kernel", "kernel": state})

    def _keep(self) -> None:
        text = json.dumps({"cells": self._cells.all})
        if len(text) > _LARGEST_KEPT:
            return
        os.makedirs(os.path.dirname(self._kept), exist_ok=True)
        with open(f"{self._kept}.new", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(f"{self._kept}.new", self._kept)


async def _send(writer: asyncio.StreamWriter, document: Json) -> None:
    writer.write(json.dumps(document).encode() + b"\n")
    await writer.drain()


def _place(files: str, notebook: str) -> str:
    """The folder of the notebook, where it is still there."""
    folder = os.path.join(files, os.path.dirname(notebook))
    inside = os.path.realpath(folder).startswith(os.path.realpath(files))
    return folder if inside and os.path.isdir(folder) else files


def _name_workspace(files: str) -> None:
    """Write the file by which clients find the workspace, as it stands on every compute instance."""
    place = os.path.join(files, ".azureml", "config.json")
    if os.path.lexists(place):
        return
    named = {"subscription_id": "SUBSCRIPTION", "resource_group": "RESOURCEGROUP", "workspace_name": "WORKSPACE_NAME"}
    content = {key: os.environ[f"AZUREML_ARM_{name}"] for key, name in named.items()}
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "x", encoding="utf-8") as stream:
            json.dump(content, stream, indent=2)


def main() -> int:
    """Keep a session until it ends."""
    files = os.environ["SMALT_NOTEBOOK_FILES"]
    _name_workspace(files)
    # The token of a session stands for whoever began it, with every client that the code may use.
    for name in ("MSI_SECRET", "SMALT_TOKEN"):
        os.environ[name] = os.environ.get("AZUREML_RUN_TOKEN", "")
    kept = os.path.join(os.environ["SMALT_ARTIFACTS"], KEPT)
    idle_seconds = float(os.environ["SMALT_NOTEBOOK_IDLE_SECONDS"])

    async def keep() -> None:
        await Session(_place(files, os.environ["SMALT_NOTEBOOK"]), kept, idle_seconds=idle_seconds).run()

    asyncio.run(keep())
    return 0
