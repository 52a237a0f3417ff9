"""A pool of threads whose work stands under the span that submitted it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


class ThreadPoolExecutorWithContext(ThreadPoolExecutor):
    """As `ThreadPoolExecutor`; each job runs in a copy of the context that submitted it."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As the base promises."""
        return super().submit(copy_context().run, function, *args, **kwargs)
