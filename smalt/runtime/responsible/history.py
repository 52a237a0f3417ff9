"""What a run is, told to the run history as properties, by which dashboards of a model are found."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Mapping

PREFIX = "_azureml.responsibleai.rai_insights."


def tell(properties: Mapping[str, str | None]) -> None:
    """Set properties of this job; outside a job there is nothing to tell.

    Args:
        properties: Without the prefix that all of them have.
    """
    # <server>/mlflow/v1.0/<scope of the workspace>
    address, _, scope = (
        os.environ.get("MLFLOW_TRACKING_URI", "").replace("azureml://", "https://", 1).partition("/mlflow/")
    )
    run = os.environ.get("MLFLOW_RUN_ID")
    if not scope or not run:
        return
    url = f"{address}/history/v1.0/{scope.partition('/')[2]}/runs/{run}"
    body = json.dumps({"properties": {f"{PREFIX}{name}": value for name, value in properties.items() if value}})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"}
    request = urllib.request.Request(url, body.encode(), headers, method="PATCH")  # noqa: S310  (the operator's own)
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310  (the same)
