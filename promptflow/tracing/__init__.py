"""`trace` and `start_trace`."""

from smalt.flows.tracing import start_trace, trace
from smalt.flows.tracing.threads import ThreadPoolExecutorWithContext

__all__ = ["ThreadPoolExecutorWithContext", "start_trace", "trace"]
