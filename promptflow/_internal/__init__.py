"""What published tool packages import."""

from collections.abc import Callable
from typing import Any

from smalt.flows.tools.apis import register_api_method, register_apis
from smalt.flows.tools.declare import DynamicList, GeneratedBy, InputSetting, ToolProvider, tool
from smalt.flows.tracing import trace

INPUTS_TO_ESCAPE_PARAM_KEY = "_inputs_to_escape"


class ToolInvoker:
    """Calls a tool. Kept so that packages which import it load."""

    def invoke_tool(self, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return f(*args, **kwargs)

    @classmethod
    def active_instance(cls) -> "ToolInvoker | None":
        """There is none: tools are called as they are."""
        return None


def enable_cache(*_: Any, **__: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that leaves the function as it is, as it always has."""
    return lambda function: function


__all__ = [
    "INPUTS_TO_ESCAPE_PARAM_KEY",
    "DynamicList",
    "GeneratedBy",
    "InputSetting",
    "ToolInvoker",
    "ToolProvider",
    "enable_cache",
    "register_api_method",
    "register_apis",
    "tool",
    "trace",
]
