"""Registries: assets shared by many workspaces, and the discovery that leads clients to them."""

from smalt.server.registries.routes import routes
from smalt.server.registries.service import RegistryService
from smalt.server.registries.sharing import Sharing

__all__ = ["RegistryService", "Sharing", "routes"]
