"""The wire's spelling of flows, their versions, files and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from smalt.entities.flow import Flow, FlowFile, FlowRun, FlowVersion
from smalt.wire.arm.shape import JsonObject, camel, snake

E = TypeVar("E", Flow, FlowVersion, FlowFile, FlowRun)

_ELSEWHERE = frozenset({"id", "properties", "creation_context"})
"""What every noun has and these do not."""


def to_wire(entity: Flow | FlowVersion | FlowFile | FlowRun) -> JsonObject:
    """As the server tells of it: every field, null where there is nothing."""
    document = entity.document()
    return {camel(name): document.get(name) for name in type(entity).model_fields if name not in _ELSEWHERE}


def from_wire(model: type[E], body: Mapping[str, Any]) -> E:  # Any: JSON
    """What the server told of."""
    return model.parse({snake(key): value for key, value in body.items() if value is not None})


def changes_to_wire(flow: Flow) -> JsonObject:
    """What a client says of a flow; what it does not say stays as it is."""
    document = flow.document()
    said = [name for name in ("display_name", "description", "tags") if name in flow.model_fields_set]
    return {camel(name): document[name] for name in said if name in document}
