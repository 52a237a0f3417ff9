"""Inputs and outputs that live behind the server's blob protocol: listed, fetched in pieces, and sent in blocks."""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import os
import re
import time
import urllib.parse
from typing import TYPE_CHECKING, TypeVar
from xml.etree import ElementTree

from smalt.runtime import folders
from smalt.runtime.failure import Failure, Refused, Unreachable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

_PARALLEL = 4
_ATTEMPTS = 5
_PIECE_BYTES = 32 << 20
_BLOCK_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 20
_API_VERSION = "2023-11-03"
_TRANSIENT = {408, 429, 500, 502, 503, 504}
# Our own server keeps containers below `/blob/<workspace id>`, where clients may add the storage suffix they were told.
_OWN_SHAPE = re.compile(
    r"^(?P<base>(?:/.*?)?/blob(?:/[0-9a-fA-F-]{36})?(?:/\.blob\.[^/]+)?)/(?P<container>[^/]+)/?(?P<key>.*)$"
)
# The job's token is for the server that gave it, which jobs of its machine reach here; no stranger may see it.
_OWN_HOSTS = {"127.0.0.1", "::1", "localhost"}
_MOST_APPENDED_BYTES = 4 << 20
_AZURE_SHAPE = re.compile(r"^(?P<base>)/(?P<container>[^/]+)/?(?P<key>.*)$")


_authorities: list[str] = []


def trust(authority: str) -> None:
    """Believe a further certificate authority, in this process from now on."""
    _authorities.append(authority)


def download(url: str, place: str, *, token: str | None, what: str, server: str | None = None) -> str:
    """Fetch a blob, or every blob below a prefix, into the folder `place`.

    The token goes to the machine's own server only, or to the one at `server`.

    Returns:
        The file, when the URL names one, else the folder.

    Raises:
        Failure: There is nothing, or it cannot be fetched.
    """
    store = _Store(url, token=token, what=what, server=server)
    os.makedirs(place, exist_ok=True)
    key = store.key.rstrip("/")
    size = store.size(key) if key and not store.key.endswith("/") else None
    if size is not None:
        path = os.path.join(place, os.path.basename(key))
        _fetch(store, [(key, size, path)])
        return path
    prefix = f"{key}/" if key else ""
    found = [(name, length, _inside(place, name[len(prefix) :])) for name, length in store.list(prefix)]
    if not found:
        raise Failure(f"{what} does not exist: nothing is stored at {store.shown}.")
    _fetch(store, found)
    return place


def upload(path: str, url: str, *, token: str | None, server: str | None = None) -> None:
    """Send a file, or every file of a folder, to where the URL points."""
    store = _Store(url, token=token, what="The output", server=server)
    if os.path.isfile(path):
        store.put(store.key, path)
        return
    if not os.path.isdir(path):
        return
    prefix = store.key.rstrip("/") + "/"
    _in_parallel([_bind(store.put, prefix + name, os.path.join(path, name)) for name in folders.files_below(path)])


class Folder:
    """A prefix of a container that is written to again and again: logs that grow, states that change.

    Args:
        url: The prefix.
        token: Opens it.
        server: Whose token that is.
        what: How messages call it.
    """

    def __init__(self, url: str, *, token: str | None, server: str | None, what: str) -> None:
        self._store = _Store(url, token=token, what=what, server=server, attempts=1)
        self._prefix = self._store.key.rstrip("/") + "/"

    def send(self, name: str, path: str) -> None:
        """Send a file whole."""
        self._store.put(self._prefix + name, path)

    def write(self, name: str, content: bytes) -> None:
        """Replace a blob."""
        self._store.put_bytes(self._prefix + name, content)

    def read(self, name: str) -> bytes | None:
        """A small blob, or None."""
        return self._store.get_bytes(self._prefix + name)

    def append(self, name: str, path: str, sent: int) -> int:
        """Send what a file has more than was sent before; how much the blob holds now.

        A piece whose answer was lost is found at its place and not sent twice.
        """
        with open(path, "rb") as source:
            if not sent:
                sent = self._store.begin(self._prefix + name)
            source.seek(sent)
            piece = source.read(_MOST_APPENDED_BYTES)
            while piece:
                sent = self._store.append(self._prefix + name, piece, sent)
                source.seek(sent)
                piece = source.read(_MOST_APPENDED_BYTES)
        return sent


