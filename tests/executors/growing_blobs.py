"""A small blob store behind real HTTP whose blobs are files of a folder and may grow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from smalt.blobs import LocalBlobStore
from smalt.errors import SmaltError


class _Handler(BaseHTTPRequestHandler):
    store: LocalBlobStore
    token: str

    def log_message(self, *_: object) -> None:
        return

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix("/blob/box/")
        try:
            status, content, length = self._do(key, parse_qs(parts.query), body)
        except SmaltError as error:
            status, content, length = error.status, b"", 0
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def _do(self, key: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes, int]:
        if self.headers["Authorization"] != f"Bearer {self.token}":
            return 403, b"", 0
        if self.command == "PUT":
            if query.get("comp") == ["appendblock"]:
                self.store.append(key, body, at=int(self.headers["x-ms-blob-condition-appendpos"]))
            else:
                self.store.write(key, [body])
            return 201, b"", 0
        info = self.store.head(key)
        if info is None:
            return 404, b"", 0
        content = b"" if self.command == "HEAD" else b"".join(self.store.read(key))
        return 200, content, info.size

    do_GET = do_HEAD = do_PUT = _answer  # noqa: N815


@contextmanager
def growing_blobs(folder: Path, token: str) -> Iterator[str]:
    """The URL of a container that is a folder."""
    store = LocalBlobStore(folder, folder.parent / f"{folder.name}-staging")
    (folder.parent / f"{folder.name}-staging").mkdir(parents=True, exist_ok=True)
    handler = type("Handler", (_Handler,), {"store": store, "token": token})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/blob/box"
    server.shutdown()
    server.server_close()
    thread.join()
