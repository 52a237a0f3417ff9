"""Tracking: experiments, runs, metrics, logged models and the registry, over the MLflow REST protocol.

Other slices use `TrackingService`; `mlflow_routes` builds the part of the route table that MLflow's clients call.
Slices that answer calls of that protocol themselves find its conventions here: routes, arguments, filters, failures.
"""

from smalt.server.tracking.access import Space, any_job, check_owned, check_space, owner
from smalt.server.tracking.arguments import Arguments, with_token
from smalt.server.tracking.artifact_store import ContainerArtifacts
from smalt.server.tracking.artifacts import ArtifactStore, Content, Entry
from smalt.server.tracking.errors import DoesNotExist, InvalidParameter, NotImplementedHere
from smalt.server.tracking.events import RunLogged
from smalt.server.tracking.experiments import Experiments
from smalt.server.tracking.limits import INT64, check_text, invalid
from smalt.server.tracking.mlflow_routes import mlflow_routes
from smalt.server.tracking.model_assets import ModelAssets
from smalt.server.tracking.registry import ModelRegistry, Registered, Version
from smalt.server.tracking.runs import Runs
from smalt.server.tracking.search import TRACES, Comparison, Kind, Order, parse_filter, parse_order
from smalt.server.tracking.search.conditions import condition
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.table import DELETE_RUNS, READ_RUNS, WRITE_RUNS, Table
from smalt.server.tracking.writer import GroupWriter

__all__ = [
    "DELETE_RUNS",
    "INT64",
    "READ_RUNS",
    "TRACES",
    "WRITE_RUNS",
    "Arguments",
    "ArtifactStore",
    "Comparison",
    "ContainerArtifacts",
    "Content",
    "DoesNotExist",
    "Entry",
    "Experiments",
    "GroupWriter",
    "InvalidParameter",
    "Kind",
    "ModelAssets",
    "ModelRegistry",
    "NotImplementedHere",
    "Order",
    "Registered",
    "RunLogged",
    "Runs",
    "Space",
    "Table",
    "TrackingService",
    "Version",
    "Workspaces",
    "any_job",
    "check_owned",
    "check_space",
    "check_text",
    "condition",
    "invalid",
    "mlflow_routes",
    "owner",
    "parse_filter",
    "parse_order",
    "with_token",
]
