"""A span: a piece of work, what stands under which, and who called this program."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from typing import Any

from smalt.flows.providers.base import Tokens

# Ids need to be different, not secret; the system's source would be asked twice per span.
_random = random.Random()  # noqa: S311
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass(slots=True)
class Event:
    """Something that happened within a span."""

    name: str
    attributes: dict[str, Any]  # Any: values of OpenTelemetry
    at_ns: int


@dataclass(slots=True)
class Span:
    """A piece of work. Times are nanoseconds since the epoch; ids are made when asked for."""

    name: str
    kind: str
    parent: Span | None = None
    started_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)  # Any: values of OpenTelemetry
    events: list[Event] = field(default_factory=list)
    inputs: Any = None  # Any: as they were given; written out on export
    output: Any = None  # Any: as it came out
    error: BaseException | None = None
    tokens: Tokens | None = None
    _span_id: int = 0
    _trace_id: int = 0
    _above: int = 0

    @property
    def span_id(self) -> str:
        """Sixteen hexadecimal digits."""
        if not self._span_id:
            self._span_id = _random.getrandbits(64) or 1
        return f"{self._span_id:016x}"

    @property
    def trace_id(self) -> str:
        """Thirty-two hexadecimal digits, one for all spans of a tree."""
        return f"{self._trace_number():032x}"

    @property
    def parent_id(self) -> str | None:
        """The id of the span above it, here or in the program that called this one."""
        if self.parent is not None:
            return self.parent.span_id
        return f"{self._above:016x}" if self._above else None

    def continues(self, caller: Caller) -> None:
        """It was called by a span of another program, whose trace it joins."""
        self._trace_id, self._above = caller.trace_id, caller.span_id

    def _trace_number(self) -> int:
        root = self
        while root.parent is not None:
            root = root.parent
        if not root._trace_id:
            root._trace_id = _random.getrandbits(128) or 1
        return root._trace_id

    def event(self, name: str, **attributes: Any) -> None:  # Any: values of OpenTelemetry
        """Note that something happened now."""
        self.events.append(Event(name, attributes, time.time_ns()))

    def end(self, error: BaseException | None = None) -> None:
        """The work is done; a second call changes nothing."""
        if not self.ended_ns:
            self.ended_ns = time.time_ns()
            self.error = error


@dataclass(frozen=True, slots=True)
class Caller:
    """A span of another program that calls this one, as `traceparent` tells it."""

    trace_id: int
    span_id: int
    is_sampled: bool

    @classmethod
    def of(cls, traceparent: str | None) -> Caller | None:
        """Who calls; None where nobody says, or says what the standard does not know."""
        match = _TRACEPARENT.fullmatch(traceparent.strip()) if traceparent else None
        if match is None or match[1] == "ff" or not int(match[2], 16) or not int(match[3], 16):
            return None
        return cls(int(match[2], 16), int(match[3], 16), bool(int(match[4], 16) & 1))
