"""The names under which flow code imports prompt flow. Each forwards to `smalt.flows`; nothing is implemented here.

This package stands in where the `promptflow` distribution is not installed, so that flows run as they are.
"""

from __future__ import annotations

from importlib import import_module

_NAMES = {
    "tool": "smalt.flows.tools.declare",
    "ToolProvider": "smalt.flows.tools.declare",
    "log_metric": "smalt.flows.running.metrics",
    "PFClient": "promptflow.client",
    "load_flow": "promptflow.client",
    "load_run": "promptflow.client",
}

__all__ = ["PFClient", "ToolProvider", "load_flow", "load_run", "log_metric", "tool"]


def __getattr__(name: str) -> object:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_NAMES[name]), name)
