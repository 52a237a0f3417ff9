"""The ASGI application of a flow: `/score`, what describes it, its page, and `/v1` for chat clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from smalt.errors import Forbidden, NotFound, SmaltError, TooLarge
from smalt.flows.batch import records
from smalt.flows.running.flow import Flow
from smalt.flows.serving import chat_api, describe, page, scoring
from smalt.flows.serving.errors import LineFailed
from smalt.flows.serving.scoring import Scorer
from smalt.kit import ids

_log = logging.getLogger(__name__)
_LONGEST_BODY = 64 * 1024 * 1024
_JSON = b"application/json"
# A caller that leaves is looked for only where a line takes this long: most are over before.
_PATIENCE_SECONDS = 1.0

Message = dict[str, Any]  # Any: as ASGI defines
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Pairs = list[tuple[bytes, bytes]]


class FlowApp:
    """An ASGI application.

    Args:
        flow: The flow, loaded.
        scorer: Runs its lines.
        loopback_only: Whether it listens on this machine only; web pages of others may then not call it.
    """

    def __init__(self, flow: Flow, scorer: Scorer | None = None, *, loopback_only: bool = False) -> None:
        self.flow = flow
        self._scorer = scorer or Scorer(flow)
        self._loopback_only = loopback_only
        self._described = records.encode(describe.openapi(flow))
        self._routes: dict[tuple[str, str], Callable[[Request], Awaitable[None]]] = {
            ("POST", "/score"): self._score,
            ("GET", "/"): self._page,
            ("POST", "/"): self._page,
            ("GET", "/swagger.json"): self._swagger,
            ("GET", "/health"): self._health,
            ("GET", "/version"): self._version,
            ("POST", "/feedback"): self._feedback,
            ("GET", "/v1/models"): self._models,
            ("POST", "/v1/chat/completions"): self._chat,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send)
        try:
            self._check_origin(request)
            route = self._routes.get((scope["method"], scope["path"].rstrip("/") or "/"))
            if route is None:
                raise NotFound(f"There is no {scope['method']} {scope['path']}. See /swagger.json.")
            await route(request)
        except SmaltError as error:
            if error.status >= 500:
                _log.error("%s %s: %s", scope["method"], scope["path"], error.message)
            await request.answer_json(_error(error), status=error.status)
        except Exception as error:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if not request.has_begun:
                told = LineFailed(f"{type(error).__name__}: {error}", is_users=False)
                await request.answer_json(_error(told), status=500)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            kind = message["type"].removeprefix("lifespan.")
            if kind == "shutdown":
                self.flow.close()
            await send({"type": f"lifespan.{kind}.complete"})
            if kind == "shutdown":
                return

    def _check_origin(self, request: Request) -> None:
        """On this machine only its own page may call: a page of someone else must not run the flow."""
        origin = request.headers.get(b"origin")
        if not self._loopback_only or origin is None:
            return
        if urlsplit(origin).netloc != request.headers.get(b"host", ""):
            raise Forbidden(f"Pages of {origin} may not call this server. Serve with --host to allow others.")

    async def _score(self, request: Request) -> None:
        inputs = self._scorer.inputs_of(await request.body())
        accept = request.headers.get(b"accept", "")
        run_id = request.headers.get(b"x-request-id") or ids.guid()
        streams = scoring.wants_stream(accept)
        work = self._scorer.run(inputs, streams=streams, run_id=run_id, traceparent=request.traceparent)
        result = await _unless_gone(work, request)
        outputs = self._scorer.shown(result)
        field = self._scorer.stream_in(outputs)
        scoring.check_accept(accept, has_stream=field is not None)
        if field is None:
            await request.answer(records.encode(outputs))
            return
        stream = outputs.pop(field)

        async def events() -> AsyncIterator[bytes]:
            if outputs:
                yield _event(outputs)
            async for piece in scoring.pieces(stream):
                yield _event({field: piece})

        await request.answer_events(events())

    async def _chat(self, request: Request) -> None:
        asked = chat_api.read(await request.body(), self.flow)
        work = self._scorer.run(asked.inputs, streams=asked.streams, run_id=ids.guid(), traceparent=request.traceparent)
        result = await _unless_gone(work, request)
        if not asked.streams:
            await request.answer(records.encode(chat_api.answer(self.flow, result, asked)))
            return
        await request.answer_events(chat_api.events(self.flow, result, asked))

    async def _models(self, request: Request) -> None:
        await request.answer(records.encode(chat_api.models(self.flow)))

    async def _page(self, request: Request) -> None:
        if request.scope["method"] == "POST":  # the form of older pages: the same as /score
            await self._score(request)
            return
        html, policy = page.render(self.flow)
        headers: Pairs = [(b"content-security-policy", policy.encode()), (b"x-content-type-options", b"nosniff")]
        await request.answer(html.encode(), kind=b"text/html; charset=utf-8", more=headers)

    async def _swagger(self, request: Request) -> None:
        await request.answer(self._described)

    async def _health(self, request: Request) -> None:
        await request.answer_json({"status": "Healthy", "version": _version()})

    async def _version(self, request: Request) -> None:
        build = os.environ.get("BUILD_INFO", "")
        await request.answer_json({"status": "Healthy", "build_info": build, "version": _version()})

    async def _feedback(self, request: Request) -> None:
        from smalt.flows.tracing import export
        from smalt.flows.tracing.span import Caller, Span

        told = await request.body()
        span = Span("promptflow-feedback", "Feedback")
        caller = Caller.of(request.traceparent)
        if caller is not None:
            span.continues(caller)
        span.attributes["feedback"] = told.decode("utf-8", "replace")
        if b"flatten=true" in request.scope["query_string"].lower():
            with contextlib.suppress(ValueError):
                found = records.decode(told)
                span.attributes |= found if isinstance(found, dict) else {}
        span.end()
        export.queue([span])
        await request.answer_json({"status": "Feedback received."})


class Request:
    """A request, and the answer to it."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.headers: Mapping[bytes, str] = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self.traceparent = self.headers.get(b"traceparent")
        self.has_begun = False
        self._receive = receive
        self._send = send

    async def body(self) -> bytes:
        """All of the body.

        Raises:
            TooLarge: It is larger than a server should take.
        """
        message = await self._receive()
        found: bytes = message.get("body", b"")
        while message.get("more_body"):
            message = await self._receive()
            found += message.get("body", b"")
            if len(found) > _LONGEST_BODY:
                raise TooLarge(f"The body has more than {_LONGEST_BODY} bytes. Send less.")
        return found

    async def gone(self) -> None:
        """Return when the caller has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer_json(self, document: object, *, status: int = 200) -> None:
        """Answer with a document."""
        await self.answer(records.encode(document), status=status)

    async def answer(
        self, content: bytes, *, status: int = 200, kind: bytes = _JSON, more: Pairs | None = None
    ) -> None:
        """Answer with bytes."""
        headers: Pairs = [(b"content-type", kind), (b"content-length", b"%d" % len(content)), *self._echoed()]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        await self._begin(status, headers + (more or []))
        await self._send({"type": "http.response.body", "body": content})

    async def answer_events(self, events: AsyncIterator[bytes]) -> None:
        """Answer with events, each sent when it is there. A failure in the middle is told as an event."""
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await self._begin(200, [*headers, *self._echoed()])
        try:
            async for event in events:
                await self._send({"type": "http.response.body", "body": event, "more_body": True})
        except Exception as error:
            _log.exception("a stream broke off")
            await self._send(
                {
                    "type": "http.response.body",
                    "body": _event(_error(LineFailed(f"{type(error).__name__}: {error}", is_users=True))),
                    "more_body": True,
                }
            )
        await self._send({"type": "http.response.body", "body": b""})

    async def _begin(self, status: int, headers: Pairs) -> None:
        self.has_begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    def _echoed(self) -> Pairs:
        names = (b"x-request-id", b"x-ms-client-request-id")
        return [(name, self.headers[name].encode("latin-1")) for name in names if name in self.headers]


async def _unless_gone(work: Any, request: Request) -> Any:  # Any: what the work answers
    """Do the work, but not for a caller that has left."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
    if not done:
        gone = asyncio.ensure_future(request.gone())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
        finally:
            gone.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        raise LineFailed("The caller has left before the flow answered.", is_users=True) from None


def _event(document: object) -> bytes:
    return b"data: " + records.encode(document) + b"\n\n"


def _error(error: SmaltError) -> dict[str, Any]:  # Any: JSON
    wide = "UserError" if error.status < 500 else "SystemError"
    told: dict[str, Any] = {"code": wide, "message": error.message}  # Any: JSON
    narrow = type(error).__name__
    if narrow != "LineFailed":
        told["innerError"] = {"code": narrow}
    return {"error": told}


def _version() -> str:
    return metadata.version("smalt")
