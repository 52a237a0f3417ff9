"""`AMLResponse`, without Flask."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


class AMLResponse:
    """What `run` gives to say status and headers itself.

    Args:
        message: The body: text, bytes, an iterator of pieces that are sent as they come; with `json_str`, any JSON.
        status_code: The status.
        response_headers: Further headers; values with commas become several.
        json_str: Write the message as JSON.
        run_function_failed: Say that `run` failed.
    """

    def __init__(
        self,
        message: Any,
        status_code: int,
        response_headers: Mapping[str, str] | None = None,
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        self.status_code = status_code
        self.headers = _Headers()
        kind = "text/html; charset=utf-8"
        if message is None or json_str:
            message, kind = json.dumps({} if message is None else message), "application/json"
        given = dict(response_headers or {})
        if "Content-Type" not in given:
            self.headers.add_header("Content-Type", kind)
        self.headers.add_header("x-ms-run-function-failed", str(run_function_failed))
        for name, value in given.items():
            for each in value.split(","):
                self.headers.add_header(name, each.strip())
        self.is_streamed = not isinstance(message, (str, bytes, bytearray))
        self._message = message

    def get_data(self) -> bytes:
        """The body, where it is whole."""
        return self._message.encode() if isinstance(self._message, str) else bytes(self._message)

    def iter_encoded(self) -> Iterator[bytes]:
        """The pieces of a body that comes in pieces."""
        for piece in self._message:
            yield piece.encode() if isinstance(piece, str) else bytes(piece)


class _Headers:
    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def add_header(self, name: str, value: str) -> None:
        """Add one; there may be several of a name."""
        self._found.append((name, str(value)))

    def __setitem__(self, name: str, value: Any) -> None:
        self._found = [each for each in self._found if each[0].lower() != name.lower()]
        self._found.append((name, str(value)))

    def __contains__(self, name: str) -> bool:
        return any(each[0].lower() == name.lower() for each in self._found)

    def items(self) -> list[tuple[str, str]]:
        """All of them."""
        return list(self._found)
