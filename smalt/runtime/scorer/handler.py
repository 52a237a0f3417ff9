"""From a request to an answer: which route it is, which ids it carries, and what a failure becomes."""

from __future__ import annotations

import hmac
import json
import sys
import time
import traceback
import uuid

from .http11 import Answer, Refused
from .loaders import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .http11 import Request
    from .loaders import Loader

VERSION = "smalt/1"
REFUSED = ("x-smalt-refused", "1")
"""Marks answers of the server itself, which the gateway hands on as they are."""

NOT_BEGUN = ("x-smalt-not-begun", "1")
"""Marks a request that is given back, for another worker or another moment."""

SECRET = "x-smalt-secret"  # noqa: S105 - the name of a header
"""Header by which the gateway shows that it may ask; user code does not see it."""

_OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
_ID_LENGTH = 100
_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."


class Overdue(BaseException):
    """A request took longer than it may. Not an Exception, so that user code does not swallow it by accident."""


def refusal(status: int, message: str, *headers: tuple[str, str]) -> Answer:
    """An answer of the server itself."""
    body = json.dumps({"message": message}).encode()
    return Answer(status, body, [("content-type", "application/json"), REFUSED, *headers])


class Handler:
    """Answers what is not scoring at once, and says what is.

    Args:
        loader: What scores.
        timeout_seconds: For messages.
        secret: What requests must show, where not only the gateway can reach this worker.
        is_open: Whether everybody on this machine may ask, and so everything but the pages of other sites.
    """

    def __init__(
        self, loader: Loader, timeout_seconds: float, secret: str | None = None, *, is_open: bool = False
    ) -> None:
        self.loader = loader
        self._timeout_ms = 1000 * timeout_seconds
        self._secret = secret
        self._is_open = is_open

    def shortcut(self, request: Request) -> Answer | None:
        """The answer to a request that needs no scoring; None where it does."""
        if self._secret is not None and request.path != "/":
            shown = request.headers.pop(SECRET, "")
            if not hmac.compare_digest(shown.encode(), self._secret.encode()):
                return refusal(401, "Requests come through the gateway of the endpoint. Ask there.")
        stranger = _stranger(request.headers) if self._is_open else None
        if stranger is not None:
            return refusal(403, f"{stranger[:200]!r} is not this machine. Ask at 127.0.0.1, and from a page of it.")
        if request.path in self.loader.paths:
            if request.method in ("POST", "GET"):
                return self._check_ids(request)
            return refusal(405, f"{request.method} is not allowed here. Use POST.", ("allow", "GET, POST"))
        if request.method not in ("GET", "HEAD"):
            return refusal(404, f"There is nothing to {request.method} at {request.path[:200]}. Score at /score.")
        if request.path == "/":
            return Answer(200, b"Healthy", [("content-type", "text/html; charset=utf-8")])
        if request.path == "/swagger.json":
            return self._swagger(request)
        return refusal(404, f"There is nothing at {request.path[:200]}. Score at /score.")

    def failure(self, problem: BaseException) -> Answer:
        """What the caller is told of a failure; the log is told more."""
        if isinstance(problem, BadInput):
            return refusal(problem.status, str(problem))
        if isinstance(problem, Refused):
            return refusal(problem.status, str(problem))
        if isinstance(problem, Overdue):
            print(f"A request took longer than {self._timeout_ms:g} ms and was given up.", file=sys.stderr, flush=True)
            return refusal(408, f"Scoring took longer than {self._timeout_ms:g} ms.")
        text = "".join(traceback.format_exception(type(problem), problem, problem.__traceback__))
        print(f"Encountered Exception: {text}", file=sys.stderr, flush=True)
        body = json.dumps({"message": _FAILED}).encode()
        return Answer(500, body, [("content-type", "application/json"), ("x-ms-run-function-failed", "True")])

    def finish(self, request: Request, answer: Answer, started: float) -> Answer:
        """Add the headers that every scored answer has."""
        headers = request.headers
        own = headers.get("x-request-id") or str(uuid.uuid4())
        theirs = headers.get("x-ms-client-request-id")
        legacy = headers.get("x-ms-request-id")
        names = {name.lower() for name, _ in answer.headers}
        if "x-ms-run-function-failed" not in names:
            answer.headers.append(("x-ms-run-function-failed", "False"))
        elif answer.status >= 500:
            answer.headers = [each for each in answer.headers if each[0].lower() != "x-ms-run-function-failed"]
            answer.headers.append(("x-ms-run-function-failed", "True"))
        answer.headers += [
            ("x-ms-run-fn-exec-ms", f"{1000 * (time.monotonic() - started):.3f}"),
            ("x-ms-server-version", VERSION),
            ("x-request-id", own),
            ("x-ms-request-id", legacy or theirs or own),
        ]
        if theirs or legacy:
            answer.headers.append(("x-ms-client-request-id", theirs or legacy or ""))
        if "traceid" in headers:
            answer.headers.append(("TraceId", headers["traceid"]))
        return answer

    @staticmethod
    def _check_ids(request: Request) -> Answer | None:
        for name in ("x-request-id", "x-ms-request-id", "x-ms-client-request-id"):
            if len(request.headers.get(name, "")) > _ID_LENGTH:
                return refusal(431, f"{name} must not exceed {_ID_LENGTH} characters")
        return None

    def _swagger(self, request: Request) -> Answer:
        version = "2"
        for pair in request.query.split("&"):
            name, _, value = pair.partition("=")
            if name == "version":
                version = value.partition(".")[0]
        try:
            found = self.loader.swagger(version)
        except Exception as problem:
            return self.failure(problem)
        if found is None:
            return refusal(404, f"Swagger version [{version[:20]}] is not valid. Supported versions: [2, 3].")
        return Answer(200, json.dumps(found).encode(), [("content-type", "application/json")])


def _stranger(headers: dict[str, str]) -> str | None:
    """Who has a browser ask here: a site by its origin, or one whose name was made to lead to this machine."""
    host = headers.get("host", "")
    origin = headers.get("origin")
    if _name_in(host) not in _OWN_NAMES:
        return host
    if origin is not None and _name_in(origin.partition("://")[2]) not in _OWN_NAMES:
        return origin
    return None


def _name_in(authority: str) -> str:
    """The name before the port."""
    name, _, port = authority.rpartition(":")
    return (name if name and port.isdigit() else authority).lower()
