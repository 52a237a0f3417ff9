"""`promptflow.batch`: the engine of batch runs, for code that drives it without a client."""

from smalt.flows.batch.engine import BatchEngine

__all__ = ["BatchEngine"]
