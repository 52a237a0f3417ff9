"""What MLflow clients ask a server about itself, and a clear answer to calls that this server does not serve."""

from __future__ import annotations

from smalt.server.http import SIGNED_IN, Answer, Call, Route, ok
from smalt.server.tracking.errors import EndpointNotFound
from smalt.server.tracking.table import READ_RUNS, Table

PROTOCOL = "3.4.0"
"""The version of MLflow's server whose calls are served; clients choose by it what to try."""

_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes() -> list[Route]:
    """The remaining calls."""
    table = Table()
    table.add("GET", "/version", _version, SIGNED_IN, jobs=True, apis=("",))
    table.add("GET", "/health", _health, SIGNED_IN, jobs=True, apis=("",))
    table.add("GET", "/server-info", _info, SIGNED_IN, jobs=True, apis=("/api/3.0/mlflow", "/ajax-api/3.0/mlflow"))
    for method in _METHODS:
        table.add(method, "/{rest:path}", _unknown, READ_RUNS, jobs=True, apis=("/api/2.0", "/api/3.0", "/ajax-api"))
    return table.routes


def _version(call: Call) -> Answer:
    """Say which version of the protocol is served."""
    return Answer(200, PROTOCOL)


def _health(call: Call) -> Answer:
    """Say that the server is up."""
    return Answer(200, "OK")


def _info(call: Call) -> Answer:
    """Say what the server can do."""
    return ok(_INFO)


def _unknown(call: Call) -> Answer:
    """Refuse what is not served."""
    raise EndpointNotFound(
        f"{call.request.method} {call.path[:200]} is not served here. The calls that are stand in /openapi.json."
    )
