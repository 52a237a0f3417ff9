"""A container in an object store: S3, Azure Blob or Google Cloud Storage."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import from_url

from smalt.blobs import keys
from smalt.blobs.base import CHUNK_BYTES, BlobInfo, BlobPage, BlobStore
from smalt.blobs.keys import STAGED, block_name, clean_key, problem
from smalt.errors import Conflict, Forbidden, InvalidRequest, NotFound, SmaltError, Unavailable, Unsupported

_RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_TROUBLES = (BaseError, FileNotFoundError)  # the latter, which is no BaseError, also stands for a missing bucket
_SMALL_BYTES = 64 * CHUNK_BYTES
_URL_QUERY = re.compile(r"\?[^\s\"')]*")


class ObstoreBlobStore(BlobStore):
    """A bucket, or a prefix of one.

    Args:
        url: `s3://bucket/prefix`, `az://container/prefix` or `gs://bucket/prefix`.
        options: Settings and credentials, in obstore's own names.
    """

    def __init__(self, url: str, *, options: Mapping[str, str]) -> None:
        settings: dict[str, Any] = dict(options)
        client: dict[str, Any] = {"timeout": "60s"}
        if settings.pop("aws_allow_http", "") == "true":
            client["allow_http"] = True
        make: Any = from_url  # Any: its overloads name each store's options one by one
        self._url = url
        try:
            self._store: Any = make(url, config=settings, client_options=client, retry_config=_RETRIES)
        except (BaseError, ValueError) as error:
            # The library's sentence may repeat what it was given, and that may be a key.
            raise InvalidRequest(
                f"The address or the credentials of {url} cannot be used ({type(error).__name__}). Mend the datastore."
            ) from None

    def head(self, key: str) -> BlobInfo | None:
        """See `BlobStore.head`."""
        return self._head(clean_key(key))

    def _head(self, key: str) -> BlobInfo | None:
        try:
            return _info(obstore.head(self._store, key))
        except FileNotFoundError:
            return None
        except _TROUBLES as error:
            raise self._trouble(error) from None

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `BlobStore.read`."""
        return self._read(clean_key(key), start, length)

    def _read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        found = self._head(key)
        if found is None:
            raise NotFound(f"There is no blob {key[:200]!r} in {self._url}.", code="BlobNotFound")
        end = found.size if length is None else min(found.size, start + length)
        return self._ranges(key, start, end)

    def _ranges(self, key: str, start: int, end: int) -> Iterator[bytes]:
        step = 8 * CHUNK_BYTES
        for begin in range(start, end, step):
            try:
                content = bytes(obstore.get_range(self._store, key, start=begin, end=min(begin + step, end)))
            except _TROUBLES as error:
                raise self._trouble(error) from None
            for offset in range(0, len(content), CHUNK_BYTES):
                yield content[offset : offset + CHUNK_BYTES]

    def write(
        self, key: str, chunks: Iterable[bytes], *, only_if_missing: bool = False, md5: bytes | None = None
    ) -> BlobInfo:
        """See `BlobStore.write`."""
        clean_key(key)
        if only_if_missing and self._head(key) is not None:
            raise _exists(key)
        # The content is checked before the store sees it, and a conditional put needs it whole: it waits in a file.
        with tempfile.TemporaryFile() as waiting:
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in chunks:
                waiting.write(chunk)
                digest.update(chunk)
            if md5 is not None and digest.digest() != md5:
                raise InvalidRequest(
                    f"The content of {key[:200]!r} does not have the MD5 it was sent with. Send it again.",
                    code="Md5Mismatch",
                )
            self._put(key, waiting, only_if_missing=only_if_missing)
        return self._found(key)

    def write_file(self, key: str, content: IO[bytes]) -> BlobInfo:
        """Store what an open file holds, whole or not at all; a large one in parts.

        Raises:
            Forbidden: The store refuses the credentials.
            Unavailable: It does not answer as it should.
        """
        self._put(clean_key(key), content)
        return self._found(key)

    def _found(self, key: str) -> BlobInfo:
        found = self._head(key)
        if found is None:
            raise NotFound(f"The blob {key[:200]!r} was deleted as soon as it was written.", code="BlobNotFound")
        return found

    def _put(self, key: str, content: IO[bytes], *, only_if_missing: bool = False) -> None:
        # Parts of a large upload carry no condition in these stores; there the look before must do.
        whole = only_if_missing and content.tell() <= _SMALL_BYTES
        content.seek(0)
        try:
            if whole:
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
            else:
                obstore.put(self._store, key, content)
        except (AlreadyExistsError, PreconditionError):
            raise _exists(key) from None
        except _TROUBLES as error:
            raise self._trouble(error) from None

    def delete(self, key: str) -> bool:
        """See `BlobStore.delete`."""
        return self._delete(clean_key(key))

    def _delete(self, key: str) -> bool:
        if self._head(key) is None:
            return False
        try:
            obstore.delete(self._store, key)
        except _TROUBLES as error:
            raise self._trouble(error) from None
        return True

    def list(
        self, prefix: str = "", *, delimiter: str | None = None, after: str | None = None, limit: int = 1000
    ) -> BlobPage:
        """See `BlobStore.list`."""
        folder = clean_key(prefix.rpartition("/")[0], allow_empty=True)
        try:
            if delimiter == "/":
                found = obstore.list_with_delimiter(self._store, folder or None)
                entries: list[tuple[str, Any]] = [(str(item["path"]), item) for item in found["objects"]]
                entries += [(f"{str(item).rstrip('/')}/", None) for item in found["common_prefixes"]]
            else:
                entries = list(self._flat(folder, after, prefix, limit))
        except _TROUBLES as error:
            raise self._trouble(error) from None
        chosen = sorted(
            (pair for pair in entries if _is_listed(pair[0], prefix) and (after is None or pair[0] > after)),
            key=lambda pair: pair[0],
        )
        # An empty object with the name of a folder is how some tools draw a folder; it is no file to fetch.
        folders = {key[:position] for key, _ in chosen for position in _slashes(key)}
        chosen = [pair for pair in chosen if not (pair[0] in folders and pair[1]["size"] == 0)]
        page = chosen[:limit]
        items = tuple(_info(item) for _, item in page if item is not None)
        prefixes = tuple(key for key, item in page if item is None)
        return BlobPage(items, prefixes, page[-1][0] if len(chosen) > limit else None)

    def _flat(self, folder: str, after: str | None, prefix: str, limit: int) -> Iterator[tuple[str, Any]]:
        count = 0
        for batch in obstore.list(self._store, folder or None, offset=after):
            for item in batch:
                key = str(item["path"])
                if _is_listed(key, prefix):
                    count += 1
                    yield key, item
            if count > limit:
                return

    def local_path(self, key: str) -> Path | None:
        """Nothing here is a file of this machine."""
        return None

    def stage_block(self, key: str, block_id: str, chunks: Iterable[bytes]) -> None:
        """See `BlobStore.stage_block`."""
        with tempfile.TemporaryFile() as waiting:
            for chunk in chunks:
                waiting.write(chunk)
            self._put(_staged(key, block_id), waiting)

    def staged_blocks(self, key: str) -> Mapping[str, int]:
        """See `BlobStore.staged_blocks`."""
        folder = _staging(key)
        try:
            parts = [item for batch in obstore.list(self._store, folder) for item in batch]
        except _TROUBLES as error:
            raise self._trouble(error) from None
        named = ((keys.block_id(str(item["path"]).removeprefix(f"{folder}/")), int(item["size"])) for item in parts)
        return {name: size for name, size in named if name is not None}

    def commit_blocks(self, key: str, block_ids: Sequence[str], *, only_if_missing: bool = False) -> BlobInfo:
        """See `BlobStore.commit_blocks`."""
        staged = [_staged(key, block_id) for block_id in block_ids]

        def content() -> Iterator[bytes]:
            for block_id, part in zip(block_ids, staged, strict=True):
                if self._head(part) is None:
                    raise InvalidRequest(
                        f"Block {block_id[:80]!r} of {key[:200]!r} was never sent. Send it, then the list again.",
                        code="InvalidBlockList",
                    )
                yield from self._read(part)

        info = self.write(key, content(), only_if_missing=only_if_missing)
        for part in staged:
            self._delete(part)
        return info

    def append(self, key: str, content: bytes, *, at: int | None = None) -> BlobInfo:
        """See `BlobStore.append`."""
        raise Unsupported("Blobs of an object store do not grow. Write the blob anew.", code="InvalidBlobType")

    def _trouble(self, error: Exception) -> SmaltError:
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return Forbidden(f"The store {self._url} refuses the credentials of its datastore. Renew them there.")
        # A signed URL carries its secret in the query.
        reason = _URL_QUERY.sub("?...", str(error).split("\n", 1)[0])[:300]
        return Unavailable(f"The store {self._url} did not answer as it should: {reason}. Check its address and keys.")


def _info(item: Any) -> BlobInfo:  # Any: obstore's own mapping
    etag = str(item.get("e_tag") or "").strip('"')
    return BlobInfo(str(item["path"]), int(item["size"]), item["last_modified"], etag or "0x0")


def _exists(key: str) -> Conflict:
    return Conflict(f"There is a blob {key[:200]!r} already. Delete it first.", code="BlobAlreadyExists")


def _slashes(key: str) -> Iterator[int]:
    return (position for position, character in enumerate(key) if character == "/")


def _is_listed(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and problem(key.rstrip("/")) is None


def _staged(key: str, block_id: str) -> str:
    return f"{_staging(key)}/{block_name(block_id)}"


def _staging(key: str) -> str:
    return f"{STAGED}/{hashlib.sha256(clean_key(key).encode()).hexdigest()}"
