"""What an object store holds for this machine, and which of it stands here as well: one file of SQLite."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS object (
    key TEXT PRIMARY KEY, size INTEGER NOT NULL, modified REAL NOT NULL, etag TEXT NOT NULL,
    here INTEGER, doomed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS absent ON object (key) WHERE here IS NULL AND NOT doomed;
CREATE INDEX IF NOT EXISTS doomed ON object (key) WHERE doomed;
CREATE TABLE IF NOT EXISTS used (key TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
_COLUMNS = "SELECT key, size, modified, etag, here FROM object "
# The conditions are those of the partial indexes, word for word, so that these are used.
_ABSENT_AFTER = (
    _COLUMNS + "WHERE here IS NULL AND NOT doomed AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT 1000"
)
_COPIED_AFTER = (
    _COLUMNS + "WHERE here IS NOT NULL AND NOT doomed AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT 1000"
)
_IS_ABSENT = "SELECT 1 FROM object WHERE here IS NULL AND NOT doomed AND key = ?"
_HAS_ABSENT = "SELECT 1 FROM object WHERE here IS NULL AND NOT doomed AND key > ? AND key < ? LIMIT 1"
_NEWER = 0
_MOST_USES = 100_000
_USE_COUNTS_FOR = timedelta(hours=1)
LAST = "\U0010ffff"
"""Comes after every character that a key has."""


@dataclass(frozen=True, slots=True)
class Held:
    """An object.

    Args:
        key: Its key in the object store, below the store's own prefix.
        size: Bytes.
        modified_at: When the object was written.
        etag: As the object store gives it.
        here: Time of writing, in nanoseconds, of the local file of which the object is the copy; None when there is
            no such file, 0 when there is a newer one.
    """

    key: str
    size: int
    modified_at: datetime
    etag: str
    here: int | None


class BlobIndex:
    """The index.

    It lies beside the files it tells of, so that one is never lost without the other. Without it every object is
    taken for one that stands in the object store only.

    Args:
        path: The file; made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._uses: dict[str, datetime] = {}
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_TABLES)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._database.close()

    def is_empty(self) -> bool:
        """Whether nothing was ever written down."""
        return not self._ask("SELECT 1 FROM object LIMIT 1")

    def containers(self) -> list[str]:
        """What the keys begin with, two parts deep: the containers there are."""
        found: list[str] = []
        last = ""
        while rows := self._ask("SELECT key FROM object WHERE key > ? ORDER BY key LIMIT 1", last):
            found.append("/".join(rows[0][0].split("/", 2)[:2]))
            last = f"{found[-1]}/{LAST}"
        return found

    def find(self, key: str) -> Held | None:
        """The object with this key."""
        found = self._ask("SELECT key, size, modified, etag, here FROM object WHERE key = ? AND NOT doomed", key)
        return _held(found[0]) if found else None

    def absent(self, prefix: str, *, after: str = "") -> Iterator[Held]:
        """Objects below a prefix that stand in the object store only, by key, those after a key alone."""
        return self._pages(_ABSENT_AFTER, prefix, after)

    def is_absent(self, key: str) -> bool:
        """Whether an object with this key, or one below it, stands in the object store only."""
        return bool(self._ask(_IS_ABSENT, key) or self._ask(_HAS_ABSENT, f"{key}/", _end(f"{key}/")))

    def copied(self, prefix: str) -> Iterator[Held]:
        """Objects below a prefix of which a file stands or stood here, by key."""
        return self._pages(_COPIED_AFTER, prefix, "")

    def _pages(self, statement: str, prefix: str, after: str) -> Iterator[Held]:
        last = after
        while rows := self._ask(statement, prefix, last, _end(prefix)):
            yield from map(_held, rows)
            last = rows[-1][0]

    def put(self, held: Iterable[Held]) -> None:
        """Write objects down as they are now."""
        rows = [(each.key, each.size, each.modified_at.timestamp(), each.etag, each.here) for each in held]
        with self._lock:
            self._database.execute("BEGIN")
            with self._database:  # commits, or takes back what a full disk has cut off
                self._database.executemany("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, 0)", rows)

    def arrived(self, key: str) -> None:
        """A file stands here that the object store does not have like this; without effect for what it never had."""
        self._do("UPDATE object SET here = ?, doomed = 0 WHERE key = ?", _NEWER, key)

    def left(self, key: str) -> None:
        """The object is the only copy from now on."""
        self._do("UPDATE object SET here = NULL WHERE key = ?", key)

    def all_left(self, prefix: str) -> None:
        """The same for everything below a prefix."""
        self._do("UPDATE object SET here = NULL WHERE key >= ? AND key < ?", prefix, _end(prefix))

    def doom(self, key: str) -> bool:
        """The object shall go; it is seen no more. Whether there is one."""
        return self._do("UPDATE object SET doomed = 1 WHERE key = ? AND NOT doomed", key) > 0

    def doom_all(self, prefix: str) -> None:
        """The same for everything below a prefix."""
        self._do("UPDATE object SET doomed = 1 WHERE key >= ? AND key < ?", prefix, _end(prefix))

    def doomed(self) -> list[str]:
        """Keys of objects that shall go, some at a time."""
        return [row[0] for row in self._ask("SELECT key FROM object WHERE doomed LIMIT 1000")]

    def drop(self, keys: Iterable[str]) -> None:
        """Forget objects that are gone; one that was written again meanwhile stays."""
        with self._lock:
            self._database.executemany("DELETE FROM object WHERE key = ? AND doomed", [(key,) for key in keys])

    def bytes_here(self) -> int:
        """Bytes of the files that stand here and in the object store alike."""
        return int(self._ask("SELECT COALESCE(SUM(size), 0) FROM object WHERE here > 0 AND NOT doomed")[0][0])

    def use(self, key: str, at: datetime) -> None:
        """Somebody was told the path of the file or folder with this key; written down once an hour."""
        last = self._uses.get(key)
        if last is not None and at - last < _USE_COUNTS_FOR:
            return
        if len(self._uses) >= _MOST_USES:
            self._uses.clear()
        self._uses[key] = at
        self._do("INSERT OR REPLACE INTO used VALUES (?, ?)", key, at.timestamp())

    def forget_uses(self, before: datetime) -> None:
        """Forget when somebody was told a path, where that is longer ago."""
        self._do("DELETE FROM used WHERE at < ?", before.timestamp())

    def last_use(self, key: str) -> datetime | None:
        """When somebody was last told the path of this file or of a folder it is in."""
        parts = key.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        marks = ",".join("?" * len(above))
        latest = self._ask(f"SELECT MAX(at) FROM used WHERE key IN ({marks})", *above)[0][0]  # noqa: S608 (marks only)
        return None if latest is None else datetime.fromtimestamp(float(latest), UTC)

    def _ask(self, statement: str, *values: object) -> list[tuple[str, ...]]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def _do(self, statement: str, *values: object) -> int:
        with self._lock:
            return self._database.execute(statement, values).rowcount


def _end(prefix: str) -> str:
    """The first text after all that begin with a prefix."""
    return f"{prefix}{LAST}"


def _held(row: tuple[str, ...]) -> Held:
    key, size, modified, etag, here = row
    return Held(key, int(size), datetime.fromtimestamp(float(modified), UTC), etag, None if here is None else int(here))
