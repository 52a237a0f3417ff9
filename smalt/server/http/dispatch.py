"""The one ASGI application: finds the route, admits the caller, runs the handler, renders the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from typing import Protocol, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smalt.errors import InvalidRequest, MethodNotAllowed, NotFound, SmaltError, TooLarge, UnsupportedEncoding
from smalt.kit import collector, ids
from smalt.server.http.answer import Answer, Rendered
from smalt.server.http.begun import Begun
from smalt.server.http.call import Call, header
from smalt.server.http.render import failure
from smalt.server.http.route import ANYONE, Route, Wire
from smalt.server.http.tree import Match, RouteTree
from smalt.server.work import Actor, Work, Works

_log = logging.getLogger(__name__)
_RECENT = 1024
"""Paths of which is remembered what stands there."""
_LARGE_BODY_BYTES = 256 * 1024

_SECURITY_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]

# What users have stored is data. A browser that is led to it must run none of it, as it would run as our own page.
_POLICY = (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'")


class Gate(Protocol):
    """Decides who comes in. The identity slice has the real one."""

    def recall(self, call: Call) -> Actor | None:
        """The caller, when that is known without any I/O."""

    def identify(self, call: Call) -> Actor:
        """The caller; may read the database. Raises NotAuthenticated."""

    def authorize(self, call: Call, actor: Actor) -> None:
        """Return when the actor may do the route's action here. Raises Forbidden."""


class Recorder(Protocol):
    """Writes the audit row of a write. The audit slice has the real one."""

    def record(self, work: Work, call: Call, status: int) -> None:
        """In the transaction of the write itself."""

    def refused(self, call: Call, error: SmaltError) -> None:
        """A write that was refused by the gate, in a transaction of its own."""


