"""Routes of sessions: what a page asks of a kernel goes up by POST, and what the kernel says comes down as events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.responses import Response

from smalt.errors import InvalidRequest, SmaltError
from smalt.kit import clock
from smalt.server.http import Answer, Call, Route, Routes, created, empty, event_stream, ok
from smalt.server.notebooks.errors import SessionNotReady
from smalt.server.notebooks.file_routes import NOTEBOOKS
from smalt.server.notebooks.hosts import Json
from smalt.server.notebooks.runs import Asked, NotebookRuns
from smalt.server.notebooks.sessions import Session, SessionService, Wanted
from smalt.server.work import NOBODY, Actor, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import codec
from smalt.wire.arm.jobs import QUEUE

READ, WRITE = "workspaces/notebooks/sessions/read", "workspaces/notebooks/sessions/write"
SESSIONS = f"{NOTEBOOKS}/sessions"
ONE = f"{SESSIONS}/{{session}}"

Admit = Callable[[Call, str], Actor]
"""Finds the caller and checks that they may do an action here."""

_MOST_CELLS = 500
_LARGEST_CELL = 1 << 20
_LOOK_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15.0
_SHOWN = ("kernel", "running", "queued", "python")


class _Handlers:
    def __init__(
        self, sessions: SessionService, runs: NotebookRuns, workspaces: WorkspaceService, works: Works, admit: Admit
    ) -> None:
        self._sessions = sessions
        self._runs = runs
        self._workspaces = workspaces
        self._works = works
        self._admit = admit

    def list(self, call: Call) -> Answer:
        """Sessions, the newest first; of one notebook with `path`, of the caller with `mine`."""
        found = self._sessions.page(
            call.work,
            self._workspaces.of(call),
            path=call.query.get("path"),
            owner_id=call.actor.id if call.flag("mine") else None,
        )
        shown = [each for each in found if each.job.active or not call.flag("active")]
        return ok({"value": [self._shown(call, each) for each in shown]})

    def start(self, call: Call) -> Answer:
        """Begin the session of a notebook; the one that there is, if there is one."""
        body = call.json_object()
        minutes = body.get("idleMinutes")
        if minutes is not None and not isinstance(minutes, int):
            raise InvalidRequest(f"idleMinutes={str(minutes)[:40]!r} is no number. Send one.", target="idleMinutes")
        wanted = Wanted(_text(body, "path") or "", _text(body, "environment"), _text(body, "compute"), minutes)
        session, is_new = self._sessions.start(call.work, self._workspaces.of(call), wanted)
        return created(self._shown(call, session), is_new=is_new)

    def show(self, call: Call) -> Answer:
        """One session, and how its kernel is."""
        session = self._sessions.get(call.work, self._workspaces.of(call), call.params["session"])
        return ok({**self._shown(call, session), **self._state(session)})

    def shut_down(self, call: Call) -> Answer:
        """End a session; its outputs stay."""
        self._sessions.shut_down(call.work, self._workspaces.of(call), call.params["session"])
        return empty(202)

    def execute(self, call: Call) -> Answer:
        """Have cells run, one after another; the rest is left out when one fails."""
        return self._after_commit(call, {"do": "execute", "cells": _cells(call.json_object().get("cells"))})

    def interrupt(self, call: Call) -> Answer:
        """Interrupt the cell that runs; those behind it are not run."""
        return self._after_commit(call, {"do": "interrupt"})

    def restart(self, call: Call) -> Answer:
        """Start the kernel anew: its memory is empty then."""
        return self._after_commit(call, {"do": "restart"})

    def give(self, call: Call) -> Answer:
        """Give what the code asks for with `input()`."""
        return self._after_commit(call, {"do": "input", "text": _text(call.json_object(), "text") or ""})

    async def complete(self, call: Call) -> Answer:
        """What may stand at a position of some code."""
        answer = await self._asked(call, {"do": "complete", **_place(call.json_object())})
        found = answer.get("answer") or {}
        return ok(
            {"matches": found.get("matches") or [], "from": found.get("cursor_start"), "to": found.get("cursor_end")}
        )

    async def inspect(self, call: Call) -> Answer:
        """What is known of the word at a position of some code."""
        answer = await self._asked(call, {"do": "inspect", **_place(call.json_object())})
        data = (answer.get("answer") or {}).get("data") or {}
        return ok({"text": data.get("text/plain")})

    async def variables(self, call: Call) -> Answer:
        """What stands in the kernel's memory; `busy` while something runs."""
        answer = await self._asked(call, {"do": "variables"})
        return ok({"busy": bool(answer.get("busy")), "value": answer.get("variables") or []})

    async def events(self, call: Call) -> Response:
        """The whole state of a session, then everything that happens in it, as server-sent events."""
        workspace, session = await asyncio.to_thread(self._found, call)
        return event_stream(self._stream(call, workspace, session))

    def run(self, call: Call) -> Answer:
        """Run a notebook or a script as a job; the notebook takes `inputs` as its parameters."""
        job = self._runs.submit(call.work, self._workspaces.of(call), _asked(call.json_object()))
        return created({"job": job.name}, is_new=True)

    def prepare(self, call: Call) -> Answer:
        """The job that a notebook or a script becomes, not submitted: for a schedule."""
        job = self._runs.job(call.work, self._workspaces.of(call), _asked(call.json_object()))
        return ok(codec("jobs").to_arm(job))

    async def _stream(self, call: Call, workspace: WorkspaceRecord, session: Session) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        told = None
        while session.job.active:
            try:
                async with self._sessions.hosts.follow(session.job.workload) as lines:
                    async for message in _with_heartbeats(lines, lambda: self._is_admitted(call)):
                        yield message
                    # It ended, or this page did not keep up; the page comes again and begins with the whole state.
                    session = (await asyncio.to_thread(self._found, call))[1]
                    if session.job.active:
                        return
            except SessionNotReady:
                waiting = {"type": "waiting", "status": session.job.status.value}
                if waiting != told:
                    yield _event(waiting)
                told = waiting
                await asyncio.sleep(_LOOK_SECONDS)
                session = (await asyncio.to_thread(self._found, call))[1]
        yield _event({"type": "over", "status": session.job.status.value, **await self._left(workspace, session)})

    async def _left(self, workspace: WorkspaceRecord, session: Session) -> Json:
        def read() -> Json:
            with self._works.read(NOBODY) as work:
                found = json.loads(self._sessions.left_behind(work, workspace, session))
            return found if isinstance(found, dict) else {}

        error = (session.job.error or {}).get("message")
        try:
            return {"error": error, "cells": (await asyncio.to_thread(read)).get("cells") or {}}
        except (SmaltError, ValueError):  # its job has written something else there
            return {"error": error, "cells": {}}

    def _is_admitted(self, call: Call) -> bool:
        try:
            self._admit(call, READ)
        except SmaltError:
            return False
        return True

    def _found(self, call: Call) -> tuple[WorkspaceRecord, Session]:
        with self._works.read(call.actor) as work:
            workspace = self._workspaces.resolve(work, call.params)
            return workspace, self._sessions.get(work, workspace, call.params["session"])

    async def _asked(self, call: Call, request: Json) -> Json:
        def ask() -> Json:
            with self._works.read(call.actor) as work:
                workspace = self._workspaces.resolve(work, call.params)
                workload = self._sessions.mine(work, workspace, call.params["session"]).job.workload
            return self._sessions.hosts.ask(workload, request)

        return await asyncio.to_thread(ask)

    def _after_commit(self, call: Call, request: Json) -> Answer:
        """Ask once the audit row is written; nothing else waits meanwhile."""
        session = self._sessions.mine(call.work, self._workspaces.of(call), call.params["session"])
        answer: Json = {}
        call.work.tell(path=session.record.path)
        call.work.after_commit(lambda: answer.update(self._sessions.hosts.ask(session.job.workload, request)))
        return Answer(202, answer)

    def _state(self, session: Session) -> Json:
        if not session.job.active:
            return {"kernel": "ended"}
        try:
            found = self._sessions.hosts.ask(session.job.workload, {"do": "status"})
        except SessionNotReady:
            return {"kernel": "starting"}
        return {key: found.get(key) for key in _SHOWN}

    @staticmethod
    def _shown(call: Call, session: Session) -> Json:
        record, job = session.record, session.job
        return {
            "name": record.job,
            "path": record.path,
            "owner": record.owner,
            "isMine": record.owner_id == call.actor.id,
            "environment": record.environment,
            "compute": record.compute,
            "startedAt": clock.to_text(record.started_at),
            "status": job.status.value,
            "isActive": job.active,
        }


