"""Sends requests at a constant rate, whether or not the answers keep up, and measures from when each was due.

    python bench/_load.py URL --rate 500 --seconds 5 --body '{"data": [[1, 2, 3, 4]]}' [--header 'name: value']

Requests that find no free connection wait here and their wait counts, so a server that stalls cannot hide it. Prints
one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from array import array
from collections import Counter, deque
from typing import Any
from urllib.parse import urlsplit

import uvloop

TURN_SECONDS = 0.0005
PATIENCE_SECONDS = 3.0


class Connection(asyncio.Protocol):
    """One connection; reads as much of an answer as is needed to know where it ends."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._due = 0.0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: BaseException | None) -> None:
        self.transport = None
        if self._due:
            self._load.note("lost", self._due)
            self._due = 0.0
        self._load.lose(self)

    def send(self, due: float) -> None:
        self._due = due
        self.transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        head = buffer[:end].lower()
        at = head.find(b"content-length:")
        if at >= 0:
            line_end = head.find(b"\r", at)
            length = int(head[at + 15 : line_end if line_end >= 0 else None])
            is_whole = len(buffer) >= end + 4 + length
        else:
            is_whole = buffer.endswith(b"0\r\n\r\n")
        if not is_whole:
            self._buffer = buffer
            return
        self._buffer = b""
        due, self._due = self._due, 0.0
        self._load.note(head[9:12].decode(), due)
        if b"connection: close" in head:
            self.transport.close()
        else:
            self._load.free(self)


class Load:
    """A constant rate over a set of connections."""

    def __init__(self, url: str, body: bytes, headers: list[str], connections: int) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        lines = [f"POST {parts.path or '/'} HTTP/1.1", f"host: {parts.netloc}", "content-type: application/json",
                 f"content-length: {len(body)}", *headers]  # fmt: skip
        self.request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self._count = connections
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._latencies = array("d")
        self.results: Counter[str] = Counter()
        self._open = 0

    def note(self, result: str, due: float) -> None:
        self.results[result] += 1
        if result == "200":
            self._latencies.append(time.perf_counter() - due)

    def free(self, connection: Connection) -> None:
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle.append(connection)

    def lose(self, connection: Connection) -> None:
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        self._opening = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        try:
            _, made = await asyncio.get_running_loop().create_connection(lambda: Connection(self), self.host, self.port)
        except OSError:
            return
        self._open += 1
        self.free(made)

    async def run(self, rate: float, seconds: float) -> dict[str, Any]:
        await asyncio.gather(*(self._connect() for _ in range(self._count)))
        begun = time.perf_counter()
        total, sent = int(rate * seconds), 0
        while sent < total:
            now = time.perf_counter()
            while sent < total and begun + sent / rate <= now:
                due = begun + sent / rate
                sent += 1
                if self._idle:
                    self._idle.popleft().send(due)
                else:
                    self._waiting.append(due)
            await asyncio.sleep(TURN_SECONDS)
        until = time.perf_counter() + PATIENCE_SECONDS
        while sum(self.results.values()) < total and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        took = time.perf_counter() - begun
        found = sorted(self._latencies)
        self.results["unanswered"] = total - sum(self.results.values())
        return {
            "rate": rate,
            "answered_per_second": len(found) / max(took, seconds),
            "results": {name: count for name, count in self.results.items() if count},
            **{f"p{each}_ms": _percentile(found, each) for each in (50, 95, 99)},
        }


def _percentile(found: list[float], percent: float) -> float | None:
    return round(1000 * found[min(len(found) - 1, int(len(found) * percent / 100))], 2) if found else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--body", default="{}")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    load = Load(options.url, options.body.encode(), options.header, options.connections)
    print(json.dumps(uvloop.run(load.run(options.rate, options.seconds))))


if __name__ == "__main__":
    main()
