"""Flows: assets of a workspace with versions that people edit, and jobs that run them over many lines."""

from smalt.server.flows.contents import Folders
from smalt.server.flows.events import FlowChanged
from smalt.server.flows.kind import FlowKind
from smalt.server.flows.routes import routes
from smalt.server.flows.run_routes import run_routes
from smalt.server.flows.runs import FlowRuns
from smalt.server.flows.service import FlowService

__all__ = ["FlowChanged", "FlowKind", "FlowRuns", "FlowService", "Folders", "routes", "run_routes"]
