"""`promptflow.client`: the client of runs, and loading of flows and run files."""

from typing import Any

from promptflow.core import Flow
from promptflow.tracing import follow_settings
from smalt.flows.client import PFClient as _PFClient
from smalt.flows.client import load_run


class PFClient(_PFClient):
    """The client of runs. Its traces go where `pf config set trace.destination=...` says."""

    def __init__(self, connection_provider: Any = None, **settings: Any) -> None:  # Any: as callers pass them
        follow_settings()
        super().__init__(connection_provider, **settings)


def load_flow(source, **options):  # type: ignore[no-untyped-def]  # as prompt flow's own
    """Load a flow that can be called with its inputs."""
    return Flow.load(source, **options)


__all__ = ["PFClient", "load_flow", "load_run"]
