"""One request on its way: from the caller's connection to a worker and back."""

from __future__ import annotations

import time
from typing import Protocol

from smalt.gateway import heads
from smalt.gateway.asked import LARGEST_BYTES, Asked
from smalt.gateway.link import Header, Link, Place
from smalt.gateway.pool import Pool
from smalt.gateway.quotas import TAIL_BYTES, Quotas, tokens_in
from smalt.gateway.refusal import Refusal
from smalt.gateway.site import Site
from smalt.gateway.table import WorkerEntry

STREAMED_BYTES = 256 << 10
"""Larger bodies go to the worker as they come; smaller ones when they are whole: a slow caller then holds no worker."""

_LYING_BYTES = 16 << 10
_MOST_TRIES = 3


class Caller(Protocol):
    """A caller's connection, as the request sees it that is answered on it."""

    def write(self, content: bytes) -> None:
        """Send a part of the present answer."""

    def pause(self) -> None:
        """Take no more from the caller for now."""

    def resume(self) -> None:
        """Go on."""

    def abort(self) -> None:
        """End the connection in the middle of an answer."""

    def on_answered(self, exchange: Exchange) -> None:
        """The present request has its answer; the next one begins."""


class Exchange(Asked):
    """A request and its answer.

    Attributes:
        client: Who asks, until it is answered.
        is_over: Whether the caller has all that it will get.
        is_waiting: Whether it stands in the queue of its deployment.
        quotas: Where it is counted.
        queued_at: When it began to wait for a worker; 0 while it has not.
        moved_at: When the worker last did something about it.
    """

    client: Caller | None
    queued_at = 0.0
    is_over = False
    is_begun = False
    is_submitted = False
    is_waiting = False
    quotas: Quotas | None = None
    _expected: int | None = None
    _is_chunked_up = False
    _link: Link | None = None
    _framing = ""
    _has_head = False
    _copy_to: str | None = None
    _refusal: Refusal | None = None
    _tries = 0
    _tail = b""
    _keeps_tail = False
    _is_given_back = False

    def __init__(self, site: Site, client: Caller | None) -> None:
        super().__init__()
        self.site = site
        self.client = client
        self.moved_at = self.began_at
        self._out: list[bytes] = []

    def begin(self) -> None:
        """The head is whole: find out who asks for what, and refuse what can be refused now."""
        self.is_begun = True
        self.request_id = self.id_of_head()
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
        if self._expected and self.expects_word and self.client is not None:
            self.client.write(b"HTTP/1.1 100 Continue\r\n\r\n")

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
        endpoint = found[0]
        chosen = endpoint.router.choose(self.header(b"azureml-model-deployment"))
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

    @property
    def may_lie(self) -> bool:
        """Whether it may wait at a worker: it is whole and small, so that it can be sent again."""
        return self.is_uploaded and not self.is_copy and self.body_size <= _LYING_BYTES

    def withdraw(self, worker: Place) -> bool:
        """Leave a worker that has not begun with it; whether that is so."""
        if self._link is None or self._link.worker is not worker or not self._link.withdraw():
            return False
        self._link = None
        return True

    def request_bytes(self, worker: WorkerEntry) -> bytes:
        """The request for a worker, as much of it as is here."""
        body = b"".join(self.body)
        self.body = [body] if self.is_uploaded else []
        self._is_chunked_up = not self.is_uploaded and self._expected is None
        self._tries += 1
        length = len(body) if self.is_uploaded else self._expected
        return heads.for_worker(self, worker, length=length) + (self._up(body) if body else b"")

    def on_head(self, status: int, headers: list[Header]) -> None:
        """The worker has begun to answer."""
        is_not_begun = status == 503 and any(name == heads.NOT_BEGUN for name, _ in headers)
        if is_not_begun and self._tries < _MOST_TRIES and self._is_all_here:
            self._is_given_back = True
            if self._link is not None:
                self._link.worker.forget_pace()
            return
        self.moved_at = self.answered_at = time.monotonic()
        self.model_status = status
        self._has_head = True
        self.answer_headers = headers
        begun = heads.of_worker(status, headers)
        self.tokens = begun.tokens
        self._keeps_tail = begun.tells_at_end or (self.quotas is not None and self.quotas.counts_tokens)
        self._begin_answer(begun)

    def on_piece(self, piece: bytes) -> None:
        """More of the answer."""
        if self._is_given_back:
            return
        self.moved_at = time.monotonic()
        self.answer_size += len(piece)
        if self.kept_answer is not None and self.answer_size <= LARGEST_BYTES:
            self.kept_answer.append(piece)
        if self._keeps_tail:
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
        if self._is_given_back and self.pool is not None:
            self._is_given_back = False
            self.pool.take_back(self)
            return
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
        if self._has_head:
            self.code = "WorkerLost"
            self._break()
            return
        if was_unread and self._is_all_here and self.pool:
            self.pool.take_back(self)  # Until it has waited too long there; nobody has begun with it.
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
        self._begin_answer(heads.of_gateway(status, len(body), headers, kind))
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
        return length is not None and 0 < int(length) <= STREAMED_BYTES and not self.expects_word

    @property
    def _is_all_here(self) -> bool:
        """Whether it can be sent again: of a body that went to a worker as it came, nothing was kept."""
        return self.is_uploaded and sum(map(len, self.body)) == self.body_size

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

    def _begin_answer(self, begun: heads.Begun) -> None:
        self.status = begun.status
        self._framing = heads.framing(self, begun.length)
        if not self.is_uploaded or self._framing == "close":
            self.keeps_alive = False  # What is still to come of the request will not be read.
        told = self.quotas.told(self.caller) if self.quotas is not None else ()
        self._out.append(heads.whole(self, begun, self._framing, told))

    def _let_go(self, *, abort: bool) -> None:
        """Leave the queue or the worker. Without `abort` the worker finishes, and its place stays taken until then."""
        if self.pool is not None:
            self.pool.forget(self)
        link, self._link = self._link, None
        if link is None or (not abort and link.withdraw()):
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
        if self._tail:
            self.tokens = self.tokens or tokens_in(self._tail)
        if self.quotas is not None:
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
