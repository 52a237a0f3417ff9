"""Progress as metrics of the job's run, sent now and then by a thread that the scoring never waits for."""

from __future__ import annotations

import json
import os
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tally import Tally

_INTERVAL_SECONDS = 2.0
_TIMEOUT_SECONDS = 10


class Progress:
    """Sends the counts of a tally.

    Args:
        tally: What is sent.
        prefix: Put before every metric's name.
    """

    def __init__(self, tally: Tally, prefix: str) -> None:
        self._tally = tally
        self._prefix = prefix
        self._run = os.environ.get("MLFLOW_RUN_ID", "")
        base = os.environ.get("MLFLOW_TRACKING_URI", "").replace("azureml://", "https://", 1)
        self._url = f"{base}/api/2.0/mlflow/runs/log-batch" if base and self._run else ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def start(self) -> None:
        """Begin to send, if there is a run."""
        if self._url:
            self._thread.start()

    def end(self) -> None:
        """Send the last counts."""
        self._over.set()
        if self._url:
            self._thread.join(2 * _TIMEOUT_SECONDS)

    def _repeat(self) -> None:
        sent: dict[str, int] = {}
        while True:
            is_last = self._over.wait(_INTERVAL_SECONDS)
            counts = self._counts()
            if counts != sent and self._send(counts):
                sent = counts
            if is_last:
                return

    def _counts(self) -> dict[str, int]:
        tally = self._tally
        return {
            "Remaining Mini Batches": tally.remaining_batches,
            "Processed Mini Batches": tally.processed_batches,
            "Failed Mini Batches": tally.failed_batches,
            "Processed Items": tally.processed_items,
            "Failed Items": tally.failed_items,
        }

    def _send(self, counts: dict[str, int]) -> bool:
        now = int(time.time() * 1000)
        step = self._tally.total - self._tally.remaining_batches
        metrics = [
            {"key": f"{self._prefix}{name}", "value": float(count), "timestamp": now, "step": step}
            for name, count in counts.items()
        ]
        import urllib.request  # Imported here, off the way to the first mini-batch, since http is slow to import.

        request = urllib.request.Request(  # noqa: S310  (the server's own address)
            self._url,
            data=json.dumps({"run_id": self._run, "metrics": metrics}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {os.environ.get('MLFLOW_TRACKING_TOKEN', '')}",
            },
        )
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310  (as above)
        except (OSError, ValueError):
            return False  # A server that restarts: the next counts say it all.
        return True
