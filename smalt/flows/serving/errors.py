"""What is wrong with a request to a served flow."""

from __future__ import annotations

from smalt.errors import SmaltError, Unavailable
from smalt.flows.errors import UserErrorException


class BadScoreRequest(UserErrorException):
    """The body is not what the flow takes."""


class JsonPayloadRequiredForMultipleInputFields(BadScoreRequest):
    """A body that is no JSON, for a flow with several inputs."""


class MissingRequiredFlowInput(BadScoreRequest):
    """An input without a default is not in the body."""


class NotAcceptable(UserErrorException):
    """The caller takes no form in which the flow answers."""

    status = 406


class MultipleStreamOutputFieldsNotSupported(UserErrorException):
    """More than one output is a stream."""


class NotAChatFlow(UserErrorException):
    """A chat client asked a flow that cannot be talked with."""

    status = 404


class TooBusy(Unavailable):
    """More requests wait than the server keeps waiting."""


class LineFailed(SmaltError):
    """The flow failed on the request."""

    def __init__(self, message: str, *, is_users: bool) -> None:
        super().__init__(message)
        self.status = 400 if is_users else 500
        self.code = "UserError" if is_users else "SystemError"
