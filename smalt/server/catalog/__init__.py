"""The model catalog: cards of models, the licences that a workspace has accepted, and models brought in."""

from smalt.server.catalog.routes import routes
from smalt.server.catalog.service import CatalogService, Found

__all__ = ["CatalogService", "Found", "routes"]
