"""Tools: functions that nodes run. How they are declared, found and called; the built-in ones stand in `builtin`."""

from __future__ import annotations

from smalt.flows.tools.declare import ToolProvider, tool

__all__ = ["ToolProvider", "tool"]
