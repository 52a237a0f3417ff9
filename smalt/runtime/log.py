"""The job's log files: opened for appending, handed to the user's processes, and read back for their last lines."""

from __future__ import annotations

import contextlib
import os

from smalt.runtime.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_TAIL_LINES = 10
_TAIL_BYTES = 4096


MARK = "smalt: "
"""What lines of the platform begin with, so that they are told from those of the job."""


class Log:
    """The logs of one job below its artifact root."""

    def __init__(self, artifacts: str) -> None:
        self._artifacts = artifacts
        self._open: dict[str, int] = {}
        self._main: int | None = None

    def open(self, name: str) -> int:
        """A file descriptor that appends to a log; the first one opened is the main log.

        Raises:
            Failure: It cannot be written.
        """
        if name not in self._open:
            path = os.path.join(self._artifacts, name)
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                self._open[name] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            except OSError as failure:
                raise Failure(f"The log {path} cannot be opened: {failure.strerror}.") from None
            if self._main is None:
                self._main = self._open[name]
        return self._open[name]

    def head(self, lines: Sequence[str]) -> None:
        """Write lines to the main log.

        Raises:
            Failure: They cannot be written.
        """
        try:
            self._write("".join(f"{MARK}{line}\n" for line in lines))
        except OSError as failure:
            raise Failure(f"The log in {self._artifacts} cannot be written: {failure.strerror}.") from None

    def say(self, text: str) -> None:
        """Add a line of our own to the main log, if that is possible."""
        with contextlib.suppress(OSError):
            self._write(f"{MARK}{text}\n")

    def tail(self, name: str) -> str:
        """The last lines of a log, for an error message."""
        try:
            with open(os.path.join(self._artifacts, name), "rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _TAIL_BYTES))
                lines = stream.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_TAIL_LINES:])

    def close(self) -> None:
        """Close every log; all that was written is on file before the job's end is."""
        for handle in self._open.values():
            os.close(handle)
        self._open.clear()
        self._main = None

    def _write(self, text: str) -> None:
        if self._main is not None and text:
            os.write(self._main, text.encode("utf-8", "replace"))
