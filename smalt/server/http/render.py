"""Errors as each wire spells them: ARM, MLflow, blob and OAuth clients all read a different envelope."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from smalt.errors import SmaltError
from smalt.server.http.answer import Answer
from smalt.server.http.route import Wire

_MLFLOW_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "ENDPOINT_NOT_FOUND",
    409: "RESOURCE_ALREADY_EXISTS",
    413: "INVALID_PARAMETER_VALUE",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
}


def failure(error: SmaltError, wire: Wire, *, correlation: str) -> Answer:
    """The answer for a failure that smalt explains."""
    if wire is Wire.MLFLOW:
        answer = _mlflow(error)
    elif wire is Wire.BLOB:
        answer = _blob(error)
    elif wire is Wire.OAUTH:
        answer = _oauth(error, correlation)
    else:
        answer = Answer(error.status, {"error": _arm(error)})
    extra = {"x-ms-request-id": correlation}
    if error.status == 401:
        extra["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    answer.headers = {**answer.headers, **extra}
    return answer


def _arm(error: SmaltError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.target:
        body["target"] = error.target
    if error.details:
        body["details"] = [_arm(detail) for detail in error.details]
    if error.facts:
        body["additionalInfo"] = [{"type": error.code, "info": error.facts}]
    return body


def _mlflow(error: SmaltError) -> Answer:
    known = _MLFLOW_CODES.get(error.status, "INTERNAL_ERROR")
    # MLflow's own codes are upper-case words; a class that carries one has the last word.
    code = error.code if error.code.isupper() else known
    return Answer(error.status, {"error_code": code, "message": error.message})


def _blob(error: SmaltError) -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{escape(error.code)}</Code>'
    text += f"<Message>{escape(error.message)}</Message></Error>"
    return Answer(error.status, text, {"x-ms-error-code": error.code}, "application/xml")


def _oauth(error: SmaltError, correlation: str) -> Answer:
    known = {400: "invalid_request", 401: "invalid_client", 403: "access_denied"}.get(error.status, "server_error")
    code = error.code if error.code.islower() else known
    return Answer(error.status, {"error": code, "error_description": error.message, "correlation_id": correlation})
