"""The job's state on disk: one JSON file, replaced atomically, readable by any server that comes by."""

from __future__ import annotations

import errno
import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WATCHERS = ".watch"
"""Folder beside the job folders that holds one FIFO per listening server."""

_ENDED = "\tENDED"
"""Follows the name of a job in a FIFO when that was its last word; no name of a job has a tab."""

_RESERVE_BYTES = 8192


class Record:
    """Writes `state.json` and tells listening servers that it changed.

    Args:
        folder: The job's folder.
        fields: What is known from the start.
    """

    def __init__(self, folder: str, **fields: Any) -> None:  # Any: a JSON object
        self._folder = folder
        self._next = os.path.join(folder, "state.json.new")
        self._reserve = os.path.join(folder, "reserve")
        self.fields: dict[str, Any] = {"phase": "PREPARING", "created_at": time.time(), **fields}
        # The last word about a job must fit even when the job has filled the disk, so its room is taken beforehand. It
        # is written there.
        with open(os.open(self._reserve, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as reserve:
            reserve.write(b"\0" * _RESERVE_BYTES)

    def begin(self) -> None:
        """Write the first state. Nobody is told: whoever has started the job knows."""
        self._replace()

    def write(self, **changes: Any) -> None:  # Any: a JSON object
        """Change some fields; readers see all of them or none."""
        self.fields.update(changes)
        try:
            self._replace()
        except OSError as failure:
            if failure.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            os.unlink(self._reserve)
            self._replace()
        self._tell(_ENDED if self.fields["phase"] == "ENDED" else "")

    def end(self, **changes: Any) -> None:  # Any: a JSON object
        """Write the last state."""
        self._next = self._reserve
        self.write(phase="ENDED", ended_at=time.time(), **changes)

    def _replace(self) -> None:
        handle = os.open(self._next, os.O_WRONLY | os.O_CREAT, 0o600)
        with open(handle, "w", encoding="utf-8") as stream:
            json.dump(self.fields, stream)
            stream.truncate()
        os.replace(self._next, os.path.join(self._folder, "state.json"))

    def _tell(self, how: str) -> None:
        root, name = os.path.split(self._folder)
        watchers = os.path.join(root, WATCHERS)
        try:
            fifos = os.listdir(watchers)
        except FileNotFoundError:
            return
        for fifo in fifos:
            try:
                handle = os.open(os.path.join(watchers, fifo), os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue  # Nobody listens there any more; the next server reads the state itself.
            try:
                os.write(handle, f"{name}{how}\n".encode())
            except OSError:
                pass  # A full FIFO: the listener has enough reasons to look already.
            finally:
                os.close(handle)