def session_routes(
    sessions: SessionService, runs: NotebookRuns, workspaces: WorkspaceService, works: Works, admit: Admit
) -> list[Route]:
    """The routes of sessions."""
    handlers = _Handlers(sessions, runs, workspaces, works, admit)
    table = Routes()
    listed = ("path", "mine:bool", "active:bool")
    table.add("GET", SESSIONS, handlers.list, action=READ, query=listed)
    table.add("POST", SESSIONS, handlers.start, action=WRITE, body="path! environment compute idleMinutes:int")
    table.add("GET", ONE, handlers.show, action=READ)
    table.add("DELETE", ONE, handlers.shut_down, action=WRITE)
    table.add("GET", f"{ONE}/events", handlers.events, action=READ)
    table.add("POST", f"{ONE}/execute", handlers.execute, action=WRITE, body="cells:object[]!")
    table.add("POST", f"{ONE}/interrupt", handlers.interrupt, action=WRITE)
    table.add("POST", f"{ONE}/restart", handlers.restart, action=WRITE)
    table.add("POST", f"{ONE}/input", handlers.give, action=WRITE, body="text!")
    asked: list[tuple[str, Callable[[Call], Coroutine[Any, Any, Answer]], str | None]] = [
        ("complete", handlers.complete, "code! at:int!"),
        ("inspect", handlers.inspect, "code! at:int!"),
        ("variables", handlers.variables, None),
    ]
    for word, handler, body in asked:
        table.add("POST", f"{ONE}/{word}", handler, action=WRITE, body=body, writes=False)
    submitted = "path! code inputs:object job:object"
    table.add("POST", f"{NOTEBOOKS}/runs", handlers.run, action="workspaces/jobs/write", body=submitted)
    table.add("POST", f"{NOTEBOOKS}/runs/prepare", handlers.prepare, action="workspaces/jobs/write", body=submitted)
    return table.all


