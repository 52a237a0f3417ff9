"""`log_metric`, and where metrics go while an aggregation runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

_sink: ContextVar[dict[str, Any] | None] = ContextVar("smalt_flow_metrics", default=None)
_loggers: list[Callable[..., None]] = []


def log_metric(key: str, value: Any, variant_id: str | None = None) -> None:  # Any: a number
    """Note a metric of the run; with `variant_id`, one per variant. Loggers see it as well."""
    metrics = _sink.get()
    if metrics is not None:
        if variant_id is None:
            metrics[key] = value
        else:
            metrics.setdefault(key, {})[variant_id] = value
    for logger in _loggers:
        if variant_id is None:
            logger(key, value)
        else:
            logger(key, value, variant_id)


def add_logger(logger: Callable[..., None]) -> None:
    """Let `logger(key, value[, variant_id])` see each metric as well."""
    if logger not in _loggers:
        _loggers.append(logger)


def remove_logger(logger: Callable[..., None]) -> None:
    """End what `add_logger` began."""
    with contextlib.suppress(ValueError):
        _loggers.remove(logger)


@contextlib.contextmanager
def collecting(metrics: dict[str, Any]) -> Iterator[None]:  # Any: numbers
    """Collect the metrics that are logged meanwhile, in this context."""
    token = _sink.set(metrics)
    try:
        yield
    finally:
        _sink.reset(token)
