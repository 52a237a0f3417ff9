"""Responsible AI: the components that analyse a model, and the dashboards that have come of them."""

from smalt.server.responsible_ai.components import find_component
from smalt.server.responsible_ai.routes import routes
from smalt.server.responsible_ai.service import DashboardService

__all__ = ["DashboardService", "find_component", "routes"]
