"""Messages between the driver and a worker: a JSON object and some bytes, through a pipe."""

from __future__ import annotations

import json
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_HEAD = struct.Struct("!IQ")
_PIECE_BYTES = 1 << 20


def send(pipe: int, message: dict[str, Any], payload: bytes = b"") -> None:
    """Write one message, however long it takes.

    Raises:
        BrokenPipeError: Nobody is at the other end any more.
    """
    text = json.dumps(message).encode()
    left = memoryview(b"".join((_HEAD.pack(len(text), len(payload)), text, payload)))
    while left:
        left = left[os.write(pipe, left) :]


class Inbox:
    """The reading end of a pipe; keeps what is not yet a whole message."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe
        self._held = bytearray()

    def read(self) -> bool:
        """Take what is there, waiting if nothing is; False at the end of the pipe."""
        piece = os.read(self.pipe, _PIECE_BYTES)
        self._held += piece
        return bool(piece)

    def messages(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """The messages that are whole."""
        while len(self._held) >= _HEAD.size:
            text_size, payload_size = _HEAD.unpack_from(self._held)
            end = _HEAD.size + text_size + payload_size
            if len(self._held) < end:
                return
            text = bytes(self._held[_HEAD.size : _HEAD.size + text_size])
            payload = bytes(self._held[_HEAD.size + text_size : end])
            del self._held[:end]
            yield json.loads(text), payload
