"""A model service for tests: speaks the OpenAI protocol on a free port, and does what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModelService:
    """What was asked (`calls`), and what the next answers are (`answers`: status, headers, body)."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.answers: deque[tuple[int, dict[str, str], Any]] = deque()
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self.url = ""

    def answer(self, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.calls.append({"path": path, "headers": headers, "body": body})
            planned = self.answers.popleft() if self.answers else None
        try:
            if planned:
                status, more, told = planned
                return status, more, told if isinstance(told, bytes) else json.dumps(told).encode()
            return self._usual(body)
        finally:
            with self._lock:
                self._now -= 1

    @staticmethod
    def _usual(body: Any) -> tuple[int, dict[str, str], bytes]:
        text = body["messages"][-1]["content"] if "messages" in body else str(body.get("prompt"))
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        if body.get("stream"):
            pieces = [{"choices": [{"delta": {"content": word + " "}}]} for word in text.split()]
            pieces.append({"choices": [], "usage": usage})
            lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces] + ["data: [DONE]\n\n"]
            return 200, {"content-type": "text/event-stream"}, "".join(lines).encode()
        choice = {"index": 0, "message": {"role": "assistant", "content": f"said {text}"}, "finish_reason": "stop"}
        return 200, {}, json.dumps({"model": "m", "choices": [choice], "usage": usage}).encode()


@contextmanager
def model_service() -> Iterator[ModelService]:
    """A service that runs while the block does."""
    service = ModelService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, headers, told = service.answer(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
