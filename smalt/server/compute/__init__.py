"""Computes: named places where jobs run. A Ray cluster is one; every other type stands for this machine."""

from smalt.server.compute.routes import routes
from smalt.server.compute.service import IDLE, SCHEDULE, ComputeService
from smalt.server.compute.sites import Site, Sites
from smalt.server.compute.store import ComputeRecord

__all__ = ["IDLE", "SCHEDULE", "ComputeRecord", "ComputeService", "Site", "Sites", "routes"]
