"""JSON over HTTP for built-in tools that ask a service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TIMEOUT_SECONDS = 60.0


class ServiceFailed(Exception):
    """The service could not be reached, or refused. `status` is None if it was not reached."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def get(url: str, parameters: Mapping[str, Any]) -> Any:
    """Ask with a query; the JSON that comes back."""
    return _ask("GET", url, params={key: value for key, value in parameters.items() if value is not None})


def post(url: str, body: Any, headers: Mapping[str, str]) -> Any:
    """Ask with a JSON body; the JSON that comes back."""
    return _ask("POST", url, json=body, headers=dict(headers))


def _ask(method: str, url: str, **arguments: Any) -> Any:
    import httpx2

    try:
        answer = httpx2.request(method, url, timeout=TIMEOUT_SECONDS, **arguments)
    except httpx2.HTTPError as error:
        raise ServiceFailed(f"ConnectionError: {error}. Check the network and the connection's address.") from error
    if answer.status_code >= 400:
        raise ServiceFailed(answer.text[:2000], answer.status_code)
    try:
        return answer.json()
    except ValueError as error:
        raise ServiceFailed(f"The answer is not JSON: {answer.text[:200]!r}.", answer.status_code) from error
