"""Sweeps: jobs that search for good parameter values by running many trials."""

from smalt.server.sweeps.kind import SweepKind
from smalt.server.sweeps.routes import routes

__all__ = ["SweepKind", "routes"]
