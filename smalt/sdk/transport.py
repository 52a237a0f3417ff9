"""HTTP to the server: one connection pool, retries with back-off, failures as classes of the error tree."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2

from smalt import errors
from smalt.sdk.errors import NoServer, ServerFailed

_log = logging.getLogger(__name__)

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0
_BUSY = frozenset({429, 503})
_BROKEN = frozenset({502, 504})
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
_LONGEST_EXCERPT = 300

_BY_STATUS: Mapping[int, type[errors.SmaltError]] = {
    cls.status: cls
    for cls in (
        errors.InvalidRequest,
        errors.NotAuthenticated,
        errors.Forbidden,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.Conflict,
        errors.PreconditionFailed,
        errors.TooLarge,
        errors.RangeNotSatisfiable,
        errors.Unavailable,
    )
}


Content = bytes | Callable[[], Iterable[bytes]] | None
"""A body, or what begins to read it anew for each attempt."""


class Transport:
    """Sends requests to one server.

    Args:
        url: Origin of the server, e.g. `http://127.0.0.1:8787`.
        token: Gives the bearer token of each request; None sends none.
        sleep: Waits between attempts.
    """

    def __init__(
        self, url: str, token: Callable[[], str | None], *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = url.rstrip("/")
        self._parts = urlsplit(self.url)
        self._token = token
        self._sleep = sleep
        # Reading the certificates of the machine takes longer than a request: plain HTTP goes without.
        verify = self._parts.scheme == "https"
        self._client = httpx2.Client(timeout=_TIMEOUT, verify=verify, trust_env=verify)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        content: Content = None,
        headers: Mapping[str, str] | None = None,
        accept: Iterable[int] = (),
    ) -> httpx2.Response:
        """Send a request and read the whole answer.

        Args:
            method: HTTP method.
            url: A path on the server, or a full URL.
            params: Query parameters, added to those of the URL.
            body: Sent as JSON.
            content: Sent as it is; for a body that is read anew, give its Content-Length in `headers`.
            headers: Added to the request.
            accept: Statuses from 400 up that are no failure for the caller.

        Raises:
            SmaltError: The server refused, failed or cannot be reached.
        """
        sent = dict(headers or {})
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with self.stream(method, url, params=params, content=content, headers=sent, accept=accept) as response:
            response.read()
        return response

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Content = None,
        headers: Mapping[str, str] | None = None,
        accept: Iterable[int] = (),
    ) -> Iterator[httpx2.Response]:
        """Send a request and hand out the answer before its body is read. Arguments as for `request`."""
        target = self.resolve(url)
        sent = dict(headers or {})
        if target.startswith(self.url + "/"):
            token = self._token()
            if token and "sig=" not in target:
                sent["Authorization"] = f"Bearer {token}"
        # A query that is part of the URL is kept to the letter: signatures are in it.
        address = _join(target, params)

        def build() -> httpx2.Request:
            body = content() if callable(content) else content
            return self._client.build_request(method, address, content=body, headers=sent)

        response = self._send(build)
        try:
            if response.status_code >= 400 and response.status_code not in accept:
                response.read()
                raise failure(response)
            yield response
        finally:
            response.close()

    def resolve(self, url: str) -> str:
        """The full URL: paths belong to the server, and so do other names and ports under which it knows itself."""
        if url.startswith("/"):
            return self.url + url
        parts = urlsplit(url)
        same = parts.hostname == self._parts.hostname
        if same or (parts.hostname in _LOOPBACK and self._parts.hostname in _LOOPBACK):
            return urlunsplit((self._parts.scheme, self._parts.netloc, parts.path, parts.query, ""))
        return url

    def json(
        self, method: str, url: str, *, params: Mapping[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:  # Any: JSON
        """Send a request and read a JSON object from the answer; an empty answer is an empty object."""
        response = self.request(method, url, params=params, body=body)
        return decoded(response)

    def items(self, url: str, *, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:  # Any: JSON
        """The items of a list, page by page as they are asked for."""
        page = self.json("GET", url, params=params)
        while True:
            yield from page.get("value") or ()
            following = page.get("nextLink")
            if not following:
                return
            page = self.json("GET", str(following))

    def _send(self, build: Callable[[], httpx2.Request]) -> httpx2.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            is_last = attempt == _ATTEMPTS
            request = build()
            try:
                response = self._client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if is_last:
                    raise NoServer(_unreachable(self.url, request, error)) from error
                pause = _pause(attempt, None)
            except httpx2.TransportError as error:
                if is_last or request.method not in _REPEATABLE:
                    raise NoServer(
                        f"The connection to {request.url.host} broke during {request.method} {request.url.path}: "
                        f"{error or type(error).__name__}. Try again."
                    ) from error
                pause = _pause(attempt, None)
            else:
                again = response.status_code in _BUSY or (
                    response.status_code in _BROKEN and request.method in _REPEATABLE
                )
                _log.debug("%s %s: %d", request.method, request.url.copy_with(query=None), response.status_code)
                if is_last or not again:
                    return response
                response.close()
                pause = _pause(attempt, response.headers.get("Retry-After"))
            self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")


def decoded(response: httpx2.Response) -> dict[str, Any]:  # Any: JSON
    """The JSON object of an answer; an empty answer is an empty object.

    Raises:
        ServerFailed: The body is something else.
    """
    if not response.content:
        return {}
    try:
        found = response.json()
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    raise ServerFailed(
        f"{response.request.url.copy_with(query=None)} answered no JSON object but {response.text[:80]!r}. "
        "Is this the address of a smalt server?"
    )


def failure(response: httpx2.Response) -> errors.SmaltError:
    """The failure that an answer tells of."""
    code, message, target, details = _told(response)
    cls = _BY_STATUS.get(response.status_code)
    if cls is None:
        cls = ServerFailed if response.status_code >= 500 else errors.InvalidRequest
    if cls is errors.InvalidRequest and code == errors.ValidationFailed.code:
        cls = errors.ValidationFailed
    text = message or f"The server answered {response.status_code} to {response.request.method}."
    return cls(text, target=target, code=code or None, details=details)


def _told(response: httpx2.Response) -> tuple[str, str, str | None, list[errors.SmaltError]]:
    """Code, message, target and details, from the envelope of whichever wire answered."""
    try:
        body = response.json()
    except ValueError:
        return _told_in_text(response)
    if not isinstance(body, dict):
        return "", str(body)[:_LONGEST_EXCERPT], None, []
    inner = body.get("error")
    if isinstance(inner, dict):
        listed = [item for item in inner.get("details") or () if isinstance(item, dict)]
        details: list[errors.SmaltError] = [
            errors.InvalidRequest(str(item.get("message", "")), target=item.get("target"), code=item.get("code"))
            for item in listed
        ]
        return str(inner.get("code") or ""), str(inner.get("message") or ""), inner.get("target"), details
    if "error_code" in body:
        return str(body["error_code"]), str(body.get("message") or ""), None, []
    return str(inner or ""), str(body.get("error_description") or body.get("message") or ""), None, []


def _told_in_text(response: httpx2.Response) -> tuple[str, str, str | None, list[errors.SmaltError]]:
    code = response.headers.get("x-ms-error-code", "")
    message = re.search(r"<Message>(.*?)</Message>", response.text, re.DOTALL)
    return code, message[1] if message else response.text[:_LONGEST_EXCERPT], None, []


def _pause(attempt: int, retry_after: str | None) -> float:
    if retry_after is not None and retry_after.strip().isdecimal():
        return min(float(retry_after), _LONGEST_PAUSE_SECONDS)
    spread = 0.5 + random.random() / 2  # noqa: S311 - not a secret
    return float(min(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), _LONGEST_PAUSE_SECONDS) * spread)


def _unreachable(url: str, request: httpx2.Request, error: Exception) -> str:
    host = request.url.host
    if not str(request.url).startswith(url):
        return f"Cannot reach {host}: {error}. Check the address and the network."
    remedy = "Start one with: smalt up --detach" if host in _LOOPBACK else "Check SMALT_URL and the network."
    return f"No server answers at {url} ({error}). {remedy}"


def _join(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{httpx2.QueryParams(params)}"
