"""What all connections of a gateway share: the fleet, the logs, the gateway's own pages, and the end."""

from __future__ import annotations

import hmac
import json
import os
import time
from typing import TYPE_CHECKING

import msgspec

from smalt.gateway import metrics
from smalt.gateway.capture import Capturer
from smalt.gateway.fleet import Fleet
from smalt.gateway.lines import RotatedLines
from smalt.gateway.tracing import Tracer
from smalt.kit import clock

if TYPE_CHECKING:
    from smalt.gateway.client import Client
    from smalt.gateway.exchange import Exchange

Own = tuple[int, bytes, tuple[tuple[bytes, bytes], ...], bytes]
_JSON = b"application/json"
_UNNOTED = frozenset({b"/healthz", b"/metrics", b"/stats"})


class Site:
    """Shared by all connections.

    Args:
        token: Opens `/stats` and `/metrics`.
        access_log: Where requests are noted.
        capturer: The data collector.
        tracer: Spans.
        max_body_bytes: Where an endpoint has no limit of its own.
        most_clients: Connections of callers at once.
    """

    def __init__(
        self,
        *,
        token: str,
        access_log: RotatedLines,
        capturer: Capturer,
        tracer: Tracer,
        max_body_bytes: int,
        most_clients: int,
    ) -> None:
        self.fleet = Fleet()
        self.capturer = capturer
        self.tracer = tracer
        self.max_body_bytes = max_body_bytes
        self.is_draining = False
        self.clients: set[Client] = set()
        self._access_log = access_log
        self._most_clients = most_clients
        self._clock = _Clock()
        self._expected = f"Bearer {token}".encode()

    def connected(self, client: Client) -> bool:
        """A caller came; False when there is no room, not even by closing a connection that nobody uses."""
        if len(self.clients) >= self._most_clients and not any(each.close_if_idle() for each in self.clients):
            return False
        self.clients.add(client)
        return True

    def disconnected(self, client: Client) -> None:
        """A caller went."""
        self.clients.discard(client)

    def answer_own(self, exchange: Exchange) -> Own | None:
        """The answer to a request for a page of the gateway itself."""
        if exchange.target.startswith(b"/endpoints/"):
            return None
        path = exchange.target.partition(b"?")[0]
        if path == b"/healthz":
            content = {"status": "draining" if self.is_draining else "ok", "table": self.fleet.version}
            return 200, json.dumps(content).encode(), (), _JSON
        if path not in (b"/metrics", b"/stats"):
            return None
        if not hmac.compare_digest(exchange.header(b"authorization") or b"", self._expected):
            body = {"error": {"code": "Unauthorized", "message": "Send the token of the gateway (gateway.token)."}}
            return 401, json.dumps(body).encode(), ((b"www-authenticate", b"Bearer"),), _JSON
        if path == b"/metrics":
            text = metrics.render(self.fleet, len(self.clients))
            return 200, text.encode(), (), b"text/plain; version=0.0.4; charset=utf-8"
        return 200, json.dumps(self.stats()).encode(), (), _JSON

    def stats(self) -> dict[str, object]:
        """What the serving loop reads: counters that only grow, and the state of this moment."""
        deployments = []
        wanted = []
        for entry, name, pool in self.fleet.pools():
            names = {"workspace": entry.workspace, "endpoint": entry.name, "deployment": name}
            state = {"in_flight": len(pool.in_flight), "queued": len(pool.queue), "capacity": pool.capacity}
            idle = time.monotonic() - pool.asked_at
            state_idle = {"idle_seconds": round(idle, 3) if idle != float("inf") else None}
            deployments.append({**names, **state, **state_idle, **pool.tally.to_json()})
            if pool.entry.scale_to_zero and pool.is_wanted:
                wanted.append(names)
        return {
            "pid": os.getpid(),
            "at": clock.to_text(clock.now()),
            "table": self.fleet.version,
            "connections": len(self.clients),
            "deployments": deployments,
            "wanted": wanted,
        }

    def finished(self, exchange: Exchange) -> None:
        """A request is over: count it, note it, capture it."""
        ended = time.monotonic()
        took = 1000 * (ended - exchange.began_at)
        pool = exchange.pool
        if pool is not None:
            tally = pool.tally
            scored = 1000 * (exchange.answered_at - exchange.sent_at) if exchange.answered_at else 0.0
            if exchange.model_status:
                tally.model_statuses[exchange.model_status] += 1
            if not exchange.is_copy:
                tally.statuses[exchange.status] += 1
                tally.latency.add(took)
                if scored:
                    tally.overhead.add(max(0.0, took - scored))
                tally.tokens += exchange.tokens
                tally.bytes_in += exchange.body_size
                tally.bytes_out += exchange.answer_size
            self.capturer.write(exchange)
        self.tracer.end(exchange)
        self._note(exchange, took)

    def _note(self, exchange: Exchange, took: float) -> None:
        target = exchange.target.partition(b"?")[0]
        if target in _UNNOTED:
            return
        entry = exchange.endpoint.entry if exchange.endpoint is not None else None
        line = Line(
            time=self._clock.text(),
            id=exchange.request_id.decode("latin-1"),
            method=exchange.method.decode("latin-1"),
            path=(exchange.path or target).partition(b"?")[0][:256].decode("latin-1"),
            status=exchange.status,
            ms=round(took, 3),
            bytes_in=exchange.body_size,
            bytes_out=exchange.answer_size,
            workspace=entry.workspace if entry else None,
            endpoint=entry.name if entry else None,
            deployment=exchange.deployment or None,
            model_status=exchange.model_status or None,
            code=exchange.code or None,
            caller=exchange.caller or None,
            model_ms=round(1000 * (exchange.answered_at - exchange.sent_at), 3) if exchange.answered_at else None,
            trace=exchange.span.trace_id.decode() if exchange.span is not None else None,
            copy=exchange.is_copy or None,
            tokens=exchange.tokens or None,
        )
        self._access_log.write(msgspec.json.encode(line) + b"\n")


class Line(msgspec.Struct, omit_defaults=True):
    """A line of the access log."""

    time: str
    id: str
    method: str
    path: str
    status: int
    ms: float
    bytes_in: int
    bytes_out: int
    workspace: str | None = None
    endpoint: str | None = None
    deployment: str | None = None
    model_status: int | None = None
    code: str | None = None
    caller: str | None = None
    model_ms: float | None = None
    trace: str | None = None
    copy: bool | None = None
    tokens: int | None = None


class _Clock:
    """The present moment as text; most of it is the same for a whole second."""

    def __init__(self) -> None:
        self._second = 0
        self._prefix = ""

    def text(self) -> str:
        nanoseconds = time.time_ns()
        second, rest = divmod(nanoseconds, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._prefix = clock.to_text(clock.from_millis(1000 * second))[:-7]
        return f"{self._prefix}{rest // 1000:06d}Z"
