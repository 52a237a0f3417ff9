"""Calls to addresses that somebody else has named, so that nobody reaches this machine's own network through them."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl


class Refused(Exception):
    """The address may not be asked, or did not answer; the message says why and what to do."""


def public_address(host: str, port: int) -> str:
    """The address of a host that is no address of a private network.

    Raises:
        Refused: It is one, or the name cannot be resolved.
    """
    try:
        found = {item[4][0] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise Refused(f"The name {host!r} cannot be resolved: {error}. Check the address and the network.") from error
    for address in found:
        if not ipaddress.ip_address(str(address).partition("%")[0]).is_global:
            raise Refused(f"{host!r} is an address of a private network, which must not be reached from here.")
    return str(sorted(found, key=str)[0])


class Checked(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to a moment later.

    Args:
        host: The name.
        port: The port.
        address: What the name was resolved to.
        timeout_seconds: For each step.
        is_encrypted: Whether it speaks TLS.
    """

    def __init__(self, host: str, port: int, address: str, timeout_seconds: float, *, is_encrypted: bool) -> None:
        super().__init__(host, port, timeout=timeout_seconds)
        self._address = address
        self._is_encrypted = is_encrypted

    def connect(self) -> None:
        """Open the connection."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_encrypted:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
