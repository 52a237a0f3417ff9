"""What every place for bytes promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

CHUNK_BYTES = 1024 * 1024
"""Largest piece in which content is handed on."""


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A blob without its content.

    Args:
        key: Its key in the container.
        size: Bytes.
        modified_at: When it was last written.
        etag: Changes whenever the content does; without quotes.
        content_md5: MD5 of the content, where the store knows it.
    """

    key: str
    size: int
    modified_at: datetime
    etag: str
    content_md5: bytes | None = None


@dataclass(frozen=True, slots=True)
class BlobPage:
    """Part of a listing, ordered by key; `after` begins the next part, None ends it."""

    items: tuple[BlobInfo, ...]
    prefixes: tuple[str, ...] = ()
    after: str | None = None


class BlobStore(ABC):
    """One container. Keys are checked by `clean_key`; content is never held in memory as a whole."""

    @abstractmethod
    def head(self, key: str) -> BlobInfo | None:
        """The blob, or None."""

    @abstractmethod
    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Content from `start`, in chunks; to the end when `length` is None. Raises NotFound."""

    @abstractmethod
    def write(
        self, key: str, chunks: Iterable[bytes], *, only_if_missing: bool = False, md5: bytes | None = None
    ) -> BlobInfo:
        """Store a blob whole or not at all.

        Raises:
            Conflict: `only_if_missing`, and there is one (code `BlobAlreadyExists`).
            InvalidRequest: The content's MD5 is another (code `Md5Mismatch`).
        """

    @abstractmethod
    def delete(self, key: str) -> bool:
        """Whether there was one."""

    @abstractmethod
    def list(
        self, prefix: str = "", *, delimiter: str | None = None, after: str | None = None, limit: int = 1000
    ) -> BlobPage:
        """Blobs whose keys begin with `prefix`, by key; with a delimiter, deeper ones are summed up as prefixes."""

    @abstractmethod
    def local_path(self, key: str) -> Path | None:
        """Where the blob or the prefix is a plain file or folder of this machine; it may not exist yet."""

    @abstractmethod
    def stage_block(self, key: str, block_id: str, chunks: Iterable[bytes]) -> None:
        """Keep a part of a blob to come, where no reader sees it."""

    @abstractmethod
    def staged_blocks(self, key: str) -> Mapping[str, int]:
        """The parts that wait for a blob, and their sizes."""

    @abstractmethod
    def commit_blocks(self, key: str, block_ids: Sequence[str], *, only_if_missing: bool = False) -> BlobInfo:
        """Make a blob of staged parts, whole or not at all. Raises InvalidRequest when one is missing."""

    @abstractmethod
    def append(self, key: str, content: bytes, *, at: int | None = None) -> BlobInfo:
        """Add to the end of a blob that exists.

        Args:
            key: The blob.
            content: What is added, whole or not at all.
            at: The size the blob must have before, so that a piece that is sent twice is added once.

        Raises:
            NotFound: There is no such blob.
            PreconditionFailed: Its size is another (code `AppendPositionConditionNotMet`).
            Unsupported: Blobs of this store do not grow.
        """

    def delete_prefix(self, prefix: str) -> int:
        """Delete every blob below a prefix; tells how many."""
        count = 0
        after: str | None = None
        while True:
            page = self.list(prefix, after=after)
            for item in page.items:
                count += self.delete(item.key)
            if page.after is None:
                return count
            after = page.after
