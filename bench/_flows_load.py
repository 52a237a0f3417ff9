"""Asks a served flow from many connections at once: requests per second, and how long the slowest took.

python bench/_flows_load.py URL BODY SECONDS CONNECTIONS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit


async def ask(host: str, port: int, request: bytes, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:20], head
        lower = head.lower()
        length = next(int(line[15:]) for line in lower.split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
        if b"connection: close" in lower or head.startswith(b"HTTP/1.0"):
            writer.close()
            reader, writer = await asyncio.open_connection(host, port)
    writer.close()


async def main() -> None:
    url, body, seconds, connections = sys.argv[1], sys.argv[2].encode(), float(sys.argv[3]), int(sys.argv[4])
    place = urlsplit(url)
    head = (
        f"POST {place.path} HTTP/1.1\r\nhost: {place.netloc}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    times: list[float] = []
    began = time.perf_counter()
    asked = (
        ask(str(place.hostname), int(place.port or 80), head.encode() + body, began + seconds, times)
        for _ in range(connections)
    )
    await asyncio.gather(*asked)
    whole = time.perf_counter() - began
    times.sort()
    print(json.dumps({"rps": len(times) / whole, "p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}))


asyncio.run(main())
