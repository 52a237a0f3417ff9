import json
from urllib.request import Request, urlopen

from promptflow.connections import CustomConnection
from promptflow.core import tool


@tool
def diagnose(endpoint: CustomConnection, measures: dict) -> str:
    """What the endpoint says of a biopsy: `benign` or `malignant`."""
    rows = {"columns": list(measures), "index": [0], "data": [list(measures.values())]}
    headers = {"Authorization": f"Bearer {endpoint.secrets['key']}", "Content-Type": "application/json"}
    request = Request(endpoint.configs["url"], json.dumps({"input_data": rows}).encode(), headers)
    with urlopen(request, timeout=30) as answer:
        return "benign" if json.load(answer)[0] else "malignant"
