"""System metrics of a running job: measured now and then, recorded on its run by its own token, never in its way.

Nothing is imported, opened or started before the first measurement is due, so that short jobs pay nothing.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from typing import Any

_FIRST_AFTER_SECONDS = 1.0
_MOST_KEPT = 1000
"""Measurements kept while the server is away; the oldest give way."""
_MOST_METRICS = 1000
"""MLflow's limit for one batch."""
_ANSWER_SECONDS = 5.0
_LAST_WORD_SECONDS = 1.0


class Sampler:
    """Measures one job from the start of its command to its end.

    Args:
        folder: The job's folder.
        plan: The job's plan; without `sampling` nothing is ever measured.
    """

    def __init__(self, folder: str, plan: dict[str, Any]) -> None:
        self._sampling = plan["sampling"]
        self._token = plan["token"]
        self._thread: threading.Thread | None = None
        self.starts_at: float | None = None
        if self._sampling is None:
            return
        from smalt.runtime.usage import Meter  # Read after the job's start, so this holds nobody up.

        self._meter = Meter(os.getpid(), folder)
        self.starts_at = time.monotonic() + min(_FIRST_AFTER_SECONDS, self._sampling["interval_seconds"])

    def start_if_due(self, now: float) -> None:
        """Begin to measure, in a thread of its own, once the job has run for long enough."""
        if self.starts_at is None or now < self.starts_at:
            return
        self.starts_at = None
        import threading

        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Measure no more, and send what is left if that can be done in a moment."""
        if self._thread is not None:
            self._ended.set()
            self._thread.join(_LAST_WORD_SECONDS)

    def _run(self) -> None:
        try:
            self._measure_until_the_end()
        except Exception as failure:
            # The rim: a job never suffers from being measured.
            os.write(2, f"The system metrics of this job end here: {type(failure).__name__}: {failure}\n".encode())

    def _measure_until_the_end(self) -> None:
        from smalt.runtime.gpus import Gpus

        gpus, outbox = Gpus(), _Outbox(self._sampling, self._token)
        step = 0
        while not self._ended.is_set() and outbox.is_wanted:
            outbox.add({**self._meter.read(), **gpus.read()}, step)
            outbox.send(self._ended)
            step += 1
            self._ended.wait(self._sampling["interval_seconds"])
        outbox.send(self._ended)


class _Outbox:
    """Measurements on their way to the server, the oldest first."""

    def __init__(self, sampling: dict[str, Any], token: str) -> None:
        from urllib.parse import urlsplit

        self._url = urlsplit(sampling["url"])
        self._run_id = sampling["run_id"]
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._waiting: list[list[dict[str, Any]]] = []
        self.is_wanted = True

    def add(self, readings: dict[str, float], step: int) -> None:
        """Keep a measurement until it is sent."""
        moment = int(time.time() * 1000)
        self._waiting.append(
            [{"key": key, "value": value, "timestamp": moment, "step": step} for key, value in readings.items()]
        )
        del self._waiting[:-_MOST_KEPT]

    def send(self, ended: threading.Event) -> None:
        """Send what waits, as far as the server takes it; the rest waits on."""
        while self._waiting and self.is_wanted:
            batch, count = self._next_batch()
            patience = _LAST_WORD_SECONDS if ended.is_set() else _ANSWER_SECONDS
            status = self._post(batch, patience)
            if status is None or status == 429 or status >= 500:
                return
            # Whoever may not write to this run, or whose run is gone, will not be heard later either.
            self.is_wanted = status not in (401, 403, 404)
            del self._waiting[:count]

    def _next_batch(self) -> tuple[list[dict[str, Any]], int]:
        batch: list[dict[str, Any]] = []
        for count, metrics in enumerate(self._waiting):
            if batch and len(batch) + len(metrics) > _MOST_METRICS:
                return batch, count
            batch += metrics
        return batch, len(self._waiting)

    def _post(self, metrics: Sequence[dict[str, Any]], patience: float) -> int | None:
        """The status of the answer; None when there was none."""
        import http.client
        import json

        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=patience)
        try:
            body = json.dumps({"run_id": self._run_id, "metrics": metrics})
            connection.request("POST", self._url.path, body=body, headers=self._headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        else:
            return answer.status
        finally:
            connection.close()
