"""HTTP over sockets that are files, for whoever asks a process of this machine."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
from collections.abc import Iterator

_LONGEST_NAME = 100


class UnixConnection(http.client.HTTPConnection):
    """A connection to a socket that is a file."""

    def __init__(self, path: str, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = connected(self._path, self.timeout)


def connected(path: str, timeout_seconds: float | None) -> socket.socket:
    """A socket that is a file, open; its path may be longer than sockets usually take."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.settimeout(timeout_seconds)
    try:
        if len(os.fsencode(path)) < _LONGEST_NAME:
            opened.connect(path)
            return opened
        # Names of sockets are short; a long path is entered through its folder.
        folder, _, name = path.rpartition("/")
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            opened.connect(f"/proc/self/fd/{handle}/{name}")
        finally:
            os.close(handle)
    except BaseException:
        opened.close()
        raise
    return opened


def connection(address: str, timeout_seconds: float) -> http.client.HTTPConnection:
    """A connection to `unix:/path` or `tcp:host:port`."""
    kind, _, rest = address.partition(":")
    if kind == "unix":
        return UnixConnection(rest, timeout_seconds)
    host, _, port = rest.rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=timeout_seconds)


@contextlib.contextmanager
def shared_port(wanted: int = 0) -> Iterator[int]:
    """Hold a port of loopback until processes of this user listen on it, who say that they share it (SO_REUSEPORT).

    Args:
        wanted: Taken if it is free; any other one if it is not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Asked for alone, so that it is not shared with somebody who listens there already.
            held.bind(("127.0.0.1", wanted))
        except OSError:
            held.bind(("127.0.0.1", 0))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        yield int(held.getsockname()[1])
