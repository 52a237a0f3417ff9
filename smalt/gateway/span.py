"""W3C trace context: a request has a span, which the scorer sees as its parent."""

from __future__ import annotations

import os
import re
import time

_PARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


class Span:
    """The span of one request."""

    __slots__ = ("_flags", "began_at", "parent", "span_id", "trace_id")

    def __init__(self, parent: bytes | None) -> None:
        found = _PARENT.fullmatch(parent) if parent else None
        chance = os.urandom(24).hex().encode()
        self.trace_id = found[1] if found else chance[:32]
        self.parent = found[2] if found else b""
        self._flags = found[3] if found else b"01"
        self.span_id = chance[32:]
        self.began_at = time.time_ns()

    @property
    def is_sampled(self) -> bool:
        """Whether whoever began the trace wants it kept."""
        return bool(int(self._flags, 16) & 1)

    def parent_header(self) -> bytes:
        """What those who are called find as `traceparent`."""
        return b"00-%b-%b-%b" % (self.trace_id, self.span_id, self._flags)
