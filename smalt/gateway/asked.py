"""What is known of a request, as it is noted in logs, counters, spans and collected data."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence

from smalt.gateway.fleet import Endpoint
from smalt.gateway.link import Header
from smalt.gateway.pool import Pool
from smalt.gateway.span import Span

LARGEST_BYTES = 4 << 20
"""Of larger bodies it is only noted that they were there."""

_ID = re.compile(rb"[\x21-\x7e]{1,100}")


class Asked:
    """A request and what has become of it.

    Attributes:
        headers: Of the request, with names in lower case.
        body: What is here of its body.
        path: What its scorer is asked for.
        is_uploaded: Whether all of it has come in.
        is_copy: Whether it is a mirrored one, whose answer nobody reads.
        sent_at: When it was given to a worker.
        answered_at: When the worker began to answer.
        status: As the caller sees it.
        model_status: As the scorer gave it.
        code: Why it was not answered by a worker, or not to the end.
        caller: Who asks, as a name that is no secret.
        tokens: How many its answer says that it took.
        keeps_body: Whether its body is kept whole, to be collected or mirrored.
        kept_answer: What is kept of the answer, if it is collected.
    """

    is_copy = False

    # Most of this is the same for most requests: what is not set stays with the class.
    method = b""
    target = b""
    path = b""
    is_http10 = False
    keeps_alive = True
    is_uploaded = False
    sent_at = 0.0
    answered_at = 0.0
    status = 0
    model_status = 0
    code = ""
    caller = ""
    request_id = b""
    tokens = 0
    endpoint: Endpoint | None = None
    deployment = ""
    pool: Pool | None = None
    span: Span | None = None
    body_size = 0
    answer_size = 0
    answer_headers: Sequence[Header] = ()
    kept_answer: list[bytes] | None = None
    keeps_body = False
    _named: dict[bytes, bytes] | None = None

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.body: list[bytes] = []
        self.began_at = time.monotonic()

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, once the head is whole."""
        if self._named is None:
            self._named = dict(reversed(self.headers))
        return self._named.get(name)

    @property
    def expects_word(self) -> bool:
        """Whether the caller waits for a word before it sends the body."""
        found = self.header(b"expect")
        return found is not None and b"100-continue" in found.lower()

    def id_of_head(self) -> bytes:
        """The id that the caller gave it, or a fresh one."""
        found = self.header(b"x-request-id")
        # It names, and is no secret: asking the system for each would cost more than all else here.
        return found if found is not None and _ID.fullmatch(found) else b"%032x" % random.getrandbits(128)
