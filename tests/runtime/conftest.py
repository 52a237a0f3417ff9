"""A small blob store behind real HTTP, with faults on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

CONTAINER = "/blob/box"
TOKEN = "job-token"
PAGE = 2


class BlobStore:
    """Blobs in memory, served in pages of two; `faults` are used up one per request."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.blocks: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.writes: list[str] = []
        self.lock = threading.Lock()
        self.url = ""

    def fault(self) -> str | None:
        with self.lock:
            return self.faults.pop(0) if self.faults else None


class Handler(BaseHTTPRequestHandler):
    """Speaks the protocol; derived per store."""

    store: BlobStore

    def log_message(self, *_: object) -> None:
        return

    def answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def parse(self) -> tuple[str, dict[str, list[str]]] | None:
        parts = urlsplit(self.path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(403)
            return None
        return unquote(parts.path).removeprefix(CONTAINER).removeprefix("/"), parse_qs(parts.query)

    def do_HEAD(self) -> None:
        if parsed := self.parse():
            blob = self.store.blobs.get(parsed[0])
            self.answer(404) if blob is None else self.answer(200, length=len(blob))

    def do_GET(self) -> None:
        if not (parsed := self.parse()):
            return
        key, query = parsed
        fault = self.store.fault()
        if fault == "busy":
            self.answer(503)
        elif query.get("comp") == ["list"]:
            self.list(query)
        elif key not in self.store.blobs:
            self.answer(404)
        else:
            start, end = self.headers["Range"].removeprefix("bytes=").split("-")
            piece = self.store.blobs[key][int(start) : int(end) + 1]
            sent = piece[: len(piece) // 2] if fault == "break" else piece
            self.answer(206, sent, length=len(piece))
            self.close_connection = True

    def list(self, query: dict[str, list[str]]) -> None:
        names = sorted(name for name in self.store.blobs if name.startswith(query.get("prefix", [""])[0]))
        start = int(query.get("marker", ["0"])[0])
        shown = names[start : start + PAGE]
        after = str(start + PAGE) if start + PAGE < len(names) else ""
        blobs = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties><Content-Length>{len(self.store.blobs[name])}"
            "</Content-Length></Properties></Blob>"
            for name in shown
        )
        text = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{after}</NextMarker></EnumerationResults>"
        self.answer(200, text.encode())

    def do_PUT(self) -> None:
        if not (parsed := self.parse()):
            return
        key, query = parsed
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.store.fault() == "busy":
            self.answer(500)
            return
        kind = query.get("comp", ["blob"])[0]
        with self.store.lock:
            self.store.writes.append(kind)
            if kind == "block":
                self.store.blocks[query["blockid"][0]] = body
            elif kind == "blocklist":
                self.store.blobs[key] = b"".join(
                    self.store.blocks[each] for each in sorted(self.store.blocks) if each.encode() in body
                )
            else:
                self.store.blobs[key] = body
        self.answer(201)


@pytest.fixture
def store() -> Iterator[BlobStore]:
    store = BlobStore()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"store": store}))
    store.url = f"http://127.0.0.1:{server.server_port}{CONTAINER}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield store
    server.shutdown()
    thread.join()
    server.server_close()
