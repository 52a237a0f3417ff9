"""The engine of prompt flows: a library that needs no server.

`load` makes a flow of a folder, a file or a function; a flow runs lines, single nodes and aggregations. Names are
loaded when first used: a flow of plain Python pays for nothing but itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smalt.flows.definition.types import InputDefinition, OutputDefinition
    from smalt.flows.loading import load
    from smalt.flows.running.flow import Flow
    from smalt.flows.running.metrics import log_metric
    from smalt.flows.running.results import (
        AggregationResult,
        FlowFailure,
        Limits,
        LineResult,
        NodeResult,
        Status,
        Tokens,
    )

_PLACES = {
    "running.flow": "Flow",
    "loading": "load",
    "running.metrics": "log_metric",
    "running.results": "AggregationResult FlowFailure Limits LineResult NodeResult Status Tokens",
    "definition.types": "InputDefinition OutputDefinition",
}
_PUBLISHED = {name: place for place, names in _PLACES.items() for name in names.split()}

__all__ = [
    "AggregationResult",
    "Flow",
    "FlowFailure",
    "InputDefinition",
    "Limits",
    "LineResult",
    "NodeResult",
    "OutputDefinition",
    "Status",
    "Tokens",
    "load",
    "log_metric",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLISHED[name]}"), name)