async def _with_heartbeats(lines: AsyncIterator[bytes], is_admitted: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Each line as an event; silence is broken now and then, and ends when the page may not listen any more."""
    following = aiter(lines)
    waiting = asyncio.ensure_future(anext(following))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=_HEARTBEAT_SECONDS)
            if not done:
                if not await asyncio.to_thread(is_admitted):
                    return
                yield b": still here\n\n"
                continue
            try:
                line = waiting.result()
            except StopAsyncIteration:
                return
            yield b"data: " + line + b"\n\n"
            waiting = asyncio.ensure_future(anext(following))
    finally:
        waiting.cancel()


def _event(document: Json) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _text(body: Json, key: str) -> str | None:
    value = body.get(key)
    if value is not None and (not isinstance(value, str) or len(value) > _LARGEST_CELL):
        raise InvalidRequest(f"{key} is no text. Send one.", target=key)
    return value


def _cells(given: Any) -> list[Json]:  # Any: JSON
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_CELLS:
        raise InvalidRequest(f"cells is no list of 1 to {_MOST_CELLS} cells. Send id and code of each.", target="cells")
    for each in given:
        is_cell = isinstance(each, dict) and all(isinstance(each.get(key), str) for key in ("id", "code"))
        if not is_cell or not 0 < len(each["id"]) <= 100 or len(each["code"]) > _LARGEST_CELL:
            raise InvalidRequest("A cell has no id or no code, or too much of it. Send both as text.", target="cells")
    return [{"id": each["id"], "code": each["code"]} for each in given]


def _place(body: Json) -> Json:
    code, at = _text(body, "code"), body.get("at")
    if code is None or isinstance(at, bool) or not isinstance(at, int) or not 0 <= at <= len(code):
        raise InvalidRequest("code and at are no text and a position in it. Send both.", target="at")
    return {"code": code, "at": at}


def _asked(body: Json) -> Asked:
    inputs, fields = body.get("inputs") or {}, body.get("job") or {}
    if not isinstance(inputs, dict) or not isinstance(fields, dict):
        raise InvalidRequest("inputs and job are no objects. Send {...}, or leave them out.", target="inputs")
    strangers = sorted(fields.keys() - _FIELDS.keys())
    if strangers:
        raise InvalidRequest(
            f"A run takes {', '.join(_FIELDS)}, and knows nothing of {', '.join(strangers)[:200]!r}. Leave that out.",
            target="job",
        )
    named = {_FIELDS[key]: value for key, value in fields.items()}
    if "queue_settings" in named:
        named["queue_settings"] = QUEUE.from_arm(named["queue_settings"])
    return Asked(_text(body, "path") or "", inputs, named, _text(body, "code"))


_FIELDS = {
    "environment": "environment",
    "compute": "compute",
    "displayName": "display_name",
    "experimentName": "experiment_name",
    "description": "description",
    "tags": "tags",
    "environmentVariables": "environment_variables",
    "queueSettings": "queue_settings",
}
