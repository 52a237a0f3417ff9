"""Heads as they go on: that of a request to a worker, that of an answer to the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from smalt.gateway.asked import Asked
from smalt.gateway.link import Header
from smalt.gateway.quotas import TOKENS
from smalt.gateway.refusal import status_line
from smalt.gateway.table import WorkerEntry

_SCORE = b"/score"
_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade "
    b"proxy-connection".split()
)
_OURS = _HOP | frozenset(b"authorization host content-length expect x-request-id traceparent x-smalt-secret".split())
NOT_BEGUN = b"x-smalt-not-begun"
"""Header of a worker that gives a request back: it has another one in its hands, and has not begun with this."""

_NOT_BACK = _HOP | frozenset(
    b"content-length x-request-id x-smalt-refused x-smalt-not-begun azureml-model-deployment".split()
)
_REFUSED_BY_SCORER = frozenset({400, 404, 405, 408, 413, 415, 422, 429, 431, 503})


def for_worker(asked: Asked, worker: WorkerEntry, *, length: int | None) -> bytes:
    """The head of a request; without a length the body follows in chunks."""
    path = asked.path if worker.route is None else routed(asked.path, worker.route)
    lines = [b"%b %b HTTP/1.1\r\nhost: scorer\r\nx-request-id: %b\r\n" % (asked.method, path, asked.request_id)]
    if worker.route is not None:  # When it closes one that is kept open is not ours to know: a request may cross that.
        lines.append(b"connection: close\r\n")
    lines += [b"%b: %b\r\n" % each for each in asked.headers if each[0] not in _OURS]
    if worker.secret is not None:
        lines.append(b"x-smalt-secret: %b\r\n" % worker.secret.encode())
    if asked.span is not None:
        lines.append(b"traceparent: %b\r\n" % asked.span.parent_header())
    lines.append(b"transfer-encoding: chunked\r\n\r\n" if length is None else b"content-length: %d\r\n\r\n" % length)
    return b"".join(lines)


def routed(path: bytes, route: str) -> bytes:
    """What `/score` is called at the server of an image, and what is below it; everything else is called the same."""
    if path != _SCORE and path[: len(_SCORE) + 1] not in (_SCORE + b"/", _SCORE + b"?"):
        return path
    rest = path[len(_SCORE) :]
    return (route.rstrip("/") if rest.startswith(b"/") else route).encode() + rest


class Begun(NamedTuple):
    """How an answer begins.

    Args:
        status: As the caller is to see it.
        lines: The head so far.
        length: Of the body, if that is known.
        tokens: What the worker says that the answer took.
        has_ms_id: Whether the head has Azure's request id already.
        tells_at_end: Whether it is a stream of events, which knows only at its end what it took.
    """

    status: int
    lines: list[bytes]
    length: bytes | None
    tokens: int = 0
    has_ms_id: bool = False
    tells_at_end: bool = False


def of_worker(status: int, headers: Sequence[Header]) -> Begun:
    """What a worker answers. What is no success of the model, and no refusal of our own scorer, is a 424."""
    lines = [b""]
    length: bytes | None = None
    refused = has_ms_id = tells_at_end = False
    tokens = 0
    for name, value in headers:
        if name not in _NOT_BACK:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"x-ms-request-id":
                has_ms_id = True
            elif name == TOKENS and value.isdigit():
                tokens = int(value[:12])
            elif name == b"content-type":
                tells_at_end = value.startswith(b"text/event-stream")
        elif name == b"content-length":
            length = value
        elif name == b"x-smalt-refused":
            refused = True
    is_success = 200 <= status < 300
    shown = status if is_success or (refused and status in _REFUSED_BY_SCORER) else 424
    lines[0] = status_line(shown)
    if not is_success:
        lines.append(b"ms-azureml-model-error-statuscode: %d\r\nms-azureml-model-error-reason: %b\r\n"
                     % (status, b"refused_input" if refused else b"model_error"))  # fmt: skip
    return Begun(shown, lines, length, tokens, has_ms_id, tells_at_end)


def of_gateway(status: int, size: int, headers: Sequence[Header], kind: bytes) -> Begun:
    """What we answer ourselves."""
    lines = [status_line(status), b"content-type: %b\r\n" % kind]
    lines += [b"%b: %b\r\n" % each for each in headers]
    return Begun(status, lines, b"%d" % size)


def framing(asked: Asked, length: bytes | None) -> str:
    """How the end of an answer's body is told: its length, chunks, the end of the connection, or nothing at all."""
    if asked.method == b"HEAD" or asked.status in (204, 304):
        return ""
    if length is not None:
        return "length"
    return "close" if asked.is_http10 else "chunked"


def whole(asked: Asked, begun: Begun, framed: str, told: Sequence[Header]) -> bytes:
    """The head of an answer.

    Args:
        asked: The request.
        begun: How the answer begins.
        framed: How the end of its body is told.
        told: What the caller is told of its quotas.
    """
    lines = begun.lines
    if begun.length is not None:
        lines.append(b"content-length: %b\r\n" % begun.length)
    elif framed == "chunked":
        lines.append(b"transfer-encoding: chunked\r\n")
    if asked.deployment:
        lines.append(b"azureml-model-deployment: %b\r\n" % asked.deployment.encode("latin-1", "replace"))
    lines += [b"%b: %b\r\n" % each for each in told]
    if not begun.has_ms_id:
        lines.append(b"x-ms-request-id: %b\r\n" % asked.request_id)
    lines.append(b"x-request-id: %b\r\n" % asked.request_id)
    lines.append(b"connection: keep-alive\r\n\r\n" if asked.keeps_alive and asked.is_http10
                 else b"\r\n" if asked.keeps_alive else b"connection: close\r\n\r\n")  # fmt: skip
    return b"".join(lines)
