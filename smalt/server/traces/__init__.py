"""Traces: what an application did for one request, as a tree of spans; from OpenTelemetry's clients and from MLflow's.

`all_routes` are the calls of both protocols and those of people; `Retention` removes what is old.
"""

from smalt.server.http import Route
from smalt.server.traces import export_routes, mlflow_routes, routes
from smalt.server.traces.events import TracesStored
from smalt.server.traces.export_routes import Admit
from smalt.server.traces.mlflow import MlflowTraces
from smalt.server.traces.prices import Prices
from smalt.server.traces.retention import Retention
from smalt.server.traces.service import TraceService
from smalt.server.tracking import GroupWriter, Runs, Workspaces

__all__ = ["Prices", "Retention", "TraceService", "TracesStored", "all_routes"]


def all_routes(
    traces: TraceService, runs: Runs, *, workspaces: Workspaces, writer: GroupWriter, admit: Admit
) -> list[Route]:
    """The routes of this slice.

    Args:
        traces: The verbs.
        runs: Those that traces of MLflow's clients may belong to.
        workspaces: Finds the workspace of a call.
        writer: Commits spans in groups.
        admit: Asked where a call names its workspace in a header.
    """
    return [
        *export_routes.routes(traces, workspaces, writer, admit),
        *mlflow_routes.routes(MlflowTraces(traces, runs), workspaces),
        *routes.routes(traces, workspaces),
    ]
