"""What is known of the line that runs."""

from smalt.flows.running.context import OperationContext

__all__ = ["OperationContext"]
