"""One request on its way: from the caller's connection to a worker and back."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smalt.gateway.capture import LARGEST_BYTES
from smalt.gateway.quotas import TAIL_BYTES, TOKENS, tokens_in
from smalt.gateway.refusal import Refusal, status_line
from smalt.gateway.tracing import Span

if TYPE_CHECKING:
    from smalt.gateway.client import Client
    from smalt.gateway.fleet import Endpoint
    from smalt.gateway.link import Link
    from smalt.gateway.pool import Pool
    from smalt.gateway.quotas import Quotas
    from smalt.gateway.site import Site

Header = tuple[bytes, bytes]

STREAMED_BYTES = 256 << 10
"""Larger bodies go to the worker as they come; smaller ones when they are whole: a slow caller then holds no worker."""

_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade "
    b"proxy-connection".split()
)
_OURS = _HOP | frozenset(b"authorization host content-length expect x-request-id traceparent x-smalt-secret".split())
_NOT_BACK = _HOP | frozenset(b"content-length x-request-id x-smalt-refused azureml-model-deployment".split())
_ID = re.compile(rb"[\x21-\x7e]{1,100}")
_MOST_TRIES = 3
_SCORE = b"/score"
_REFUSED_BY_SCORER = frozenset({400, 404, 405, 408, 413, 415, 422, 429, 431, 503})


class Exchange:
    """A request and its answer.

    Attributes:
        is_over: Whether the caller has all that it will get.
        is_waiting: Whether it stands in the queue of its deployment.
        quotas: Where it is counted.
        tokens: How many its answer says that it took.
        is_uploaded: Whether all of the request has come in.
        is_copy: Whether it is a mirrored one, whose answer nobody reads.
        queued_at: When it began to wait for a worker; 0 while it has not.
        sent_at: When it was given to a worker.
        moved_at: When the worker last did something about it.
    """

    is_copy = False

    # Most of this is the same for most requests: what is not set stays with the class.
    client: Client | None
    method = b""
    target = b""
    is_http10 = False
    keeps_alive = True
    queued_at = 0.0
    sent_at = 0.0
    answered_at = 0.0
    is_over = False
    is_uploaded = False
    is_begun = False
    is_submitted = False
    is_waiting = False
    status = 0
    model_status = 0
    code = ""
    caller = ""
    request_id = b""
    endpoint: Endpoint | None = None
    quotas: Quotas | None = None
    tokens = 0
    deployment = ""
    pool: Pool | None = None
    span: Span | None = None
    path = b""
    body_size = 0
    answer_size = 0
    answer_headers: Sequence[Header] = ()
    kept_answer: list[bytes] | None = None
    keeps_body = False
    _expected: int | None = None
    _is_chunked_up = False
    _link: Link | None = None
    _framing = ""
    _has_head = False
    _copy_to: str | None = None
    _refusal: Refusal | None = None
    _tries = 0
    _named: dict[bytes, bytes] | None = None
    _has_ms_id = False
    _tail = b""

    def __init__(self, site: Site, client: Client | None) -> None:
        self.site = site
        self.client = client
        self.headers: list[Header] = []
        self.body: list[bytes] = []
        self.began_at = self.moved_at = time.monotonic()
        self._out: list[bytes] = []

    def begin(self) -> None:
        """The head is whole: find out who asks for what, and refuse what can be refused now."""
        self.is_begun = True
        self.request_id = self._id()
        if self.header(b"content-length") in (None, b"0") and self.header(b"transfer-encoding") is None:
            self.is_uploaded = True
        found = self.site.answer_own(self)
        if found is not None:
            self.answer(*found)
            return
        refusal = self._admit()
        if refusal is not None and self._is_soon_here():
            self._refusal = refusal
            return
        if refusal is not None:
            self.refuse(refusal)
            return
        if self._expected and (b"100-continue" in (self.header(b"expect") or b"").lower()) and self.client is not None:
            self.client.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, once the head is whole."""
        if self._named is None:
            self._named = dict(reversed(self.headers))
        return self._named.get(name)

    def on_request_piece(self, piece: bytes) -> None:
        """More of the body has come in."""
        if self.is_over:
            return
        self.moved_at = time.monotonic()
        self.body_size += len(piece)
        if self._refusal is not None:
            return
        if self.is_begun and self.body_size > self.limit():
            self.refuse(self._too_large())
            return
        if self._link is not None:
            self._link.send(self._up(piece))
        else:
            self.body.append(piece)
            # What is to be captured is kept whole, as far as it would be written.
            most = LARGEST_BYTES if self.keeps_body else STREAMED_BYTES
            if self.body_size > most and self.is_begun and not self.is_submitted:
                self._submit()

    def on_request_end(self) -> None:
        """All of the request is here."""
        self.is_uploaded = True
        self.moved_at = time.monotonic()
        if self.is_over or not self.is_begun:
            return
        if self._refusal is not None:
            self.refuse(self._refusal)
            return
        if self._link is not None:
            if self._is_chunked_up:
                self._link.send(b"0\r\n\r\n")
        elif not self.is_submitted:
            self._submit()

    def go(self) -> None:
        """Begin, for a request that had to wait for the one before it on the same connection."""
        self.begin()
        if not self.is_over and self.is_uploaded:
            if self.body_size > self.limit():
                self.refuse(self._too_large())
            else:
                self.on_request_end()

    def go_elsewhere(self) -> None:
        """The deployment has gone before it had this: look again where a new request would go."""
        found = self.site.fleet.find(self.target)
        if isinstance(found, Refusal):
            self.refuse(found)
            return
        self.reroute(found[0])

    def reroute(self, endpoint: Endpoint) -> None:
        """The deployment was deleted before it had this: go where a new request would go."""
        named = self.header(b"azureml-model-deployment")
        chosen = endpoint.router.choose(named)
        if isinstance(chosen, Refusal):
            self.refuse(chosen)
            return
        self.endpoint, self.deployment, self.pool = endpoint, chosen, endpoint.pools[chosen]
        self.pool.submit(self)

    def limit(self) -> int:
        """The largest body that is taken."""
        own = self.endpoint.entry.limits.max_body_bytes if self.endpoint is not None else None
        return own if own is not None else self.site.max_body_bytes

    def attach(self, link: Link) -> None:
        """Go to a worker over a connection."""
        self._link = link
        self.sent_at = self.moved_at = time.monotonic()
        if self.pool is not None:
            # Behind those that were sent before, though it may have connected first.
            self.pool.in_flight.pop(self, None)
            self.pool.in_flight[self] = None
        link.start(self)

    def request_bytes(self) -> bytes:
        """The request for the worker, as much of it as is here."""
        entry = self._link.worker.entry if self._link is not None else None
        route = entry.route if entry is not None else None
        path = self.path if route is None else _routed(self.path, route)
        lines = [b"%b %b HTTP/1.1\r\nhost: scorer\r\nx-request-id: %b\r\n" % (self.method, path, self.request_id)]
        if route is not None:  # When it closes one that is kept open is not ours to know, and a request may cross that.
            lines.append(b"connection: close\r\n")
        lines += [b"%b: %b\r\n" % each for each in self.headers if each[0] not in _OURS]
        if entry is not None and entry.secret is not None:
            lines.append(b"x-smalt-secret: %b\r\n" % entry.secret.encode())
        if self.span is not None:
            lines.append(b"traceparent: %b\r\n" % self.span.parent_header())
        body = b"".join(self.body)
        if self.is_uploaded:
            lines.append(b"content-length: %d\r\n\r\n" % len(body))
        elif self._expected is not None:
            lines.append(b"content-length: %d\r\n\r\n" % self._expected)
        else:
            self._is_chunked_up = True
            lines.append(b"transfer-encoding: chunked\r\n\r\n")
            body = self._up(body) if body else b""
        self.body = [body] if self.is_uploaded else []
        self._tries += 1
        lines.append(body)
        return b"".join(lines)

    def on_head(self, status: int, headers: list[Header]) -> None:
        """The worker has begun to answer."""
        self.moved_at = self.answered_at = time.monotonic()
        self.model_status = status
        self._has_head = True
        self.answer_headers = headers
        lines = [b""]
        length: bytes | None = None
        refused = False
        for name, value in headers:
            if name not in _NOT_BACK:
                lines.append(b"%b: %b\r\n" % (name, value))
                if name == b"x-ms-request-id":
                    self._has_ms_id = True
                elif name == TOKENS and value.isdigit():
                    self.tokens = int(value[:12])
            elif name == b"content-length":
                length = value
            elif name == b"x-smalt-refused":
                refused = True
        if refused and status in _REFUSED_BY_SCORER:
            self.status = status
        else:
            self.status = status if 200 <= status < 300 else 424
        lines[0] = status_line(self.status)
        if not 200 <= status < 300:
            lines.append(b"ms-azureml-model-error-statuscode: %d\r\nms-azureml-model-error-reason: %b\r\n"
                         % (status, b"refused_input" if refused else b"model_error"))  # fmt: skip
        self._finish_head(lines, length)

    def on_piece(self, piece: bytes) -> None:
        """More of the answer."""
        self.moved_at = time.monotonic()
        self.answer_size += len(piece)
        if self.kept_answer is not None and self.answer_size <= LARGEST_BYTES:
            self.kept_answer.append(piece)
        if self.quotas is not None and self.quotas.counts_tokens:
            self._tail = (self._tail + piece[-TAIL_BYTES:])[-TAIL_BYTES:]
        if self._framing == "chunked":
            self._out.append(b"%x\r\n%b\r\n" % (len(piece), piece))
        elif self._framing:
            self._out.append(piece)

    def on_end(self) -> None:
        """The answer is whole."""
        if self._framing == "chunked":
            self._out.append(b"0\r\n\r\n")

    def on_released(self) -> None:
        """The worker is free again."""
        self._link = None
        self._close()

    def flush(self) -> None:
        """Write what has come."""
        if self._out and self.client is not None:
            self.client.write(b"".join(self._out) if len(self._out) > 1 else self._out[0])
        self._out = []

    def on_link_lost(self, *, was_unread: bool) -> None:
        """The worker is gone in the middle of it, or before it had read the request."""
        self._link = None
        if self.is_over:
            return
        if was_unread and not self._has_head and self.is_uploaded and self._tries < _MOST_TRIES and self.pool:
            self.pool.take_back(self)
            return
        if self._has_head:
            self.code = "WorkerLost"
            self._break()
            return
        message = (
            "The process that was scoring this request ended. It may be sent again, if scoring twice does no harm."
        )
        self.refuse(Refusal(502, "WorkerLost", message))

    def on_client_lost(self) -> None:
        """The caller is gone."""
        if self.is_over:
            return
        self.code = "ClientGone"
        self.status = self.status or 499
        self._let_go(abort=self._has_head or not self.is_uploaded)
        self._close()

    def give_up(self, limit_seconds: float) -> None:
        """The worker takes too long."""
        if self._has_head:
            self.code = "RequestTimeout"
            self._let_go(abort=True)
            self._break()
            return
        self._let_go(abort=not self.is_uploaded)
        message = f"The deployment did not answer within {1000 * limit_seconds:g} ms (request_timeout_ms)."
        self.refuse(Refusal(408, "RequestTimeout", message))

    def refuse(self, refusal: Refusal) -> None:
        """Answer without a worker."""
        if self.is_over:
            return
        self.code = refusal.code
        if self.pool is not None:
            self.pool.tally.refusals[refusal.code] += 1
        self._let_go(abort=not self.is_uploaded)
        self.answer(refusal.status, refusal.body(), refusal.headers)

    def answer(
        self, status: int, body: bytes, headers: tuple[Header, ...] = (), kind: bytes = b"application/json"
    ) -> None:
        """Answer with what we have."""
        self.status = status
        lines = [status_line(status), b"content-type: %b\r\n" % kind]
        lines += [b"%b: %b\r\n" % each for each in headers]
        self._finish_head(lines, b"%d" % len(body))
        if self._framing:
            self._out.append(body)
        self.answer_size = len(body)
        self.flush()
        self._close()

    def pause_request(self) -> None:
        """The worker takes the body more slowly than it comes in."""
        if self.client is not None:
            self.client.pause()

    def resume_request(self) -> None:
        """It goes on."""
        if self.client is not None:
            self.client.resume()

    def pause_answer(self) -> None:
        """The caller takes the answer more slowly than it comes."""
        if self._link is not None:
            self._link.pause()

    def resume_answer(self) -> None:
        """It goes on."""
        self.moved_at = time.monotonic()
        if self._link is not None:
            self._link.resume()

    def _is_soon_here(self) -> bool:
        """Whether a refusal can wait for the body, so that the connection stays usable for the next request."""
        length = self.header(b"content-length")
        expects = b"100-continue" in (self.header(b"expect") or b"").lower()
        return length is not None and 0 < int(length) <= STREAMED_BYTES and not expects

    def _id(self) -> bytes:
        found = self.header(b"x-request-id")
        return found if found is not None and _ID.fullmatch(found) else os.urandom(16).hex().encode()

    def _admit(self) -> Refusal | None:
        found = self.site.fleet.find(self.target)
        if isinstance(found, Refusal):
            return found
        self.endpoint, self.path = found
        caller = self.endpoint.access.check(self.header(b"authorization"))
        if isinstance(caller, Refusal):
            return caller
        self.caller = caller
        refusal = self.endpoint.quotas.enter(caller)
        if refusal is not None:
            return refusal
        self.quotas = self.endpoint.quotas
        named = self.header(b"azureml-model-deployment")
        chosen = self.endpoint.router.choose(named)
        if isinstance(chosen, Refusal):
            return chosen
        self.deployment = chosen
        self.pool = self.endpoint.pools[chosen]
        self._copy_to = self.endpoint.router.copy_to(chosen) if named is None else None
        self.span = self.site.tracer.begin(self)
        collects, keeps_answer = self.site.capturer.wants(self)
        self.keeps_body = collects or self._copy_to is not None
        self.kept_answer = [] if keeps_answer else None
        length = self.header(b"content-length")
        self._expected = int(length) if length is not None else None
        return self._too_large() if self._expected is not None and self._expected > self.limit() else None

    def _too_large(self) -> Refusal:
        return Refusal(413, "RequestTooLarge", f"The body has more than {self.limit()} bytes. Send less at once.")

    def _submit(self) -> None:
        assert self.pool is not None
        assert self.endpoint is not None
        self.is_submitted = True
        if self.pool.is_closed:  # The deployment has gone while the body came in.
            self.go_elsewhere()
            return
        mirrored = self.endpoint.pools.get(self._copy_to) if self._copy_to is not None else None
        if mirrored is not None:
            self._mirror(mirrored)
        self.pool.submit(self)

    def _mirror(self, pool: Pool) -> None:
        """Send a copy to another deployment, off the way of this one."""
        copy = Copy(self)
        is_sent = self.is_uploaded and pool.submit_copy(copy)
        pool.tally.copies["sent" if is_sent else "left_out"] += 1

    def _up(self, piece: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(piece), piece) if self._is_chunked_up else piece

    def _finish_head(self, lines: list[bytes], length: bytes | None) -> None:
        """End the head and decide how the end of the body will be told."""
        if not self.is_uploaded:
            self.keeps_alive = False  # The rest of the request is still to come and will not be read.
        has_body = self.method != b"HEAD" and self.status not in (204, 304)
        if length is not None:
            lines.append(b"content-length: %b\r\n" % length)
            self._framing = "length" if has_body else ""
        elif not has_body:
            self._framing = ""
        elif self.is_http10:
            self._framing, self.keeps_alive = "close", False
        else:
            lines.append(b"transfer-encoding: chunked\r\n")
            self._framing = "chunked"
        if self.deployment:
            lines.append(b"azureml-model-deployment: %b\r\n" % self.deployment.encode("latin-1", "replace"))
        if self.quotas is not None:
            lines += [b"%b: %b\r\n" % each for each in self.quotas.told(self.caller)]
        if not self._has_ms_id:
            lines.append(b"x-ms-request-id: %b\r\n" % self.request_id)
        lines.append(b"x-request-id: %b\r\n" % self.request_id)
        lines.append(b"connection: keep-alive\r\n\r\n" if self.keeps_alive and self.is_http10
                     else b"\r\n" if self.keeps_alive else b"connection: close\r\n\r\n")  # fmt: skip
        self._out.append(b"".join(lines))

    def _let_go(self, *, abort: bool) -> None:
        """Leave the queue or the worker. Without `abort` the worker finishes, and its place stays taken until then."""
        if self.pool is not None:
            self.pool.forget(self)
        link, self._link = self._link, None
        if link is None:
            return
        link.leave()
        if abort:
            link.close()

    def _break(self) -> None:
        """End an answer that is not whole, so that the caller can see that."""
        self.keeps_alive = False
        if self.client is not None:
            self.client.abort()
        self._close()

    def _close(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self.pool is not None:
            self.pool.done(self)
        if self.quotas is not None:
            self.tokens = self.tokens or tokens_in(self._tail)
            self.quotas.leave(self.caller, self.tokens)
        self.site.finished(self)
        client, self.client = self.client, None
        if client is not None:
            client.on_answered(self)


class Copy(Exchange):
    """A mirrored request."""

    is_copy = True

    def __init__(self, original: Exchange) -> None:
        super().__init__(original.site, None)
        assert original.endpoint is not None
        self.method, self.path, self.headers = original.method, original.path, original.headers
        self.target = original.target
        self.body = list(original.body)
        self.body_size = original.body_size
        self.request_id = original.request_id
        self.is_uploaded = self.is_begun = True
        self.endpoint = original.endpoint
        self.deployment = original._copy_to or ""
        self.pool = original.endpoint.pools[self.deployment]
        self.caller = original.caller
        collects, keeps_answer = self.site.capturer.wants(self)
        self.keeps_body = collects
        self.kept_answer = [] if keeps_answer else None


def _routed(path: bytes, route: str) -> bytes:
    """What `/score` is called at the server of an image, and what is below it; everything else is called the same."""
    if path != _SCORE and path[: len(_SCORE) + 1] not in (_SCORE + b"/", _SCORE + b"?"):
        return path
    rest = path[len(_SCORE) :]
    return (route.rstrip("/") if rest.startswith(b"/") else route).encode() + rest
