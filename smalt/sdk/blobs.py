"""The blob protocol, as far as clients need it: put, list, read."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

import httpx2

from smalt.errors import Conflict, NotFound
from smalt.sdk.errors import TransferFailed
from smalt.sdk.transport import Content, Transport

_VERSION = {"x-ms-version": "2023-11-03"}
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Blob:
    """A blob in a list."""

    key: str
    size: int
    md5: str | None


class BlobContainer:
    """One container, or a folder of one.

    Args:
        transport: The server.
        url: Path or URL of the container, with the query that signs for it, if any.
        writes_over: Whether what is there already is replaced.
    """

    def __init__(self, transport: Transport, url: str, *, writes_over: bool = False) -> None:
        self._transport = transport
        base, _, self._signature = url.partition("?")
        self._base = base.rstrip("/")
        self._condition = {} if writes_over else {"If-None-Match": "*"}

    def put(self, key: str, content: Content, *, size: int, md5: bytes) -> bool:
        """Write a blob; False when it is there already and is not to be replaced."""
        headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": _text(md5), "Content-Length": str(size)}
        return self._write(key, {}, content, headers | self._condition)

    def put_block(self, key: str, block: str, content: bytes, *, md5: bytes) -> None:
        """Stage one block of a blob."""
        self._send("PUT", key, {"comp": "block", "blockid": block}, content, {"Content-MD5": _text(md5)})

    def staged_blocks(self, key: str) -> dict[str, int]:
        """The blocks that wait for a blob since an earlier upload, and their sizes."""
        try:
            response = self._send("GET", key, {"comp": "blocklist", "blocklisttype": "uncommitted"})
        except NotFound:
            return {}
        blocks = _parsed(response).iterfind("UncommittedBlocks/Block")
        return {block.findtext("Name") or "": int(block.findtext("Size") or 0) for block in blocks}

    def commit(self, key: str, blocks: Iterable[str], *, md5: bytes) -> bool:
        """Make a blob of its staged blocks; False when it is there already and is not to be replaced."""
        listed = "".join(f"<Latest>{block}</Latest>" for block in blocks)
        content = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        headers = {"x-ms-blob-content-md5": _text(md5), "Content-Type": "application/xml"}
        return self._write(key, {"comp": "blocklist"}, content, headers | self._condition)

    def set_metadata(self, key: str, metadata: Mapping[str, str]) -> None:
        """Replace the metadata of a blob."""
        self._send(
            "PUT", key, {"comp": "metadata"}, b"", {f"x-ms-meta-{name}": text for name, text in metadata.items()}
        )

    def list(self, prefix: str) -> Iterator[Blob]:
        """The blobs whose keys begin with `prefix`, page by page."""
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix}
            response = self._send("GET", "", query | ({"marker": marker} if marker else {}))
            root = _parsed(response)
            yield from (_blob(element) for element in root.iter("Blob"))
            marker = root.findtext("NextMarker") or ""
            if not marker:
                return

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of a blob from `start` to `end` (without it), in pieces."""
        headers = _VERSION | range_header(start, end)
        with self._transport.stream("GET", self._url(key), headers=headers) as response:
            yield from response.iter_bytes(_PIECE_BYTES)

    def _write(
        self,
        key: str,
        query: Mapping[str, str],
        content: Content,
        headers: dict[str, str],
    ) -> bool:
        try:
            self._send("PUT", key, query, content, headers)
        except Conflict:
            return False
        return True

    def _send(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        content: Content = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        return self._transport.request(
            method, self._url(key), params=query, content=content, headers=_VERSION | dict(headers or {})
        )

    def _url(self, key: str) -> str:
        path = f"{self._base}/{quote(key)}" if key else self._base
        return f"{path}?{self._signature}" if self._signature else path


def range_header(start: int, end: int | None = None) -> dict[str, str]:
    """The header that asks for bytes from `start` to `end` (without it)."""
    return {"x-ms-range": f"bytes={start}-{'' if end is None else end - 1}"}


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _parsed(response: httpx2.Response) -> ElementTree.Element:
    try:
        # The text comes from the server one is signed in to, and the parser bounds the growth of entities.
        return ElementTree.fromstring(response.content)  # noqa: S314
    except ElementTree.ParseError as error:
        raise TransferFailed(f"The list of blobs cannot be read: {error}. Is this a smalt server?") from None


def _blob(element: ElementTree.Element) -> Blob:
    size = element.findtext("Properties/Content-Length") or "0"
    return Blob(element.findtext("Name") or "", int(size), element.findtext("Properties/Content-MD5"))
