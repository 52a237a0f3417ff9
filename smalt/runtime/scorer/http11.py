"""HTTP/1.1 as a worker speaks it: a request read piece by piece, an answer written at once or in chunks."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

MAX_HEAD_BYTES = 64 << 10
_MAX_CHUNK_LINE = 1024

REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 304: "Not Modified", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


class Refused(Exception):
    """A request that cannot be taken, with the status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request:
    """A whole request; names of headers are lower case."""

    __slots__ = ("body", "headers", "keeps_alive", "method", "path", "query")

    def __init__(self, method: str, target: str, headers: dict[str, str], keeps_alive: bool) -> None:
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.keeps_alive = keeps_alive
        self.body = b""


class Answer:
    """What goes back: a body, or an iterator of pieces that are sent as they come."""

    __slots__ = ("body", "headers", "pieces", "status")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
        pieces: Iterator[bytes] | AsyncIterator[bytes] | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = list(headers)
        self.pieces = pieces

    def head(self, *, closes: bool) -> bytes:
        """The bytes before the body.

        Raises:
            ValueError: A header would break out of its line.
        """
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        for name, value in self.headers:
            if "\r" in value or "\n" in value or "\0" in value or not _is_token(name):
                raise ValueError(f"the header {name!r} of the answer holds characters that are not allowed")
            lines.append(f"{name}: {value}")
        lines.append(f"content-length: {len(self.body)}" if self.pieces is None else "transfer-encoding: chunked")
        if closes:
            lines.append("connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def chunk(piece: bytes) -> bytes:
    """A piece of an answer in its frame; an empty one would end it."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


LAST_CHUNK = b"0\r\n\r\n"


class Reader:
    """Makes requests of bytes. One at a time: what follows stays until the next call of `next`."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._request: Request | None = None
        self._left = 0
        self._body: bytearray | None = None

    def feed(self, data: bytes | memoryview) -> None:
        """Take what came."""
        self._buffer += data

    @property
    def is_idle(self) -> bool:
        """Whether no part of a request is here."""
        return not self._buffer and self._request is None

    @property
    def wants_continue(self) -> bool:
        """Whether the other side waits for a word before it sends the body."""
        found = self._request is not None and self._request.headers.get("expect", "").lower() == "100-continue"
        if found and self._request is not None:
            del self._request.headers["expect"]
        return found

    def next(self) -> Request | None:
        """The next whole request, or None while something of it is missing.

        Raises:
            Refused: It is malformed or too large.
        """
        if self._request is None and not self._begin():
            return None
        request = self._request
        assert request is not None
        if self._body is not None:
            if not self._take_chunks():
                return None
            request.body = bytes(self._body)
        else:
            if len(self._buffer) < self._left:
                return None
            if self._left:
                request.body = bytes(self._buffer[: self._left])
                del self._buffer[: self._left]
        self._request, self._body = None, None
        return request

    def _begin(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise Refused(431, f"The head of the request has more than {MAX_HEAD_BYTES} bytes.")
            return False
        if end > MAX_HEAD_BYTES:
            raise Refused(431, f"The head of the request has more than {MAX_HEAD_BYTES} bytes.")
        self._request = request = _parse(self._buffer[:end].decode("latin-1"))
        del self._buffer[: end + 4]
        length, encoding = request.headers.get("content-length"), request.headers.get("transfer-encoding")
        if encoding is not None:
            if encoding.lower() != "chunked" or length is not None:
                raise Refused(400, "The length of the body cannot be told. Send Content-Length or chunks, not both.")
            self._body = bytearray()
            self._left = -1
            return True
        if length is not None and not (length.isascii() and length.isdigit() and len(length) < 16):
            raise Refused(400, f"Content-Length {length[:40]!r} is no number.")
        self._left = int(length or 0)
        self._check(self._left)
        return True

    def _check(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise Refused(413, f"The body has more than {self._max_body_bytes} bytes.")

    def _take_chunks(self) -> bool:
        """Unpack what is here; True at the end. `_left` is -1 before a size, -2 after the last chunk."""
        assert self._body is not None
        while True:
            if self._left >= 0:
                if len(self._buffer) < self._left + 2:
                    return False
                self._body += self._buffer[: self._left]
                if self._buffer[self._left : self._left + 2] != b"\r\n":
                    raise Refused(400, "A chunk of the body is longer than it says.")
                del self._buffer[: self._left + 2]
                self._left = -1
            end = self._buffer.find(b"\r\n")
            if end < 0 or end > _MAX_CHUNK_LINE:
                if len(self._buffer) > _MAX_CHUNK_LINE:
                    raise Refused(400, "A chunk of the body does not say its size.")
                return False
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            if self._left == -2:
                if not line:
                    return True
                continue  # a trailer
            size = _chunk_size(line)
            self._check(len(self._body) + size)
            self._left = size if size else -2


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 12 or digits.strip(b"0123456789abcdefABCDEF"):
        raise Refused(400, "A chunk of the body does not say its size.")
    return int(digits, 16)


def _parse(head: str) -> Request:
    lines = head.split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise Refused(400, "This is no HTTP/1.1 request.")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not _is_token(name):
            raise Refused(400, "A header of the request is malformed.")
        if name in headers:
            if name == "content-length":
                raise Refused(400, "Content-Length is given twice.")
            value = f"{headers[name]}, {value.strip()}"
        headers[name] = value.strip()
    keeps_alive = headers.get("connection", "").lower() != "close" and words[2] != "HTTP/1.0"
    return Request(words[0], words[1], headers, keeps_alive)


_TOKENS: set[str] = set()


def _is_token(name: str) -> bool:
    """Whether a name can be that of a header; the few that come are remembered."""
    if name in _TOKENS:
        return True
    found = bool(name) and name.isascii() and all(each.isalnum() or each in "!#$%&'*+-.^_`|~" for each in name)
    if found and len(_TOKENS) < 512:
        _TOKENS.add(name)
    return found
