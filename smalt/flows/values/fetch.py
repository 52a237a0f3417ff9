"""Fetching an address that a flow's inputs name, so that nobody reaches this machine's own network through it."""

from __future__ import annotations

import http.client
from urllib.parse import urljoin, urlsplit

from smalt.kit.outbound import Checked, Refused, public_address

__all__ = ["Refused", "fetch"]

_REDIRECTS = 5


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
    address = public_address(parts.hostname, port)
    connection = Checked(parts.hostname, port, address, timeout_seconds, is_encrypted=parts.scheme == "https")
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
