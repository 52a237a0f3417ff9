"""Tracking: experiments, runs, metrics, logged models and the registry, over the MLflow REST protocol.

Other slices use `TrackingService`; `mlflow_routes` builds the part of the route table that MLflow's clients call.
"""

from smalt.server.tracking.access import Space
from smalt.server.tracking.artifacts import ArtifactStore, Content, Entry
from smalt.server.tracking.mlflow_routes import mlflow_routes
from smalt.server.tracking.registry import ModelRegistry, Registered, Version
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Spaces, Workspaces
from smalt.server.tracking.writer import GroupWriter

__all__ = [
    "ArtifactStore",
    "Content",
    "Entry",
    "GroupWriter",
    "ModelRegistry",
    "Registered",
    "Space",
    "Spaces",
    "TrackingService",
    "Version",
    "Workspaces",
    "mlflow_routes",
]