class Dispatcher:
    """The application behind both listeners.

    Args:
        routes: The whole table. An empty action does not start the server.
        works: Opens the transactions.
        gate: Who may come in.
        recorder: Audit.
        hosts: Lower-case host names this server answers to, without port; None for any. A browser page that
            re-points its own name to this machine is refused by it.
        threads: Handlers that run at once.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        works: Works,
        gate: Gate,
        recorder: Recorder,
        hosts: frozenset[str] | None = None,
        threads: int = 16,
    ) -> None:
        self.routes = list(routes)
        undeclared = [f"{route.method} {route.path}" for route in self.routes if not route.action]
        if undeclared:
            raise ValueError(f"Routes without a declared action: {', '.join(undeclared)}.")
        self._tree = RouteTree(self.routes)
        self._recent = lru_cache(_RECENT)(self._look_up)
        self._works = works
        self._gate = gate
        self._recorder = recorder
        self._hosts = hosts
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        correlation = ids.guid()
        raw_path = cast(bytes, scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        route: Route | None = None
        try:
            base_url = self._base_url(scope)
            match, route, names = self._find(scope["method"], raw_path)
            call = Call(Request(scope, receive), route, match.params(names), base_url)
            answer = await self._run(call, route, correlation)
        except ClientDisconnect:
            return
        except Exception as error:
            answer = _failed(error, scope, self._wire(route, raw_path), correlation)
        if isinstance(answer, Response):
            await answer(scope, receive, _guarded(send))
            return
        await _send(answer, scope, send, correlation)

    def foresee(self, scope: Scope) -> Call | None:
        """The call that a request will be, when its head alone says that it is a prompt one and by whom.

        All others, and those that are wrong in some way, go the way of ASGI.
        """
        try:
            route, params = self._recent(scope["method"], scope["raw_path"])
            if not route.is_prompt:
                return None
            call = Call(Request(scope), route, params, self._base_url(scope))
            known = self._gate.recall(call)
        except SmaltError:
            return None
        if known is None:
            return None
        call.actor = known
        return call

    def begin(self, call: Call, body: bytes) -> Rendered | ASGIApp:
        """The answer to a call that was foreseen; where it has to wait for something, what gives it when it comes."""
        call.body = body
        correlation = ids.guid()
        answering = self._answer(call, correlation)
        try:
            awaited = answering.send(None)
        except StopIteration as done:
            return _rendered(done.value, correlation)

        async def finish(scope: Scope, receive: Receive, send: Send) -> None:
            await _send(await Begun(answering, awaited), scope, send, correlation)

        return finish

    async def _answer(self, call: Call, correlation: str) -> Answer:
        try:
            return cast(Answer, await self._on_loop(call, call.route))
        except Exception as error:
            return _failed(error, call.request.scope, call.route.wire, correlation)

    def _wire(self, route: Route | None, raw_path: str) -> Wire:
        return self._tree.wire(raw_path) if route is None else route.wire

    def _find(self, method: str, raw_path: str) -> tuple[Match, Route, tuple[str, ...]]:
        match = self._tree.match(raw_path)
        if match is None:
            raise NotFound(f"Nothing stands at {raw_path[:200]!r}. Check the path and the server's version.")
        found = match.routes.get(method)
        if found is None:
            allowed = ", ".join(sorted(match.routes))
            raise MethodNotAllowed(f"{method} is not possible here; {allowed} is.")
        return match, *found

    def _look_up(self, method: str, raw_path: bytes) -> tuple[Route, Mapping[str, str]]:
        match, route, names = self._find(method, raw_path.decode("latin-1"))
        return route, match.params(names)

    def _base_url(self, scope: Scope) -> str:
        host = header(scope, b"host") or "localhost"
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if self._hosts is not None and name.lower() not in self._hosts:
            raise InvalidRequest(
                f"This server does not answer to the host name {name[:100]!r}. Start it with --host-name {name[:100]}.",
                code="MisdirectedRequest",
            )
        return f"{scope['scheme']}://{host}"

    async def _run(self, call: Call, route: Route, correlation: str) -> Answer | Response:
        loop = asyncio.get_running_loop()
        # Before the body is read: nobody is anybody's reason to hold megabytes.
        if route.action != ANYONE:
            known = self._gate.recall(call)
            if known is None:
                known = await loop.run_in_executor(self._pool, self._gate.identify, call)
            call.actor = known
        if route.max_body_bytes is not None and route.method not in {"GET", "HEAD"}:
            call.body = await _read(call.request, route.max_body_bytes, unpacks=route.unpacks)
        if route.is_async:
            return await self._on_loop(call, route)
        answer: Answer | Response = await loop.run_in_executor(self._pool, self._handle, call, route, correlation)
        if isinstance(answer, Answer) and answer.comes_after is not None:
            await answer.comes_after()
        return answer

    async def _on_loop(self, call: Call, route: Route) -> Answer | Response:
        if route.action != ANYONE:
            self._gate.authorize(call, call.actor)
        handler = cast("Callable[[Call], Awaitable[Answer | Response]]", route.handler)
        return await handler(call)

    def _handle(self, call: Call, route: Route, correlation: str) -> Answer | Response:
        if route.action != ANYONE:
            try:
                self._gate.authorize(call, call.actor)
            except SmaltError as error:
                if route.is_write:
                    self._recorder.refused(call, error)
                raise
        handler = cast("Callable[[Call], Answer | Response]", route.handler)
        open_work = self._works.write if route.is_write else self._works.read
        with open_work(call.actor, correlation=correlation) as work:
            call._work = work
            # What a large body is made into would be looked at again and again, and none of it can go yet.
            with collector.held_off() if len(call.body) >= _LARGE_BODY_BYTES else nullcontext():
                answer = handler(call)
            if route.is_write and route.audited and route.action != ANYONE:
                status = answer.status_code if isinstance(answer, Response) else answer.status
                self._recorder.record(work, call, status)
            return answer

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self._pool.shutdown(wait=False, cancel_futures=True)
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _read(request: Request, limit: int, *, unpacks: bool) -> bytes:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity" and not unpacks:
        raise UnsupportedEncoding(
            f"The body is encoded as {encoding[:40]!r}, and bodies are not unpacked here. Send it as it is."
        )
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The body has {declared} bytes; this call takes {limit} at most. Send less.")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The body has more than the {limit} bytes this call takes. Send less.")
        chunks.append(chunk)
    return b"".join(chunks)


def _guarded(send: Send) -> Send:
    """The same, with a policy for browsers in every head that has none of its own."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            if all(name != _POLICY[0] for name, _ in headers):
                message = {**message, "headers": [*headers, _POLICY]}
        await send(message)

    return send_guarded


def _failed(error: Exception, scope: Scope, wire: Wire, correlation: str) -> Answer:
    if isinstance(error, SmaltError):
        return failure(error, wire, correlation=correlation)
    _log.error("%s %s failed (%s).", scope["method"], scope["path"], correlation, exc_info=error)
    broken = SmaltError(f"The server failed; its log has the cause under {correlation}.")
    return failure(broken, wire, correlation=correlation)


def _rendered(answer: Answer, correlation: str) -> Rendered:
    body, media_type = answer.encoded()
    headers = [(b"content-length", b"%d" % len(body)), *_SECURITY_HEADERS, _POLICY]
    if media_type is not None:
        headers.append((b"content-type", media_type.encode()))
    headers.append((b"x-ms-request-id", correlation.encode()))
    if answer.headers:
        own = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        named = {name for name, _ in own}
        headers = [*(pair for pair in headers if pair[0] not in named), *own]
    return Rendered(answer.status, headers, body)


async def _send(answer: Answer, scope: Scope, send: Send, correlation: str) -> None:
    status, headers, body = _rendered(answer, correlation)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
