"""HTTP over sockets that are files, for whoever asks a process of this machine."""

from __future__ import annotations

import http.client
import os
import socket

_LONGEST_NAME = 100


class UnixConnection(http.client.HTTPConnection):
    """A connection to a socket that is a file."""

    def __init__(self, path: str, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if len(os.fsencode(self._path)) < _LONGEST_NAME:
            self.sock.connect(self._path)
            return
        # Names of sockets are short; a long path is entered through its folder.
        folder, _, name = self._path.rpartition("/")
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sock.connect(f"/proc/self/fd/{handle}/{name}")
        finally:
            os.close(handle)


def connection(address: str, timeout_seconds: float) -> http.client.HTTPConnection:
    """A connection to `unix:/path` or `tcp:host:port`."""
    kind, _, rest = address.partition(":")
    if kind == "unix":
        return UnixConnection(rest, timeout_seconds)
    host, _, port = rest.rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=timeout_seconds)
