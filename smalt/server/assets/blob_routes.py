"""The part of the Azure Blob protocol that the official clients use, over the containers of a workspace.

Content streams both ways: a request or answer is never held in memory as a whole.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from smalt.blobs import BlobInfo, BlobStore, clean_key
from smalt.errors import Forbidden, InvalidRequest, NotAuthenticated, NotFound, Unsupported
from smalt.kit import clock, ids
from smalt.server.assets import blob_store, blob_wire
from smalt.server.assets.containers import Containers
from smalt.server.assets.receive import receive
from smalt.server.assets.signing import Signer
from smalt.server.http import ANYONE, Answer, Call, Route, Routes, Wire
from smalt.server.work import NOBODY, Actor, JobGrant, Works

Admit = Callable[[Call, str], Actor]
"""Finds the caller of a request without a signature and checks that they may do an action here."""

_READ = "workspaces/datastores/blobs/read"
_WRITE = "workspaces/datastores/blobs/write"
_QUERY = {
    "GET": ("comp", "restype", "prefix", "delimiter", "marker", "maxresults:int", "include", "blocklisttype"),
    "HEAD": ("restype",),
    "PUT": ("comp", "restype", "blockid"),
    "DELETE": (),
}
_HIDDEN_SEGMENT = re.compile(r"^\.blob\.[^/]*/")
_BLOCK_LIST_BYTES = 8 * 1024 * 1024
_APPEND_BYTES = 4 * 1024 * 1024


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
            query=_QUERY[method],
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
        if _is_container(call, target):
            return Answer(200, None, blob_wire.common())
        if call.query.get("comp") == "blocklist":
            return await asyncio.to_thread(self._list_blocks, call, target)
        info, known = await asyncio.to_thread(self._look, target)
        headers = blob_wire.described(info, known)
        blob_wire.check_match(call.header("if-match"), info)
        if blob_wire.is_unchanged(call.header("if-none-match"), info):
            return Answer(304, None, headers)
        if call.query.get("comp") == "metadata":
            return Answer(200, None, headers)
        part = blob_wire.asked_range(call.header("x-ms-range") or call.header("range"), info.size)
        # The length is told first: a log that grows meanwhile is sent as long as it was.
        start, length = part or (0, info.size)
        content = await asyncio.to_thread(target.store.read, target.key, start, length)
        headers |= {"Content-Length": str(length), "x-ms-request-id": ids.guid()}
        if part is not None:
            headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{info.size}"
            if "Content-MD5" in headers:  # of the whole; under its own name it would speak of the part
                headers["x-ms-blob-content-md5"] = headers.pop("Content-MD5")
        return StreamingResponse(_stream(content), 200 if part is None else 206, headers)

    async def head(self, call: Call) -> Answer:
        """Tell about a blob."""
        target = await self.open(call, "r")
        if _is_container(call, target):
            return Answer(200, None, blob_wire.common())
        info, known = await asyncio.to_thread(self._look, target)
        headers = blob_wire.described(info, known)
        blob_wire.check_match(call.header("if-match"), info)
        if blob_wire.is_unchanged(call.header("if-none-match"), info):
            return Answer(304, None, headers)
        return Answer(200, None, {**headers, "Content-Length": str(info.size)})

    async def put(self, call: Call) -> Answer:
        """Write a blob, a part of one, the list of its parts, or its metadata."""
        target = await self.open(call, "wc")
        if call.query.get("restype") == "container":
            await asyncio.to_thread(self._containers.ensure, target.workspace_id, target.container)
            return Answer(201, None, blob_wire.common())
        clean_key(target.key)
        operation = call.query.get("comp")
        if operation is None:
            return await self._put_blob(call, target)
        if operation == "block":
            return await self._put_block(call, target)
        if operation == "blocklist":
            return await self._put_block_list(call, target)
        if operation == "appendblock":
            return await self._append_block(call, target)
        if operation == "metadata":
            return await asyncio.to_thread(self._put_metadata, call, target)
        raise Unsupported(
            f"comp={operation[:40]!r} is not served here. Leave it out, or ask for block, blocklist or metadata.",
            code="UnsupportedQueryParameter",
        )

    async def delete(self, call: Call) -> Answer:
        """Delete a blob."""
        target = await self.open(call, "d")
        clean_key(target.key)

        def act() -> None:
            self._check(call, target)
            if not target.store.delete(target.key):
                raise _missing(target)
            with self._works.write(NOBODY) as work:
                blob_store.forget(work.connection, target.workspace_id, target.container, target.key)

        await asyncio.to_thread(act)
        return Answer(202, None, blob_wire.common())

    async def open(self, call: Call, permission: str) -> _Target:
        """Find what a request is about, and let through only who may.

        Raises:
            NotAuthenticated: Neither a valid signature nor a token.
            Forbidden: A signature, role or job that opens something else.
        """
        workspace_id = call.params["workspace_id"].lower()
        rest = _HIDDEN_SEGMENT.sub("", call.params["rest"].lstrip("/"))
        container, _, key = rest.partition("/")
        asked, letters = key, permission
        if call.query.get("comp") == "list":
            if key:
                raise InvalidRequest("A container is listed, not a blob. Give a prefix.", code="InvalidUri")
            # What a listing shows is the folder of its prefix: `a/b` shows `a/bc` as well.
            asked, letters = call.query.get("prefix", "").rpartition("/")[0], "l"
        if "sig" in call.query:
            if not self._signer.check(call.query, workspace_id, container, asked, letters, clock.now()):
                raise Forbidden(
                    "The signature of this URL does not open this, or no longer. Ask for a new one.",
                    code="AuthenticationFailed",
                )
        else:
            await self._admit_actor(call, permission, container, asked)
        store = await asyncio.to_thread(self._containers.store, workspace_id, container)
        target = _Target(workspace_id, container, key, store)
        is_being_made = call.route.method == "PUT" and call.query.get("restype") == "container"
        if not is_being_made and not container.startswith(self._containers.external_prefix):
            await asyncio.to_thread(_require_container, target)
        return target

    async def _admit_actor(self, call: Call, permission: str, container: str, key: str) -> None:
        action = _READ if permission == "r" else _WRITE
        actor = await asyncio.to_thread(self._admit, call, action)
        if actor is NOBODY:
            raise NotAuthenticated("No token came with the request. Send one, or a signed URL.")
        if actor.grant is not None and not _granted(
            actor.grant, call.params["workspace_id"], container, key, permission
        ):
            raise Forbidden(
                f"The token of job {actor.grant.job!r} does not open {container}/{key[:200]}. It opens the job's own.",
                code="AuthorizationFailed",
            )
        call.actor = actor

    def _find(self, target: _Target) -> tuple[BlobInfo | None, dict[str, Any]]:
        info = target.store.head(clean_key(target.key))
        if info is None:
            return None, {}
        with self._works.read(NOBODY) as work:
            known = blob_store.find(work.connection, target.workspace_id, target.container, target.key)
        if known.get("etag") not in (None, info.etag):
            return info, {}  # a job wrote the file anew, past us: what was said of the old one is not true of it
        return info, known

    def _look(self, target: _Target) -> tuple[BlobInfo, dict[str, Any]]:
        info, known = self._find(target)
        if info is None:
            raise _missing(target)
        return info, known

    def _check(self, call: Call, target: _Target) -> None:
        """Hold a write against `If-Match` and `If-None-Match: <etag>`; `*` is for the store to settle."""
        match, none_match = call.header("if-match"), call.header("if-none-match")
        if match is None and none_match in (None, "*"):
            return
        info = target.store.head(target.key)
        blob_wire.check_match(match, info)
        if info is not None and none_match != "*" and blob_wire.is_unchanged(none_match, info):
            raise blob_wire.not_met(f"If-None-Match {none_match}")

    async def _put_blob(self, call: Call, target: _Target) -> Answer:
        kind = call.header("x-ms-blob-type") or "BlockBlob"
        if kind.lower() not in ("blockblob", "appendblob"):
            raise Unsupported(
                f"Blobs of type {kind[:40]!r} are not kept here; BlockBlob and AppendBlob are.", code="InvalidBlobType"
            )
        if call.header("x-ms-copy-source"):
            raise Unsupported("Copying from a URL is not done here. Download it and put it.", code="UnsupportedHeader")
        md5 = blob_wire.md5_of(call.header("content-md5") or call.header("x-ms-blob-content-md5"))
        known = _known(call, md5)
        await asyncio.to_thread(self._check, call, target)
        only_if_missing = call.header("if-none-match") == "*"
        info = await receive(
            _body(call), lambda chunks: target.store.write(target.key, chunks, only_if_missing=only_if_missing, md5=md5)
        )
        return await asyncio.to_thread(self._remember, target, info, known)

    async def _put_block(self, call: Call, target: _Target) -> Answer:
        block_id = call.query.get("blockid")
        if not block_id:
            raise InvalidRequest("The block has no id. Send blockid.", code="InvalidQueryParameterValue")
        md5 = blob_wire.md5_of(call.header("content-md5"))
        await receive(_body(call), lambda chunks: target.store.stage_block(target.key, block_id, _checked(chunks, md5)))
        return Answer(201, None, blob_wire.common())

    async def _put_block_list(self, call: Call, target: _Target) -> Answer:
        body = bytearray()
        async for chunk in _body(call):
            body += chunk
            if len(body) > _BLOCK_LIST_BYTES:
                raise InvalidRequest("The block list is too long. Send larger blocks.", code="InvalidXmlDocument")
        block_ids = blob_wire.block_ids(bytes(body))
        known = _known(call, blob_wire.md5_of(call.header("x-ms-blob-content-md5")))
        only_if_missing = call.header("if-none-match") == "*"

        def act() -> Answer:
            self._check(call, target)
            info = target.store.commit_blocks(target.key, block_ids, only_if_missing=only_if_missing)
            return self._remember(target, info, known)

        return await asyncio.to_thread(act)

    async def _append_block(self, call: Call, target: _Target) -> Answer:
        asked = call.header("x-ms-blob-condition-appendpos")
        if asked is not None and not asked.isdecimal():
            raise InvalidRequest(f"The append position {asked[:40]!r} is no number.", code="InvalidHeaderValue")
        content = bytearray()
        async for chunk in _body(call):
            content += chunk
            if len(content) > _APPEND_BYTES:
                raise InvalidRequest("One append takes at most 4 MiB. Send it in parts.", code="RequestBodyTooLarge")

        def act() -> Answer:
            self._check(call, target)
            info = target.store.append(target.key, bytes(content), at=None if asked is None else int(asked))
            offset = {"x-ms-blob-append-offset": str(info.size - len(content))}
            return Answer(201, None, {**blob_wire.written(info), **offset})

        return await asyncio.to_thread(act)

    def _put_metadata(self, call: Call, target: _Target) -> Answer:
        meta = blob_wire.metadata(call.request.headers)
        info, known = self._look(target)
        self._check(call, target)
        with self._works.write(NOBODY) as work:
            known |= {"meta": meta, "etag": info.etag}
            blob_store.put(work.connection, target.workspace_id, target.container, target.key, known)
        return Answer(200, None, blob_wire.written(info))

    def _remember(self, target: _Target, info: BlobInfo, known: dict[str, Any]) -> Answer:
        place = (target.workspace_id, target.container, target.key)
        if known:
            with self._works.write(NOBODY) as work:
                blob_store.put(work.connection, *place, {**known, "etag": info.etag})
        else:
            self._forget(*place)
        headers = {**blob_wire.written(info), "x-ms-request-server-encrypted": "false"}
        if "md5" in known:
            headers["Content-MD5"] = known["md5"]
        return Answer(201, None, headers)

    def _forget(self, workspace_id: str, container: str, key: str) -> None:
        with self._works.read(NOBODY) as work:
            known = blob_store.find(work.connection, workspace_id, container, key)
        if known:  # seldom: most blobs without metadata never had any, and a look keeps no other writer waiting
            with self._works.write(NOBODY) as work:
                blob_store.forget(work.connection, workspace_id, container, key)

    def _list_blocks(self, call: Call, target: _Target) -> Answer:
        """Blocks that wait; of a blob that is there, it is no longer known of which it was made."""
        kind = call.query.get("blocklisttype", "committed").lower()
        if kind not in ("committed", "uncommitted", "all"):
            raise InvalidRequest(
                f"blocklisttype={kind[:40]!r} is none of committed, uncommitted and all. Ask for one.",
                code="InvalidQueryParameterValue",
            )
        waiting = target.store.staged_blocks(clean_key(target.key)) if kind != "committed" else {}
        if not waiting and target.store.head(target.key) is None:
            raise _missing(target)
        return Answer(200, blob_wire.block_list(waiting, kind), blob_wire.common(), "application/xml")

    def _list(self, call: Call, target: _Target) -> Answer:
        prefix = call.query.get("prefix", "")
        clean_key(f"{prefix}x")  # a prefix is the beginning of a key
        delimiter = call.query.get("delimiter") or None
        if delimiter not in (None, "/"):
            raise Unsupported(
                f"The delimiter {delimiter[:20]!r} is not served here; '/' is.", code="InvalidQueryParameterValue"
            )
        limit = call.number("maxresults", default=5000, low=1, high=5000)
        page = target.store.list(prefix, delimiter=delimiter, after=call.query.get("marker") or None, limit=limit)
        with self._works.read(NOBODY) as work:
            keys = [item.key for item in page.items]
            known = blob_store.find_many(work.connection, target.workspace_id, target.container, keys)
        include = call.query.get("include", "").split(",")
        body = blob_wire.listing(target.container, prefix, page, known, include=include, limit=limit)
        return Answer(200, body, blob_wire.common(), "application/xml")


def _is_container(call: Call, target: _Target) -> bool:
    return target.key == "" or call.query.get("restype") == "container"


def _require_container(target: _Target) -> None:
    folder = target.store.local_path("")
    if folder is not None and not folder.is_dir():
        raise NotFound(
            f"There is no container {target.container!r} in this workspace. Its datastores name those there are.",
            code="ContainerNotFound",
        )


def _missing(target: _Target) -> NotFound:
    return NotFound(
        f"There is no blob {target.key[:200]!r} in {target.container!r}. List the container to see what is.",
        code="BlobNotFound",
    )


def _granted(grant: JobGrant, workspace_id: str, container: str, key: str, permission: str) -> bool:
    if grant.workspace_id.lower() != workspace_id.lower():
        return False
    wanted = f"{container}/{key}".rstrip("/")
    prefixes = (*grant.readable, *grant.writable) if permission == "r" else grant.writable
    return any(wanted == prefix.rstrip("/") or wanted.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def _known(call: Call, md5: bytes | None) -> dict[str, Any]:
    """What a write says of its blob beside the bytes."""
    known: dict[str, Any] = {}
    meta = blob_wire.metadata(call.request.headers)
    if meta:
        known["meta"] = meta
    if md5 is not None:
        known["md5"] = base64.b64encode(md5).decode()
    content_type = call.header("x-ms-blob-content-type")
    if content_type:
        known["type"] = content_type[:200]
    return known


def _checked(chunks: Iterator[bytes], md5: bytes | None) -> Iterator[bytes]:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in chunks:
        if md5 is not None:
            digest.update(chunk)
        yield chunk
    if md5 is not None and digest.digest() != md5:
        raise InvalidRequest("The block does not have the MD5 it was sent with. Send it again.", code="Md5Mismatch")


async def _body(call: Call) -> AsyncIterator[bytes]:
    try:
        async for chunk in call.request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect:
        raise InvalidRequest(
            "The connection ended before the whole body had come. Send it again.", code="IncompleteBody"
        ) from None


async def _stream(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        chunk = await asyncio.to_thread(next, content, None)
        if chunk is None:
            return
        yield chunk
