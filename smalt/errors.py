"""The error tree: every failure a person can meet, with its HTTP status, stable code and remedy.

A message says what happened, with the value, then what to do. One renderer per wire (ARM, MLflow, blob, command line)
turns these into answers; no other class reaches a caller with a status below 500.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class SmaltError(Exception):
    """Base of all failures that smalt explains.

    Args:
        message: What happened, with the value, then what to do.
        target: The field, path or parameter the failure is about, e.g. ``inputs.data.path``.
        details: Further failures found in the same look, so that a person mends all of them at once.
        code: A narrower stable code than the class carries.
        facts: What a program needs to go on, as JSON; it travels as the error's `additionalInfo`.
    """

    status = 500
    code = "InternalServerError"

    def __init__(
        self,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[SmaltError] = (),
        code: str | None = None,
        facts: Mapping[str, Any] | None = None,  # Any: JSON
    ) -> None:
        super().__init__(message)
        self.message = message
        self.target = target
        self.details = tuple(details)
        self.facts = dict(facts or {})
        if code is not None:
            self.code = code


class InvalidRequest(SmaltError):
    """The request or file cannot be understood or breaks a rule."""

    status = 400
    code = "UserError"


class ValidationFailed(InvalidRequest):
    """One or more fields of an entity are wrong; `details` has one failure per field."""

    code = "ValidationError"


class Unsupported(InvalidRequest):
    """A valid request for something this installation cannot do."""

    code = "NotSupported"


class NotAuthenticated(SmaltError):
    """No token, or one that is expired, forged or for someone else."""

    status = 401
    code = "InvalidAuthenticationToken"


class Forbidden(SmaltError):
    """The actor is known but may not do this."""

    status = 403
    code = "AuthorizationFailed"


class NotFound(SmaltError):
    """The thing that was named does not exist."""

    status = 404
    code = "ResourceNotFound"


class MethodNotAllowed(SmaltError):
    """The path exists, but not with this HTTP method."""

    status = 405
    code = "MethodNotAllowed"


class Conflict(SmaltError):
    """The request contradicts the present state, e.g. a version that exists with other content."""

    status = 409
    code = "Conflict"


class PreconditionFailed(SmaltError):
    """An `If-Match` or `If-None-Match` condition does not hold."""

    status = 412
    code = "PreconditionFailed"


class TooLarge(SmaltError):
    """The body or a value is larger than allowed."""

    status = 413
    code = "RequestEntityTooLarge"


class UnsupportedEncoding(SmaltError):
    """The body is compressed."""

    status = 415
    code = "UnsupportedMediaType"


class RangeNotSatisfiable(SmaltError):
    """The byte range lies outside the blob."""

    status = 416
    code = "InvalidRange"


class Unavailable(SmaltError):
    """The server cannot answer now and expects to later."""

    status = 503
    code = "ServiceUnavailable"


class MissingExtra(Unsupported):
    """An optional part of smalt is not installed."""

    code = "MissingExtra"

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the extra {extra!r}. Install it: pip install 'smalt[{extra}]'.")
        self.extra = extra
