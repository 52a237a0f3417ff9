"""The data collector beside user code: takes what `azureml-ai-monitoring` sends, and writes it as Azure ML does."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .settings import Settings

MODEL_COLLECTIONS = ("model_inputs", "model_outputs")
_LARGEST_BYTES = 64 << 20
_PAUSE_SECONDS = 0.5
_MOST_BYTES = 32 << 20
_FOLDERS = {"year": "%Y", "month": "%Y/%m", "day": "%Y/%m/%d", "hour": "%Y/%m/%d/%H", "minute": "%Y/%m/%d/%H/%M"}


class Writer:
    """Writes events into the folders of their collections, a line each.

    Args:
        settings: What is collected and where.
        name: Of the files, so that no two processes write to one.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self._collect = settings.collect
        self._names = settings.deployment
        self._name = name
        self._lines: list[tuple[str, str]] = []
        self._size = 0
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def collections(self) -> dict[str, dict[str, Any]]:
        """What is collected, by lower-case name."""
        found = self._collect.get("collections") or {}
        return {str(name).lower(): each for name, each in found.items() if each.get("enabled", True)}

    def rate(self, collection: str) -> float:
        """The share of a collection that is kept."""
        own = self.collections[collection].get("sampling_rate")
        return float(own if own is not None else self._collect.get("sampling_rate", 1.0))

    def add(self, collection: str, event: Mapping[str, Any]) -> bool:
        """Have an event written; False when too much waits already."""
        names = self._names
        source = "/workspaces/{}/onlineEndpoints/{}/deployments/{}".format(
            names.get("workspace", ""), names.get("endpoint", ""), names.get("deployment", "")
        )
        moment = time.gmtime()
        whole = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": source,
            "type": f"azureml.inference.{collection}",
            "datacontenttype": "application/json",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
            **event,
        }
        line = json.dumps(whole, default=str) + "\n"
        path = os.path.join(self._folder(collection, moment), f"{self._name}.jsonl")
        with self._lock:
            if self._size + len(line) > _MOST_BYTES:
                return False
            self._size += len(line)
            self._lines.append((path, line))
        return True

    def close(self) -> None:
        """Write what there is."""
        self._ending.set()
        self._thread.join(5)

    def _folder(self, collection: str, moment: time.struct_time) -> str:
        own = self.collections.get(collection, {}).get("path")
        names = self._names
        parts = [names.get("endpoint", "endpoint"), names.get("deployment", "deployment"), collection]
        base = own or os.path.join(self._collect["path"], "modelDataCollector", *parts)
        rolling = _FOLDERS.get(str(self._collect.get("rolling", "hour")).lower(), _FOLDERS["hour"])
        return os.path.join(base, time.strftime(rolling, moment))

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._ending.wait(_PAUSE_SECONDS)
            with self._lock:
                taken, self._lines, self._size = self._lines, [], 0
            gathered: dict[str, list[str]] = {}
            for path, line in taken:
                gathered.setdefault(path, []).append(line)
            for path, lines in gathered.items():
                try:
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "a", encoding="utf-8") as file:
                        file.write("".join(lines))
                except OSError as failure:
                    print(f"smalt: {len(lines)} collected records for {path} are lost: {failure}.", flush=True)


