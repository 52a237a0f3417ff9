"""The few MLflow calls a run context makes."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ATTEMPTS = 4


def tracking_uri() -> str:
    """Address of the tracking server as plain http(s)."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    return uri.replace("azureml://", "https://", 1)


def post(verb: str, **fields: Any) -> Any:  # Any: JSON
    """Call a writing verb, e.g. `runs/log-metric`."""
    return _ask(f"{tracking_uri()}/api/2.0/mlflow/{verb}", json.dumps(fields).encode())


def get(verb: str, **fields: str) -> Any:  # Any: JSON
    """Call a reading verb, e.g. `runs/get`."""
    return _ask(f"{tracking_uri()}/api/2.0/mlflow/{verb}?{urllib.parse.urlencode(fields)}", None)


def _ask(url: str, body: bytes | None) -> Any:  # Any: JSON
    headers = {"Content-Type": "application/json"}
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for attempt in range(1, _ATTEMPTS + 1):
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  (the operator's own address)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as failure:
            if failure.code < 500 or attempt == _ATTEMPTS:
                text = failure.read().decode("utf-8", "replace")
                raise RuntimeError(f"The tracking server answered {failure.code}: {text}") from None
        except OSError:
            if attempt == _ATTEMPTS:
                raise
        time.sleep(0.2 * 2**attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")
