"""Connections: named targets outside a workspace, with the credentials that open them, sealed at rest."""

from smalt.server.connections.routes import routes
from smalt.server.connections.service import ConnectionService

__all__ = ["ConnectionService", "routes"]
