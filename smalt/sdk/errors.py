"""Failures that only clients meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from smalt.errors import SmaltError

if TYPE_CHECKING:
    import httpx2

_LONGEST_EXCERPT = 2000


class NoServer(SmaltError):
    """Nothing answers at the address of the server."""

    status = 503
    code = "NoServer"


class ServerFailed(SmaltError):
    """The server answered that it failed, or answered something that is no answer of ours."""

    code = "ServerFailed"


class JobFailed(SmaltError):
    """A job that was followed to its end did not complete."""

    code = "JobFailed"


class TransferFailed(SmaltError):
    """Bytes did not arrive as they were sent."""

    code = "TransferFailed"


class EndpointFailed(SmaltError):
    """An endpoint answered a request with a failure.

    Attributes:
        status: The HTTP status.
    """

    code = "EndpointFailed"

    @classmethod
    def of(cls, answer: httpx2.Response) -> Self:
        """The failure that an answer tells of."""
        return cls.told(answer.status_code, answer.text)

    @classmethod
    def told(cls, status: int, text: str) -> Self:
        """The failure of a status and a body."""
        found = cls(f"The endpoint answered {status}: {text.strip()[:_LONGEST_EXCERPT] or 'nothing more'}")
        found.status = status
        return found
