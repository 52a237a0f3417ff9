"""Batch endpoints: an address whose calls begin jobs, with a model or a pipeline behind it."""

from smalt.server.batch.routes import routes
from smalt.server.batch.service import BatchService

__all__ = ["BatchService", "routes"]
