"""What all connections of a gateway share: the fleet, the logs, the gateway's own pages, and the end."""

from __future__ import annotations

import hmac
import json
import os
import time
from typing import Protocol

from smalt.gateway import metrics
from smalt.gateway.access_log import AccessLog
from smalt.gateway.asked import Asked
from smalt.gateway.capture import Capturer
from smalt.gateway.fleet import Fleet
from smalt.gateway.tracing import Tracer
from smalt.kit import clock

Own = tuple[int, bytes, tuple[tuple[bytes, bytes], ...], bytes]
_JSON = b"application/json"


class Connected(Protocol):
    """A caller's connection, as it is kept count of."""

    def close_if_idle(self) -> bool:
        """Close it if nothing is asked on it; whether that is so."""

    def check(self, now: float) -> None:
        """Close it if it does not move."""

    def abort(self) -> None:
        """Close it at once."""


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
        access_log: AccessLog,
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
        self.clients: set[Connected] = set()
        self._access_log = access_log
        self._most_clients = most_clients
        self._expected = f"Bearer {token}".encode()

    def connected(self, client: Connected) -> bool:
        """A caller came; False when there is no room, not even by closing a connection that nobody uses."""
        if len(self.clients) >= self._most_clients and not any(each.close_if_idle() for each in self.clients):
            return False
        self.clients.add(client)
        return True

    def disconnected(self, client: Connected) -> None:
        """A caller went."""
        self.clients.discard(client)

    def answer_own(self, asked: Asked) -> Own | None:
        """The answer to a request for a page of the gateway itself."""
        if asked.target.startswith(b"/endpoints/"):
            return None
        path = asked.target.partition(b"?")[0]
        if path == b"/healthz":
            content = {"status": "draining" if self.is_draining else "ok", "table": self.fleet.version}
            return 200, json.dumps(content).encode(), (), _JSON
        if path not in (b"/metrics", b"/stats"):
            return None
        if not hmac.compare_digest(asked.header(b"authorization") or b"", self._expected):
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
            state = {"in_flight": pool.scoring, "queued": pool.waiting, "capacity": pool.capacity}
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

    def finished(self, asked: Asked) -> None:
        """A request is over: count it, note it, capture it."""
        ended = time.monotonic()
        took = 1000 * (ended - asked.began_at)
        pool = asked.pool
        if pool is not None:
            tally = pool.tally
            scored = 1000 * (asked.answered_at - asked.sent_at) if asked.answered_at else 0.0
            if asked.model_status:
                tally.model_statuses[asked.model_status] += 1
            if not asked.is_copy:
                tally.statuses[asked.status] += 1
                tally.latency.add(took)
                if scored:
                    tally.overhead.add(max(0.0, took - scored))
                tally.tokens += asked.tokens
                tally.bytes_in += asked.body_size
                tally.bytes_out += asked.answer_size
            self.capturer.write(asked)
        self.tracer.end(asked)
        self._access_log.note(asked, took)
