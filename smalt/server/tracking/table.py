"""Puts MLflow calls at every address its clients use: short and long workspace paths, three spellings of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smalt.server.http import WORKSPACE, Route, Routes, Wire
from smalt.server.http.route import Handler
from smalt.server.tracking.access import any_job

BASES = ("/mlflow/{workspace}", "/mlflow/v1.0" + WORKSPACE, "/mlflow/v2.0" + WORKSPACE)
APIS = ("/api/2.0/mlflow", "/api/2.0/preview/mlflow", "/ajax-api/2.0/mlflow")
READ = "workspaces/experiments/read"
WRITE = "workspaces/experiments/write"
DELETE = "workspaces/experiments/delete"
READ_RUNS = "workspaces/experiments/runs/read"
WRITE_RUNS = "workspaces/experiments/runs/write"
DELETE_RUNS = "workspaces/experiments/runs/delete"


class Table:
    """A growing table of routes of the MLflow protocol."""

    def __init__(self) -> None:
        self._routes = Routes(wire=Wire.MLFLOW)

    @property
    def routes(self) -> list[Route]:
        """What has been added."""
        return self._routes.all

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        action: str,
        *,
        jobs: bool = False,
        apis: Sequence[str] = APIS,
        takes: str = "",
        **options: Any,
    ) -> None:
        """Declare a call.

        Args:
            method: HTTP method.
            path: Behind the API's own.
            handler: As in `Route`.
            action: As in `Route`.
            jobs: Let the tokens of running jobs come as far as the service, which asks for more.
            apis: Where the call is found.
            takes: Its arguments in the notation of `fields`: in the query of a GET, in the body of all others.
            options: The remaining fields of `Route`.
        """
        if takes:
            options |= {"query": tuple(takes.split())} if method == "GET" else {"body": takes}
        if jobs:
            options["for_jobs"] = any_job
        for base in BASES:
            for api in apis:
                self._routes.add(method, f"{base}{api}{path}", handler, action=action, **options)
