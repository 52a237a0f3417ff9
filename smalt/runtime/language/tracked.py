"""Metrics of training, written to the run of the job: standard library only."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def metrics(values: Mapping[str, float], step: int) -> None:
    """Write metrics of a step; without a run they are only in the log."""
    print(f"step {step}: " + ", ".join(f"{name} {value:.5g}" for name, value in values.items()), flush=True)
    now = int(time.time() * 1000)
    listed = [{"key": name, "value": value, "timestamp": now, "step": step} for name, value in values.items()]
    _log({"metrics": listed})


def params(values: Mapping[str, Any]) -> None:
    """Write parameters."""
    _log({"params": [{"key": name, "value": str(value)[:500]} for name, value in values.items()]})


def _log(body: dict[str, Any]) -> None:
    """A write that fails is told and loses its values: an hour of training is worth more than they are."""
    address, run = os.environ.get("MLFLOW_TRACKING_URI", ""), os.environ.get("MLFLOW_RUN_ID")
    if not address or not run:
        return
    headers = {"Content-Type": "application/json"}
    if os.environ.get("MLFLOW_TRACKING_TOKEN"):
        headers["Authorization"] = f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"
    url = address.replace("azureml://", "https://", 1) + "/api/2.0/mlflow/runs/log-batch"
    data = json.dumps({"run_id": run, **body}).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310  (the operator's own address)
    try:
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    except (OSError, urllib.error.URLError) as failure:
        print(f"The metrics of this step could not be written to the run: {failure}.", flush=True)
