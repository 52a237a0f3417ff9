"""What is known of the line that runs."""

from smalt.flows.context import OperationContext

__all__ = ["OperationContext"]