def _inside(place: str, name: str) -> str:
    """A path below `place` for a blob's name; names that would lead elsewhere are refused."""
    parts = name.split("/")
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise Failure(f"The blob name {name!r} cannot be a file name here; rename it in the data asset.")
    return os.path.join(place, *parts)


def _fetch(store: _Store, blobs: list[tuple[str, int, str]]) -> None:
    pieces = []
    for key, size, path in blobs:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as target:
            target.truncate(size)
        os.chmod(path, 0o755)  # noqa: S103  (code and data are its owner's to run, as on the cloud's mounts)
        pieces += [
            _bind_piece(store, key, path, start, min(start + _PIECE_BYTES, size))
            for start in range(0, size, _PIECE_BYTES)
        ]
    _in_parallel(pieces)


def _bind(send: Callable[[str, str], None], key: str, path: str) -> Callable[[], None]:
    return lambda: send(key, path)


def _bind_piece(store: _Store, key: str, path: str, start: int, end: int) -> Callable[[], None]:
    return lambda: store.get_piece(key, path, start, end)


def _in_parallel(actions: list[Callable[[], None]]) -> None:
    pool = concurrent.futures.ThreadPoolExecutor(_PARALLEL)
    try:
        for done in concurrent.futures.as_completed([pool.submit(action) for action in actions]):
            done.result()
    finally:
        # Not waited for: a stop request must not hang on a slow server.
        pool.shutdown(wait=False, cancel_futures=True)


