"""Tracking: experiments, runs, metrics, logged models and the registry, over the MLflow REST protocol.

Other slices use `TrackingService`; `mlflow_routes` builds the part of the route table that MLflow's clients call.
"""

from smalt.server.tracking.access import Space
from smalt.server.tracking.artifact_store import ContainerArtifacts
from smalt.server.tracking.artifacts import ArtifactStore, Content, Entry
from smalt.server.tracking.events import RunLogged
from smalt.server.tracking.mlflow_routes import mlflow_routes
from smalt.server.tracking.model_assets import ModelAssets
from smalt.server.tracking.registry import ModelRegistry, Registered, Version
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.writer import GroupWriter

__all__ = [
    "ArtifactStore",
    "ContainerArtifacts",
    "Content",
    "Entry",
    "GroupWriter",
    "ModelAssets",
    "ModelRegistry",
    "Registered",
    "RunLogged",
    "Space",
    "TrackingService",
    "Version",
    "Workspaces",
    "mlflow_routes",
]
