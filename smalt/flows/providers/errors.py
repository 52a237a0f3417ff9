"""Failures of model calls, named as prompt flow names them, with a sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping

from smalt.flows.errors import UserErrorException

_NAMES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
_REMEDIES = (
    ("insufficient_quota", "The account has no credit left. Add some, or use another connection."),
    (
        "Unrecognized request argument supplied: functions",
        "The model does not take functions. Use a model that does, or `tools`.",
    ),
    (
        "The completion operation does not work with the specified model",
        "The model only answers chats. Set `api: chat` on the node.",
    ),
    (
        "image_url is only supported by certain models",
        "The model takes no images. Use one that does.",
    ),
    (
        "messages with role 'tool' must be a response",
        "Give the assistant message its tool_calls before the tool message.",
    ),
    (
        "must be followed by tool messages",
        "Follow an assistant message that has tool_calls with one tool message for each of their ids.",
    ),
    ("DeploymentNotFound", "Check deployment_name, and api_base of the connection."),
    ("Principal does not have access", "Give the identity a role on the Azure OpenAI resource."),
    ("response_format", "Write response_format as a mapping, and use a model that takes it."),
)
_BY_STATUS = {
    401: "Check the api_key of the connection.",
    403: "Check that the key may use this model.",
    404: "Check the model or deployment name, and the address of the connection.",
    429: "Lower the concurrency, or give the connection limits: requests_per_minute, tokens_per_minute.",
}
_LONGEST = 2000


class WrappedOpenAIError(UserErrorException):
    """A model call failed.

    Args:
        kind: The class of the failure as the OpenAI client names it, e.g. `RateLimitError`.
        message: What happened, then what to do.
        status: The HTTP status, where there was an answer.
        tries: How often it was asked.
    """

    def __init__(self, kind: str, message: str, *, http_status: int | None = None, tries: int = 1) -> None:
        super().__init__(f"OpenAI API hits {kind}: {message}")
        self.kind = kind
        self.http_status = http_status
        self.tries = tries
        self.status = 400 if http_status is not None and http_status < 500 else 502

    @property
    def error_codes(self) -> list[str]:
        """The hierarchy of codes, widest first."""
        return ["UserError", "OpenAIError", self.kind]


class ExceedMaxRetryTimes(WrappedOpenAIError):
    """A model call still failed after the last try."""

    def __init__(self, kind: str, message: str, *, http_status: int | None = None, tries: int = 1) -> None:
        super().__init__(kind, message, http_status=http_status, tries=tries)
        self.message = f"Exceed max retry times ({tries}). {self.message}"
        self.args = (self.message,)


def from_status(status: int, body: bytes, *, tries: int) -> WrappedOpenAIError:
    """The failure that an answer with an error status is."""
    kind = _NAMES.get(status, "InternalServerError" if status >= 500 else "APIStatusError")
    told = body.decode("utf-8", "replace")[:_LONGEST].strip()
    remedy = next((advice for words, advice in _REMEDIES if words in told), _BY_STATUS.get(status, ""))
    message = f"Error code: {status} - {_readable(told)} {remedy}".strip()
    return WrappedOpenAIError(kind, message, http_status=status, tries=tries)


def after_last_try(error: WrappedOpenAIError) -> WrappedOpenAIError:
    """The failure told when nothing is tried any more."""
    if error.tries < 2:
        return error
    message = error.message.removeprefix(f"OpenAI API hits {error.kind}: ")
    return ExceedMaxRetryTimes(error.kind, message, http_status=error.http_status, tries=error.tries)


def _readable(told: str) -> str:
    try:
        document = json.loads(told)
    except ValueError:
        return told or "(no text)"
    error = document.get("error") if isinstance(document, Mapping) else None
    message = error.get("message") if isinstance(error, Mapping) else None
    return f"{message} ({told})" if message else told