class _Store:
    """One container as seen from one job."""

    def __init__(
        self, url: str, *, token: str | None, what: str, server: str | None = None, attempts: int = _ATTEMPTS
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        path = urllib.parse.unquote(parts.path)
        match = _OWN_SHAPE.match(path) or _AZURE_SHAPE.match(path)
        if match is None:
            raise Failure(f"{what}: {parts.scheme}://{parts.netloc}{parts.path} names no blob container.")
        self._parts = parts
        self._root = f"{match['base']}/{match['container']}"
        self._headers = {"x-ms-version": _API_VERSION} | (
            {"Authorization": f"Bearer {token}"} if token and _is_own(parts, server) else {}
        )
        self._what = what
        self._attempts = attempts
        self._context: ssl.SSLContext | None = None
        self.key = match["key"]
        self.shown = f"{parts.scheme}://{parts.netloc}{parts.path}"

    def size(self, key: str) -> int | None:
        """Bytes of a blob, or None when there is no such blob."""

        def read(answer: http.client.HTTPResponse) -> int | None:
            if answer.status == 404:
                return None
            self._expect(answer, 200)
            return int(answer.headers["Content-Length"])

        return self._ask("HEAD", self._path(key), read)

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Names and sizes of the blobs below a prefix, in name order."""
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix, "marker": marker}
            page = self._ask("GET", self._path("", query), self._read_page)
            for blob in page.iter("Blob"):
                name = blob.findtext("Name") or ""
                if name != prefix:
                    yield name, int(blob.findtext("Properties/Content-Length") or 0)
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return

    def get_piece(self, key: str, path: str, start: int, end: int) -> None:
        """Fetch a range of a blob into its place in a file; after a broken connection it goes on where it was."""
        reached = start

        def read(answer: http.client.HTTPResponse) -> None:
            nonlocal reached
            self._expect(answer, 206, 200)
            if answer.status == 200:  # A server without ranges sends all of it.
                _skip(answer, reached)
            with open(path, "r+b") as target:
                target.seek(reached)
                for chunk in _chunks(answer, end - reached):
                    target.write(chunk)
                    reached += len(chunk)
            if reached < end:
                raise http.client.IncompleteRead(b"", end - reached)

        self._ask("GET", self._path(key), read, headers=lambda: {"Range": f"bytes={reached}-{end - 1}"})

    def put(self, key: str, path: str) -> None:
        """Send a file as one blob."""
        with open(path, "rb") as source:
            if os.path.getsize(path) <= _BLOCK_BYTES:
                self._put(self._path(key), source.read(), {"x-ms-blob-type": "BlockBlob"})
                return
            blocks: list[str] = []
            for block in iter(lambda: source.read(_BLOCK_BYTES), b""):
                blocks.append(base64.b64encode(b"%012d" % len(blocks)).decode())
                self._put(self._path(key, {"comp": "block", "blockid": blocks[-1]}), block, {})
        listed = "".join(f"<Latest>{block}</Latest>" for block in blocks)
        document = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
        self._put(self._path(key, {"comp": "blocklist"}), document.encode(), {"Content-Type": "application/xml"})

    def put_bytes(self, key: str, content: bytes) -> None:
        """Send one blob."""
        self._put(self._path(key), content, {"x-ms-blob-type": "BlockBlob"})

    def get_bytes(self, key: str) -> bytes | None:
        """A small blob, or None when there is none."""

        def read(answer: http.client.HTTPResponse) -> bytes | None:
            if answer.status == 404:
                return None
            self._expect(answer, 200)
            return answer.read()

        return self._ask("GET", self._path(key), read)

    def begin(self, key: str) -> int:
        """Make a blob that grows, unless there is one; its size."""
        size = self.size(key)
        if size is None:
            self._put(self._path(key), b"", {"x-ms-blob-type": "AppendBlob"})
        return size or 0

    def append(self, key: str, piece: bytes, at: int) -> int:
        """Add a piece to a blob of a known size; the size it has then."""

        def read(answer: http.client.HTTPResponse) -> bool:
            if answer.status != 412:
                self._expect(answer, 201)
            return answer.status == 201

        where = {"x-ms-blob-condition-appendpos": str(at)}
        path = self._path(key, {"comp": "appendblock"})
        if self._ask("PUT", path, read, body=piece, headers=lambda: where):
            return at + len(piece)
        return self.size(key) or 0

    def _put(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        self._ask("PUT", path, lambda answer: self._expect(answer, 201), body=body, headers=lambda: headers)

    def _read_page(self, answer: http.client.HTTPResponse) -> ElementTree.Element:
        self._expect(answer, 200)
        return ElementTree.fromstring(answer.read())  # noqa: S314  (the server's own listing)

    def _path(self, key: str, query: Mapping[str, str] | None = None) -> str:
        path = urllib.parse.quote(f"{self._root}/{key}" if key else self._root)
        asked = urllib.parse.urlencode(
            {name: value for name, value in (query or {}).items() if value or name != "marker"}
        )
        together = "&".join(part for part in (asked, self._parts.query) if part)
        return f"{path}?{together}" if together else path

    def _expect(self, answer: http.client.HTTPResponse, *statuses: int) -> None:
        if answer.status in statuses:
            return
        if answer.status in _TRANSIENT:
            raise http.client.HTTPException(f"the store answered {answer.status} {answer.reason}")
        kind = Refused if answer.status in (401, 403) else Failure
        raise kind(f"{self._what}: the store answered {answer.status} {answer.reason} for {self.shown}.")

    def _ask(
        self,
        method: str,
        path: str,
        read: Callable[[http.client.HTTPResponse], T],
        *,
        body: bytes | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
    ) -> T:
        """One request, repeated while the trouble looks passing."""
        for attempt in range(1, self._attempts + 1):
            connection = self._connect()
            try:
                connection.request(method, path, body=body, headers={**self._headers, **headers()})
                return read(connection.getresponse())
            except (OSError, http.client.HTTPException) as failure:
                if attempt == self._attempts:
                    raise Unreachable(f"{self._what}: {self.shown} cannot be reached: {failure}.") from None
                time.sleep(0.1 * 2**attempt)
            finally:
                connection.close()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _connect(self) -> http.client.HTTPConnection:
        if self._parts.scheme != "https":
            return http.client.HTTPConnection(self._parts.netloc, timeout=60)
        if self._context is None:
            import ssl  # Imported here since most stores are this machine's own.

            self._context = ssl.create_default_context()
            for authority in _authorities:
                self._context.load_verify_locations(cadata=authority)
        return http.client.HTTPSConnection(self._parts.netloc, timeout=60, context=self._context)


def _is_own(parts: urllib.parse.SplitResult, server: str | None) -> bool:
    if server is None:
        return parts.hostname in _OWN_HOSTS
    own = urllib.parse.urlsplit(server)
    return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


def _skip(answer: http.client.HTTPResponse, count: int) -> None:
    for _ in _chunks(answer, count):
        pass


def _chunks(answer: http.client.HTTPResponse, count: int) -> Iterator[bytes]:
    """At most so many bytes of an answer."""
    while count > 0:
        chunk = answer.read(min(_CHUNK_BYTES, count))
        if not chunk:
            return
        count -= len(chunk)
        yield chunk
