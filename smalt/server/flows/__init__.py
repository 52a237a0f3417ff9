"""Flow jobs: prompt flows over many lines, as jobs on a compute."""

from smalt.server.flows.kind import FlowKind

__all__ = ["FlowKind"]
