"""`trace` and `start_trace`."""

from __future__ import annotations

import logging
from typing import Any

from smalt.flows.tracing import trace
from smalt.flows.tracing.threads import ThreadPoolExecutorWithContext

__all__ = ["ThreadPoolExecutorWithContext", "start_trace", "trace"]

_log = logging.getLogger(__name__)


def start_trace(**options: Any) -> None:  # Any: as of smalt's own
    """Trace this application, to where the environment or `pf config set trace.destination=...` says."""
    from smalt.flows.tracing import start_trace as start

    follow_settings()
    start(**options)


def follow_settings() -> None:
    """Let the traces of this process go where `trace.destination` says, unless the environment says it."""
    from smalt.errors import SmaltError
    from smalt.flows import configuration
    from smalt.flows.tracing import destination

    asked = str(configuration.read().get("trace.destination") or "none")
    if asked != "none" and destination.find() is None:
        from smalt.sdk import tracing

        try:
            tracing.send(asked)
        except SmaltError as error:
            _log.warning("No traces are sent. %s", error.message)
