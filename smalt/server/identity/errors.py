"""Failures that only identity has."""

from __future__ import annotations

from smalt.errors import InvalidRequest, SmaltError


class TooManyAttempts(SmaltError):
    """Wrong secrets came too often from one place.

    Args:
        message: What happened and what to do.
        retry_after_seconds: When the next attempt is heard.
    """

    status = 429
    code = "TooManyRequests"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class InvalidClient(SmaltError):
    """The client id is unknown or its secret is wrong; which of the two is not told."""

    status = 401
    code = "invalid_client"


class UnsupportedGrant(InvalidRequest):
    """A way to ask for a token that this server does not offer."""

    code = "unsupported_grant_type"


class InvalidTokenRequest(InvalidRequest):
    """A token request without what it needs."""

    code = "invalid_request"
