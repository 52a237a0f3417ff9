"""Failures that only clients meet."""

from __future__ import annotations

from smalt.errors import SmaltError


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
