"""All calls of the MLflow protocol but those on traces, put together."""

from __future__ import annotations

from smalt.server.http import Route
from smalt.server.tracking import (
    artifact_routes,
    experiment_routes,
    model_routes,
    other_routes,
    registry_routes,
    run_routes,
)
from smalt.server.tracking.artifact_files import ArtifactFiles
from smalt.server.tracking.artifacts import ArtifactStore
from smalt.server.tracking.registry import ModelRegistry, Registry
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.writer import GroupWriter
from smalt.server.work import Works


def mlflow_routes(
    service: TrackingService,
    *,
    workspaces: Workspaces,
    works: Works,
    writer: GroupWriter,
    artifacts: ArtifactStore,
    models: ModelRegistry,
) -> list[Route]:
    """The routes that MLflow's clients call.

    Args:
        service: The verbs.
        workspaces: Finds the workspace of a call.
        works: Opens transactions for streams.
        writer: Commits what comes by the thousand.
        artifacts: The bytes.
        models: The model assets.
    """
    registry = Registry(models, service.runs, service.models)
    files = ArtifactFiles(service, registry, artifacts)
    return [
        *experiment_routes.routes(service, workspaces),
        *run_routes.routes(service, workspaces, writer),
        *model_routes.routes(service, workspaces, files),
        *registry_routes.routes(registry, workspaces),
        *artifact_routes.routes(service, workspaces, files, works),
        *other_routes.routes(),
    ]
