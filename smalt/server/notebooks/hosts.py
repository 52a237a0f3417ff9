"""Speaks with the processes that keep sessions, over sockets in the folders of their jobs.

What they answer is somebody's code talking: it is passed on as data, and nothing here believes it.
"""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from smalt.kit import sockets
from smalt.server.notebooks.errors import SessionNotReady

_SOCKET = Path("wd", ".session.sock")
_LARGEST_ANSWER = 64 << 20
_SECONDS = 10.0

Json = dict[str, Any]  # Any: JSON


class Hosts:
    """The sessions of this machine.

    Args:
        folders: The folder with a folder for each workload.
    """

    def __init__(self, folders: Path) -> None:
        self._folders = folders

    def ask(self, workload: str, request: Json) -> Json:
        """One answer.

        Raises:
            SessionNotReady: Nobody answers there: it has not begun, or is just ending.
        """
        try:
            with sockets.connected(self._socket(workload), _SECONDS) as opened, opened.makefile("rb") as lines:
                opened.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(lines.readline(_LARGEST_ANSWER))
        except (OSError, ValueError):
            raise _silent() from None
        if not isinstance(answer, dict) or "error" in answer:
            raise _silent()
        return answer

    @asynccontextmanager
    async def follow(self, workload: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Everything that happens from now on, after the whole state: JSON objects without a line break.

        Raises:
            SessionNotReady: Nobody answers there.
        """
        try:
            opened = await asyncio.to_thread(lambda: sockets.connected(self._socket(workload), _SECONDS))
            opened.setblocking(False)
            reader, writer = await asyncio.open_unix_connection(sock=opened, limit=_LARGEST_ANSWER)
            writer.write(b'{"do": "follow"}\n')
            await writer.drain()
        except OSError:
            raise _silent() from None
        try:
            yield _lines(reader)
        finally:
            writer.close()

    def _socket(self, workload: str) -> str:
        path = self._folders / workload / _SOCKET
        # The job could put a link there that leads to another program's socket.
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileNotFoundError(path)
        return str(path)


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        try:
            line = await reader.readline()
        except (OSError, ValueError):  # it broke off, or a line is larger than anything may be
            return
        if not line.endswith(b"\n"):
            return
        yield line.rstrip()


def _silent() -> SessionNotReady:
    return SessionNotReady("The kernel of this session does not answer yet. Try again in a moment.")
