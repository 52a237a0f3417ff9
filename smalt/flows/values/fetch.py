"""Fetching an address that a flow's inputs name, so that nobody reaches this machine's own network through it."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urljoin, urlsplit

_REDIRECTS = 5


class Refused(Exception):
    """The address may not be asked, or did not answer; the message says why and what to do."""


def fetch(url: str, max_bytes: int, timeout_seconds: float) -> bytes:
    """The body behind an address. Redirects are followed, each checked as the first.

    Raises:
        Refused: It may not be asked, did not answer, or answered too much.
    """
    for _ in range(_REDIRECTS):
        answer, location = _once(url, max_bytes, timeout_seconds)
        if location is None:
            return answer
        url = urljoin(url, location)
    raise Refused(f"It redirects more than {_REDIRECTS} times. Give the final address.")


def _once(url: str, max_bytes: int, timeout_seconds: float) -> tuple[bytes, str | None]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused("Only http and https addresses are fetched. Give one, or a file.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _Connection(parts.hostname, port, _public_address(parts.hostname, port), timeout_seconds)
    connection.is_encrypted = parts.scheme == "https"
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "smalt", "Accept": "*/*"})
        answer = connection.getresponse()
        if answer.status in {301, 302, 303, 307, 308} and answer.headers.get("Location"):
            return b"", answer.headers["Location"]
        body = answer.read(max_bytes + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"({type(error).__name__}) {error}. Check the address and the network.") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise Refused(f"It answered with status {answer.status}. Check the address.")
    if len(body) > max_bytes:
        raise Refused(f"It has more than {max_bytes} bytes. Make it smaller.")
    return body, None


def _public_address(host: str, port: int) -> str:
    try:
        found = {item[4][0] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise Refused(f"The name {host!r} cannot be resolved: {error}. Check the address and the network.") from error
    for address in found:
        if not ipaddress.ip_address(str(address).partition("%")[0]).is_global:
            raise Refused(f"{host!r} is an address of a private network, which inputs may not reach. Use a file.")
    return str(sorted(found, key=str)[0])


class _Connection(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to a moment later."""

    is_encrypted = False

    def __init__(self, host: str, port: int, address: str, timeout_seconds: float) -> None:
        super().__init__(host, port, timeout=timeout_seconds)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self.is_encrypted:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
