"""The part of the Azure Blob protocol that the official clients use, over the containers of a workspace.

Content streams both ways: a request or answer is never held in memory as a whole.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from queue import Queue
from typing import Any, TypeVar
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from starlette.responses import Response, StreamingResponse

from smalt.blobs import BlobInfo, BlobStore, clean_key
from smalt.errors import Forbidden, InvalidRequest, NotAuthenticated, NotFound, RangeNotSatisfiable, Unsupported
from smalt.kit import clock
from smalt.server.assets import blob_store
from smalt.server.assets.containers import Containers
from smalt.server.assets.signing import Signer
from smalt.server.http import ANYONE, Answer, Call, Route, Routes, Wire
from smalt.server.work import NOBODY, Actor, JobGrant, Works

Admit = Callable[[Call, str], Actor]
"""Finds the caller of a request without a signature and checks that they may do an action here."""

_READ = "workspaces/datastores/blobs/read"
_WRITE = "workspaces/datastores/blobs/write"
_VERSION = "2023-11-03"
_HIDDEN_SEGMENT = re.compile(r"^\.blob\.[^/]*/")
_RANGE = re.compile(r"^bytes=(\d+)-(\d*)$")
_BLOCK_LIST_BYTES = 8 * 1024 * 1024
_QUEUED_CHUNKS = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Target:
    """What a request is about."""

    workspace_id: str
    container: str
    key: str
    store: BlobStore


def blob_routes(containers: Containers, works: Works, signer: Signer, admit: Admit) -> list[Route]:
    """The routes of the blob protocol.

    Args:
        containers: Where the bytes are.
        works: Opens looks into the metadata.
        signer: Checks signed URLs.
        admit: Checks everyone else.

    The routes are declared open to anyone because a signed URL comes without a token; every handler begins with
    `_Pages.open`, which lets nobody through who has neither.
    """
    pages = _Pages(containers, works, signer, admit)
    table = Routes(wire=Wire.BLOB)
    for method, handler in (
        ("GET", pages.get),
        ("HEAD", pages.head),
        ("PUT", pages.put),
        ("DELETE", pages.delete),
    ):
        table.add(
            method,
            "/blob/{workspace_id}/{rest:path}",
            handler,
            action=ANYONE,
            audited=False,
            max_body_bytes=None,
        )
    return table.all


class _Pages:
    """The handlers."""

    def __init__(self, containers: Containers, works: Works, signer: Signer, admit: Admit) -> None:
        self._containers = containers
        self._works = works
        self._signer = signer
        self._admit = admit

    async def get(self, call: Call) -> Answer | Response:
        """Read a blob, or list a container."""
        target = await self.open(call, "r")
        if call.query.get("comp") == "list":
            return await asyncio.to_thread(self._list, call, target)
        clean_key(target.key)
        info, known = await asyncio.to_thread(self._look, target)
        if info is None:
            raise NotFound(f"There is no blob {target.key[:200]!r} in {target.container!r}.", code="BlobNotFound")
        headers = _headers(info, known)
        if call.query.get("comp") == "metadata":
            return Answer(200, None, headers)
        start, length = _range(call, info)
        content = await asyncio.to_thread(target.store.read, target.key, start, length)
        status = 200
        if length is not None:
            status = 206
            headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{info.size}"
        headers["Content-Length"] = str(info.size if length is None else length)
        return StreamingResponse(_stream(content), status, headers, media_type="application/octet-stream")

    async def head(self, call: Call) -> Answer:
        """Tell about a blob."""
        target = await self.open(call, "r")
        if target.key == "" or call.query.get("restype") == "container":
            return Answer(200, None, _common())
        info, known = await asyncio.to_thread(self._look, target)
        if info is None:
            raise NotFound(f"There is no blob {target.key[:200]!r} in {target.container!r}.", code="BlobNotFound")
        return Answer(200, None, {**_headers(info, known), "Content-Length": str(info.size)})

    async def put(self, call: Call) -> Answer:
        """Write a blob, a part of one, the list of its parts, or its metadata."""
        target = await self.open(call, "wc")
        if call.query.get("restype") == "container":
            await asyncio.to_thread(self._containers.ensure, target.workspace_id, target.container)
            return Answer(201, None, _common())
        clean_key(target.key)
        operation = call.query.get("comp")
        if operation is None:
            return await self._put_blob(call, target)
        if operation == "block":
            block_id = call.query.get("blockid")
            if not block_id:
                raise InvalidRequest("A block needs a blockid.", code="InvalidQueryParameterValue")
            await _receive(call, lambda chunks: target.store.stage_block(target.key, block_id, chunks))
            return Answer(201, None, _common())
        if operation == "blocklist":
            return await self._put_block_list(call, target)
        if operation == "metadata":
            return await self._put_metadata(call, target)
        raise Unsupported(f"comp={operation[:40]!r} is not served here.", code="UnsupportedQueryParameter")

    async def delete(self, call: Call) -> Answer:
        """Delete a blob."""
        target = await self.open(call, "d")
        clean_key(target.key)

        def act() -> bool:
            there = target.store.delete(target.key)
            if there:
                with self._works.write(NOBODY) as work:
                    blob_store.forget(work.connection, target.workspace_id, target.container, target.key)
            return there

        if not await asyncio.to_thread(act):
            raise NotFound(f"There is no blob {target.key[:200]!r} in {target.container!r}.", code="BlobNotFound")
        return Answer(202, None, _common())

    async def open(self, call: Call, permission: str) -> _Target:
        """Find what a request is about, and let through only who may.

        Raises:
            NotAuthenticated: Neither a valid signature nor a token.
            Forbidden: A signature, role or job that opens something else.
        """
        workspace_id = call.params["workspace_id"].lower()
        rest = _HIDDEN_SEGMENT.sub("", call.params["rest"].lstrip("/"))
        container, _, key = rest.partition("/")
        if "sig" in call.query:
            asked = key or call.query.get("prefix", "")
            if not self._signer.check(
                call.query, workspace_id, container, asked, _letters(call, permission), clock.now()
            ):
                raise Forbidden(
                    "The signature of this URL does not open this, or no longer. Ask for a new one.",
                    code="AuthenticationFailed",
                )
        else:
            await self._admit_actor(call, permission, container, key or call.query.get("prefix", ""))
        store = await asyncio.to_thread(self._containers.store, workspace_id, container)
        return _Target(workspace_id, container, key, store)

    async def _admit_actor(self, call: Call, permission: str, container: str, key: str) -> None:
        action = _READ if permission == "r" else _WRITE
        actor = await asyncio.to_thread(self._admit, call, action)
        if actor.grant is not None and not _granted(
            actor.grant, call.params["workspace_id"], container, key, permission
        ):
            raise Forbidden(
                f"The token of job {actor.grant.job!r} does not open {container}/{key[:200]}.",
                code="AuthorizationFailed",
            )
        if actor is NOBODY:
            raise NotAuthenticated("No token came with the request.")
        call.actor = actor

    def _look(self, target: _Target) -> tuple[BlobInfo | None, dict[str, Any]]:
        info = target.store.head(target.key)
        if info is None:
            return None, {}
        with self._works.read(NOBODY) as work:
            known = blob_store.find(work.connection, target.workspace_id, target.container, target.key)
        if known.get("etag") not in (None, info.etag):
            known.pop("md5", None)  # the file was written anew, past us
        return info, known

    async def _put_blob(self, call: Call, target: _Target) -> Answer:
        kind = call.header("x-ms-blob-type") or "BlockBlob"
        if kind.lower() != "blockblob":
            raise Unsupported(f"Blobs of type {kind[:40]!r} are not kept here; BlockBlob is.", code="InvalidBlobType")
        if call.header("x-ms-copy-source"):
            raise Unsupported("Copying from a URL is not done here. Download it and put it.", code="UnsupportedHeader")
        md5 = _md5(call.header("content-md5"))
        only_if_missing = call.header("if-none-match") == "*"
        info = await _receive(
            call, lambda chunks: target.store.write(target.key, chunks, only_if_missing=only_if_missing, md5=md5)
        )
        return await self._written(call, target, info, md5)

    async def _put_block_list(self, call: Call, target: _Target) -> Answer:
        body = b""
        async for chunk in call.request.stream():
            body += chunk
            if len(body) > _BLOCK_LIST_BYTES:
                raise InvalidRequest("The block list is too long.", code="InvalidXmlDocument")
        block_ids = _block_ids(body)
        only_if_missing = call.header("if-none-match") == "*"
        info = await asyncio.to_thread(
            target.store.commit_blocks, target.key, block_ids, only_if_missing=only_if_missing
        )
        return await self._written(call, target, info, _md5(call.header("x-ms-blob-content-md5")))

    async def _put_metadata(self, call: Call, target: _Target) -> Answer:
        def act() -> BlobInfo:
            info, known = self._look(target)
            if info is None:
                raise NotFound(f"There is no blob {target.key[:200]!r} in {target.container!r}.", code="BlobNotFound")
            known["meta"] = _metadata(call)
            with self._works.write(NOBODY) as work:
                blob_store.put(work.connection, target.workspace_id, target.container, target.key, known)
            return info

        info = await asyncio.to_thread(act)
        return Answer(200, None, {**_common(), "ETag": f'"{info.etag}"', "Last-Modified": _http(info.modified_at)})

    async def _written(self, call: Call, target: _Target, info: BlobInfo, md5: bytes | None) -> Answer:
        known: dict[str, Any] = {"etag": info.etag}
        if _metadata(call):
            known["meta"] = _metadata(call)
        if md5 is not None:
            known["md5"] = base64.b64encode(md5).decode()
        content_type = call.header("x-ms-blob-content-type")
        if content_type:
            known["type"] = content_type[:200]

        def remember() -> None:
            with self._works.write(NOBODY) as work:
                if len(known) > 1:
                    blob_store.put(work.connection, target.workspace_id, target.container, target.key, known)
                else:
                    blob_store.forget(work.connection, target.workspace_id, target.container, target.key)

        await asyncio.to_thread(remember)
        headers = {**_common(), "ETag": f'"{info.etag}"', "Last-Modified": _http(info.modified_at)}
        if md5 is not None:
            headers["Content-MD5"] = base64.b64encode(md5).decode()
        return Answer(201, None, {**headers, "x-ms-request-server-encrypted": "false"})

    def _list(self, call: Call, target: _Target) -> Answer:
        prefix = call.query.get("prefix", "")
        page = target.store.list(
            prefix,
            delimiter=call.query.get("delimiter") or None,
            after=call.query.get("marker") or None,
            limit=call.number("maxresults", default=5000, low=1, high=5000),
        )
        with_metadata = "metadata" in call.query.get("include", "")
        with self._works.read(NOBODY) as work:
            keys = [item.key for item in page.items]
            known = blob_store.find_many(work.connection, target.workspace_id, target.container, keys)
        body = _listing(target.container, prefix, page.items, page.prefixes, page.after, known, with_metadata)
        return Answer(200, body, _common(), "application/xml")


def _letters(call: Call, permission: str) -> str:
    return "l" if permission == "r" and call.query.get("comp") == "list" else permission


def _granted(grant: JobGrant, workspace_id: str, container: str, key: str, permission: str) -> bool:
    if grant.workspace_id.lower() != workspace_id.lower():
        return False
    wanted = f"{container}/{key}".rstrip("/")
    prefixes = (*grant.readable, *grant.writable) if permission == "r" else grant.writable
    return any(wanted == prefix.rstrip("/") or wanted.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def _common() -> dict[str, str]:
    return {"x-ms-version": _VERSION, "Date": _http(clock.now())}


def _http(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _headers(info: BlobInfo, known: dict[str, Any]) -> dict[str, str]:
    headers = {
        **_common(),
        "ETag": f'"{info.etag}"',
        "Last-Modified": _http(info.modified_at),
        "Content-Type": str(known.get("type", "application/octet-stream")),
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "false",
        "x-ms-creation-time": _http(info.modified_at),
    }
    if "md5" in known:
        headers["Content-MD5"] = str(known["md5"])
    for name, value in known.get("meta", {}).items():
        headers[f"x-ms-meta-{name}"] = quote(str(value), safe="!#$%&'()*+,-./:;<=>?@[]^_`{|}~ ")
    return headers


def _metadata(call: Call) -> dict[str, str]:
    found = {}
    for name, value in call.request.headers.items():
        if name.startswith("x-ms-meta-") and len(name) > len("x-ms-meta-"):
            found[name.removeprefix("x-ms-meta-")] = value
    if sum(len(name) + len(value) for name, value in found.items()) > 8192:
        raise InvalidRequest("Metadata of a blob may have 8192 bytes at most.", code="MetadataTooLarge")
    return found


def _md5(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        value = b""
    if len(value) != 16:
        raise InvalidRequest(f"Content-MD5 {text[:60]!r} is not the base64 of an MD5.", code="InvalidMd5")
    return value


def _range(call: Call, info: BlobInfo) -> tuple[int, int | None]:
    asked = call.header("x-ms-range") or call.header("range")
    if asked is None:
        return 0, None
    match = _RANGE.match(asked.strip())
    if match is None:
        return 0, None  # a form we do not know is answered with the whole blob, as HTTP allows
    start = int(match[1])
    end = int(match[2]) if match[2] else info.size - 1
    if start >= info.size or end < start:
        raise RangeNotSatisfiable(f"The range {asked[:80]!r} lies outside the {info.size} bytes of the blob.")
    return start, min(end, info.size - 1) - start + 1


def _block_ids(body: bytes) -> list[str]:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise InvalidRequest("The block list may not declare entities.", code="InvalidXmlDocument")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - documents with declarations are refused above
    except ElementTree.ParseError as error:
        raise InvalidRequest(f"The block list is not XML: {error}.", code="InvalidXmlDocument") from error
    found = [element.text or "" for element in root if element.tag in ("Latest", "Uncommitted", "Committed")]
    if root.tag != "BlockList":
        raise InvalidRequest(f"A BlockList is expected, not {root.tag[:40]!r}.", code="InvalidXmlDocument")
    return found


def _listing(
    container: str,
    prefix: str,
    items: tuple[BlobInfo, ...],
    prefixes: tuple[str, ...],
    after: str | None,
    known: dict[str, dict[str, Any]],
    with_metadata: bool,
) -> str:
    rows = {key: f"<BlobPrefix><Name>{escape(key)}</Name></BlobPrefix>" for key in prefixes}
    for item in items:
        document = known.get(item.key, {})
        row = f"<Blob><Name>{escape(item.key)}</Name><Properties>"
        row += f"<Creation-Time>{_http(item.modified_at)}</Creation-Time>"
        row += f"<Last-Modified>{_http(item.modified_at)}</Last-Modified><Etag>{escape(item.etag)}</Etag>"
        row += f"<Content-Length>{item.size}</Content-Length>"
        row += f"<Content-Type>{escape(str(document.get('type', 'application/octet-stream')))}</Content-Type>"
        if "md5" in document and document.get("etag") in (None, item.etag):
            row += f"<Content-MD5>{escape(str(document['md5']))}</Content-MD5>"
        row += "<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>"
        row += "<LeaseState>available</LeaseState></Properties>"
        if with_metadata:
            pairs = document.get("meta", {}).items()
            row += "<Metadata>" + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in pairs)
            row += "</Metadata>"
        rows[item.key] = row + "</Blob>"
    body = "".join(rows[key] for key in sorted(rows))
    return (
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{escape(container)}">'
        f"<Prefix>{escape(prefix)}</Prefix><Blobs>{body}</Blobs><NextMarker>{escape(after or '')}</NextMarker>"
        "</EnumerationResults>"
    )


async def _stream(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        chunk = await asyncio.to_thread(next, content, None)
        if chunk is None:
            return
        yield chunk


async def _receive(call: Call, consume: Callable[[Iterator[bytes]], T]) -> T:
    """Feed the body of a request to a function that reads it in a thread, a few chunks ahead and no more."""
    queue: Queue[bytes | Exception | None] = Queue(_QUEUED_CHUNKS)

    def chunks() -> Iterator[bytes]:
        while True:
            item = queue.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                return
            yield item

    task: asyncio.Task[T] = asyncio.create_task(asyncio.to_thread(consume, chunks()))
    try:
        async for chunk in call.request.stream():
            if chunk:
                await _hand_over(queue, chunk, task)
            if task.done():
                break
        await _hand_over(queue, None, task)
    except Exception as error:
        await _hand_over(queue, ConnectionError(str(error)), task)
        raise
    return await task


async def _hand_over(queue: Queue[Any], item: object, task: asyncio.Task[Any]) -> None:
    """Put without blocking the event loop; give up when nobody reads any more."""
    while not task.done():
        if not queue.full():
            queue.put_nowait(item)
            return
        await _pause()


_pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0.001)  # noqa: E731