class Sidecar:
    """Answers the client of the data collector on a port of this machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._writer = Writer(settings, f"instance-{settings.deployment.get('instance', '0')}")
        handler = type("Bound", (_Handler,), {"writer": self._writer})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    def start(self) -> None:
        """Answer, in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()

    def variables(self) -> dict[str, str]:
        """What the client looks for in its environment."""
        path = os.path.join(self._settings.state_dir, "collector.json")
        collections = {
            name: {"enabled": True, "sampleRatePercentage": 100 * self._writer.rate(name)}
            for name in self._writer.collections
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"runMode": "cloud", "collections": collections}, file)
        return {
            "AZUREML_MDC_ENABLED": "true",
            "AZUREML_MDC_CONFIG_PATH": path,
            "AZUREML_MDC_HOST": "127.0.0.1",
            "AZUREML_MDC_PORT": str(self._server.server_port),
        }

    def stop(self) -> None:
        """Write what there is, and end."""
        self._server.shutdown()
        self._server.server_close()
        self._writer.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    writer: Writer

    def log_message(self, *_: Any) -> None:
        """Say nothing: the log belongs to the user's code."""

    def do_POST(self) -> None:
        """Take one event."""
        length = self.headers.get("content-length", "")
        if self.path != "/modeldata/log" or not length.isdigit() or int(length) > _LARGEST_BYTES:
            self._answer(404 if self.path != "/modeldata/log" else 413, "not taken")
            return
        body = self.rfile.read(int(length))
        collection = (self.headers.get("ce-type") or "").rpartition(".")[2].lower()
        if collection not in self.writer.collections:
            self._answer(404, f"the collection {collection!r} is not enabled")
            return
        is_kept = self.writer.add(collection, self._event(body))
        self._answer(200 if is_kept else 429, "ok" if is_kept else "too many records wait")

    def _event(self, body: bytes) -> dict[str, Any]:
        kind = self.headers.get("content-type", "application/json")
        try:
            content: Any = json.loads(body) if "json" in kind else body.decode()
        except ValueError:
            content = body.decode("utf-8", "replace")
        request_id = self.headers.get("ce-x-request-id")
        event: dict[str, Any] = {"datacontenttype": kind, "data": content}
        names = {"trace-id": "id", "ce-collect-data-type": "collectdatatype", "ce-agent": "agent"}
        names["ce-model-version"] = "modelversion"
        for header, name in names.items():
            value = self.headers.get(header)
            if value:
                event[name] = value
        moment = self.headers.get("ce-time") or ""
        if moment.isdigit():
            event["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(moment)))
        event["correlationid"] = request_id or event.get("id", "")
        event["xrequestid"] = request_id or ""
        event["contentrange"] = f"bytes 0-{max(0, len(body) - 1)}/{len(body)}"
        known = {*names, "ce-time", "ce-type", "ce-x-request-id"}
        for name, value in self.headers.items():
            if name.lower().startswith("ce-") and name.lower() not in known:
                event.setdefault(name.lower()[3:].replace("-", ""), value)
        return event

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Events:
    """Inputs and outputs of a model without code."""

    def __init__(self, writer: Writer, names: list[str]) -> None:
        self._writer = writer
        self._names = names

    @classmethod
    def for_model(cls, settings: Settings) -> Events | None:
        """What collects for a model, where one of its collections is asked for."""
        writer = Writer(settings, f"instance-{settings.deployment.get('instance', '0')}-{os.getpid()}")
        wanted = [each for each in MODEL_COLLECTIONS if each in writer.collections]
        return cls(writer, wanted) if wanted else None

    def close(self) -> None:
        """Write what there is."""
        self._writer.close()

    def note(self, request_id: str, given: Any, returned: Any, columns: list[str] | None) -> None:
        """Collect one prediction; a sample of them where only that is asked for."""
        chance = random.random()  # noqa: S311  (no secret)
        for name, value in zip(MODEL_COLLECTIONS, (given, returned)):  # noqa: B905  (newer than Python 3.8)
            if name not in self._names or chance >= self._writer.rate(name):
                continue
            records = _records(value, columns if name == "model_inputs" else None)
            ids = {"correlationid": request_id, "xrequestid": request_id}
            agent = {"collectdatatype": "pandas.core.frame.DataFrame", "agent": "smalt-scorer"}
            self._writer.add(name, {**ids, **agent, "data": records})


def _records(value: Any, columns: list[str] | None) -> list[Any]:
    """A value as rows with names."""
    if hasattr(value, "columns"):
        found: list[Any] = json.loads(value.to_json(orient="records"))
        return found
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, list):
        rows = [rows]
    if columns is not None and rows and isinstance(rows[0], list) and len(rows[0]) == len(columns):
        return [dict(zip(columns, row)) for row in rows]  # noqa: B905  (`strict` is newer than Python 3.8)
    return [row if isinstance(row, dict) else {"0": row} for row in rows]
