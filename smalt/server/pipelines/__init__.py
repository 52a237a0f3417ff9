"""Pipelines: jobs made of steps, what the steps take over from each other, and how a pipeline is run again."""

from smalt.server.pipelines.authoring import Authoring
from smalt.server.pipelines.kind import Neighbours, PipelineKind
from smalt.server.pipelines.routes import routes
from smalt.server.pipelines.service import PipelineService

__all__ = ["Authoring", "Neighbours", "PipelineKind", "PipelineService", "routes"]
