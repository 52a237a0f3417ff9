"""A hub of Hugging Face's kind over a folder of models, for the time of a block."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef"


class Hub:
    """What the hub serves, and what it was asked.

    Attributes:
        url: Where it is.
        damaged: Names of files that it sends with a byte changed.
        cut: Names of files of which it sends the first half of what is asked, once each.
    """

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.url = f"http://127.0.0.1:{port}"
        self.damaged: set[str] = set()
        self.cut: set[str] = set()
        self.asked: list[str] = []


@contextmanager
def serving(root: Path) -> Iterator[Hub]:
    """A hub whose models are the folders `<owner>/<name>` below `root`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(path)
            if path.startswith("/api/models/"):
                self._describe(root / path.removeprefix("/api/models/").partition("/revision/")[0])
            else:
                model, _, rest = path.lstrip("/").partition("/resolve/")
                self._send(root / model / rest.partition("/")[2])

        def _describe(self, folder: Path) -> None:
            if not folder.is_dir():
                self.send_error(404)
                return
            files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
            body = {"sha": COMMIT, "siblings": [_sibling(folder, path) for path in files]}
            self._answer(200, json.dumps(body).encode())

        def _send(self, path: Path) -> None:
            content = path.read_bytes()
            if path.name in hub.damaged:
                content = content[:-1] + bytes([content[-1] ^ 1])
            first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            status = 206 if first else 200
            if path.name in hub.cut:
                hub.cut.discard(path.name)
                self._answer(status, content[first:], told=len(content) - first, sent=(len(content) - first) // 2)
            else:
                self._answer(status, content[first:])

        def _answer(self, status: int, body: bytes, *, told: int | None = None, sent: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if told is None else told))
            self.end_headers()
            self.wfile.write(body[:sent])

        def log_message(self, *_: Any) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub = Hub(root, server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def _sibling(folder: Path, path: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"rfilename": path.relative_to(folder).as_posix()}
    if path.suffix == ".safetensors":
        told["lfs"] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return told
