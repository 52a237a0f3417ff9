"""Requests and answers as Azure ML's data collector keeps them: CloudEvents, a line each, in folders by time."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from smalt.gateway.asked import LARGEST_BYTES, Asked
from smalt.gateway.lines import LineWriter
from smalt.gateway.table import Capture
from smalt.kit import clock

_FOLDERS = {
    "year": "%Y",
    "month": "%Y/%m",
    "day": "%Y/%m/%d",
    "hour": "%Y/%m/%d/%H",
    "minute": "%Y/%m/%d/%H/%M",
}
_SECRETS = frozenset({"authorization", "cookie", "x-api-key", "api-key"})


class Capturer:
    """Writes the collections `request` and `response` of deployments that have them.

    Args:
        instance: Names this gateway in the names of files, so that several never write to one.
    """

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._writer = LineWriter()

    def wants(self, asked: Asked) -> tuple[bool, bool]:
        """Whether the body of a request is kept for this, and whether its answer is."""
        capture = asked.pool.entry.capture if asked.pool is not None else None
        if capture is None or not asked.path.startswith(b"/score"):
            return False, False
        return _hits(capture, "request"), _hits(capture, "response")

    def write(self, asked: Asked) -> None:
        """Write what was kept of a request that is over."""
        pool = asked.pool
        capture = pool.entry.capture if pool is not None else None
        if pool is None or capture is None:
            return
        if asked.keeps_body and asked.is_uploaded:
            headers = dict(_decoded(asked.headers))
            self._add(asked, capture, "request", b"".join(asked.body), asked.body_size, headers)
        if asked.kept_answer is not None and asked.status == 200:
            headers = dict(_decoded(asked.answer_headers))
            self._add(asked, capture, "response", b"".join(asked.kept_answer), asked.answer_size, headers)

    def close(self) -> None:
        """Write what there is."""
        self._writer.close()

    def _add(
        self,
        asked: Asked,
        capture: Capture,
        collection: str,
        body: bytes,
        size: int,
        headers: Mapping[str, str],
    ) -> None:
        endpoint, pool = asked.endpoint, asked.pool
        assert endpoint is not None
        assert pool is not None
        now = clock.now()
        request_id = asked.request_id.decode("latin-1")
        kind = headers.get("content-type", "application/json").partition(";")[0].strip()
        record: dict[str, Any] = {  # Any: JSON
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"/workspaces/{endpoint.entry.workspace}/onlineEndpoints/{endpoint.entry.name}"
            f"/deployments/{asked.deployment}",
            "type": f"azureml.inference.{collection}",
            "datacontenttype": kind,
            "time": clock.to_text(now),
            "correlationid": request_id,
            "xrequestid": request_id,
            "agent": "smalt-gateway",
            "path": asked.path.decode("latin-1"),
            "method": asked.method.decode("latin-1"),
            "contentrange": f"bytes 0-{max(0, size - 1)}/{size}",
            **(_content(body, kind) if size <= LARGEST_BYTES else {"data": None, "truncated": True}),
        }
        kept = {name: headers[name.lower()] for name in capture.headers if name.lower() in headers}
        kept = {name: value for name, value in kept.items() if name.lower() not in _SECRETS}
        if kept:
            record["headers"] = kept
        path = place(capture, endpoint.entry.name, asked.deployment, collection, now) / f"{self._instance}.jsonl"
        is_kept = self._writer.add(path, json.dumps(record).encode() + b"\n")
        pool.tally.captured["written" if is_kept else "lost"] += 1


def place(capture: Capture, endpoint: str, deployment: str, collection: str, now: datetime) -> Path:
    """The folder of a collection for a moment."""
    own = capture.collections[collection].path if collection in capture.collections else None
    base = Path(own) if own else Path(capture.path) / "modelDataCollector" / endpoint / deployment / collection
    return base / now.strftime(_FOLDERS.get(capture.rolling, _FOLDERS["hour"]))


def _hits(capture: Capture, collection: str) -> bool:
    entry = capture.collections.get(collection)
    if entry is None or not entry.enabled:
        return False
    rate = entry.sampling_rate if entry.sampling_rate is not None else capture.sampling_rate
    return rate >= 1 or random.random() < rate  # noqa: S311  (no secret)


def _decoded(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _content(body: bytes, kind: str) -> dict[str, Any]:  # Any: JSON
    """The body as a record holds it: JSON as it is, text as text, everything else in base64."""
    if "json" in kind:
        try:
            return {"data": json.loads(body)}
        except (ValueError, RecursionError):
            pass
    try:
        return {"data": body.decode()}
    except UnicodeDecodeError:
        return {"data": base64.b64encode(body).decode(), "datacontentencoding": "base64"}
