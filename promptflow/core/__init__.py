"""`promptflow.core`: tools, metrics, flows and prompties as functions, model configurations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from smalt.flows.running.metrics import log_metric
from smalt.flows.tools.declare import ToolProvider, tool

if TYPE_CHECKING:
    from smalt.flows.callables import AsyncFlow, Flow
    from smalt.flows.flex.prompty import AsyncPrompty, Prompty
    from smalt.flows.llm.models import AzureOpenAIModelConfiguration, ModelConfiguration, OpenAIModelConfiguration

_LATER = {
    "Flow": "smalt.flows.callables",
    "AsyncFlow": "smalt.flows.callables",
    "Prompty": "smalt.flows.flex.prompty",
    "AsyncPrompty": "smalt.flows.flex.prompty",
    "AzureOpenAIModelConfiguration": "smalt.flows.llm.models",
    "OpenAIModelConfiguration": "smalt.flows.llm.models",
    "ModelConfiguration": "smalt.flows.llm.models",
}

__all__ = [
    "AsyncFlow",
    "AsyncPrompty",
    "AzureOpenAIModelConfiguration",
    "Flow",
    "ModelConfiguration",
    "OpenAIModelConfiguration",
    "Prompty",
    "ToolProvider",
    "log_metric",
    "tool",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
