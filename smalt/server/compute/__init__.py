"""Computes: named places where jobs run. Every type is a record here, and all of them map to this machine."""

from smalt.server.compute.routes import routes
from smalt.server.compute.service import ComputeService
from smalt.server.compute.store import ComputeRecord

__all__ = ["ComputeRecord", "ComputeService", "routes"]
