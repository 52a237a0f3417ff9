"""Running flows from code that was written for the original's executor."""

from smalt.flows.callables import FlowExecutor

__all__ = ["FlowExecutor"]
