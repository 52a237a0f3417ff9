"""`promptflow.client`: the client of runs, and loading of flows and run files."""

from promptflow.core import Flow
from smalt.flows.client import PFClient, load_run


def load_flow(source, **options):  # type: ignore[no-untyped-def]  # as prompt flow's own
    """Load a flow that can be called with its inputs."""
    return Flow.load(source, **options)


__all__ = ["PFClient", "load_flow", "load_run"]
