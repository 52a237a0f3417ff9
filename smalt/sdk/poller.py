"""What `begin_..` methods return: an operation of the server that can be waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

import httpx2

from smalt.sdk.errors import ServerFailed
from smalt.sdk.transport import Transport, decoded

T = TypeVar("T")

_ENDED = frozenset({"succeeded", "failed", "canceled", "completed"})
_FAILED = frozenset({"failed", "canceled"})
_LONGEST_PAUSE_SECONDS = 5.0


class Poller(Generic[T]):
    """An operation that goes on in the server. Nothing runs in the background: each question asks the server.

    Args:
        transport: The server.
        response: The answer that began the operation.
        finish: Reads the result when the operation has succeeded.
        sleep: Waits between questions.
    """

    def __init__(
        self,
        transport: Transport,
        response: httpx2.Response,
        finish: Callable[[], T],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = transport
        self._finish = finish
        self._sleep = sleep
        self._url = response.headers.get("Azure-AsyncOperation") or response.headers.get("Location")
        self._status = "InProgress" if self._url else "Succeeded"
        self._pause = _pause(response)
        self._error: str | None = None

    def status(self) -> str:
        """`InProgress`, `Succeeded`, `Failed` or `Canceled`, as last heard."""
        return self._status

    def done(self) -> bool:
        """Ask the server, and tell whether the operation has ended."""
        if self._status.lower() not in _ENDED and self._url:
            self._ask(self._url)
        return self._status.lower() in _ENDED

    def wait(self, timeout: float | None = None) -> None:
        """Return when the operation has ended, or after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.done():
            left = self._pause if deadline is None else min(self._pause, deadline - time.monotonic())
            if left <= 0:
                return
            self._sleep(left)

    def result(self, timeout: float | None = None) -> T:
        """Wait, and give the result.

        Raises:
            ServerFailed: The operation failed, or has not ended in time.
        """
        self.wait(timeout)
        if self._status.lower() in _FAILED:
            raise ServerFailed(self._error or f"The operation ended as {self._status}.")
        if self._status.lower() not in _ENDED:
            raise ServerFailed(f"The operation has not ended after {timeout} s. Wait longer, or look at its status.")
        return self._finish()

    def _ask(self, url: str) -> None:
        response = self._transport.request("GET", url)
        self._pause = _pause(response)
        if response.status_code == 202:
            return
        body = decoded(response) if response.content else {}
        properties = body.get("properties")
        nested = properties.get("status") if isinstance(properties, dict) else None
        self._status = str(body.get("status") or nested or "Succeeded")
        error = body.get("error")
        if isinstance(error, dict):
            self._error = str(error.get("message") or error.get("code"))


class Done(Generic[T]):
    """An operation that was over when it was asked for, in the shape of one that can be waited for."""

    def __init__(self, result: T) -> None:
        self._result = result

    def status(self) -> str:
        """It has succeeded."""
        return "Succeeded"

    def done(self) -> bool:
        """It is over."""
        return True

    def wait(self, timeout: float | None = None) -> None:
        """There is nothing to wait for."""

    def result(self, timeout: float | None = None) -> T:
        """The result."""
        return self._result


def _pause(response: httpx2.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return min(float(told), _LONGEST_PAUSE_SECONDS) if told.isdecimal() and told != "0" else 0.5
