"""Facts of endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server.events import Event


@dataclass(frozen=True, slots=True)
class ServingChanged(Event):
    """Something was written that the loop has to make true, and the gateway may have to know."""


@dataclass(frozen=True, slots=True)
class RoutingChanged(Event):
    """The loop has made something true that the gateway has to know."""


@dataclass(frozen=True, slots=True)
class OperationEnded(Event):
    """Something that a client waits for is over."""

    operation: str


@dataclass(frozen=True, slots=True)
class EndpointAsked(Event):
    """Callers have asked an endpoint something."""

    endpoint: str
