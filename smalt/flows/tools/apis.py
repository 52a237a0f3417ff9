"""Model APIs that tool packages bring for a kind of connection."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from smalt.flows.tools.declare import ToolProvider, is_tool
from smalt.flows.tools.interface import interface_of

by_connection: dict[str, str] = {}
by_name: dict[str, tuple[type[ToolProvider], Callable[..., Any]]] = {}


def register_apis(provider: type[ToolProvider]) -> type[ToolProvider]:
    """Let the tools of a provider be the APIs of LLM nodes whose connection its constructor takes."""
    for name, method in inspect.getmembers(provider):
        if is_tool(method):
            by_name[f"{provider.__name__}.{name}"] = (provider, method)
    for parameter in interface_of(provider.__init__).parameters.values():
        if parameter.is_connection:
            by_connection.update(dict.fromkeys(parameter.types, provider.__name__))
    return provider


def register_api_method(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let one tool be an API."""
    by_name[method.__qualname__] = (ToolProvider, method)
    return method
