"""Writes that are promised: kept in a file beside the database until they are made in it, many in one transaction.

To append to a file takes a tenth of what SQLite does for a commit, and what is written there outlives a killed process
as well as a commit does.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

_log = logging.getLogger(__name__)

Rows: TypeAlias = Sequence[Sequence[Any]]  # Any: what SQLite takes
Statement: TypeAlias = tuple[str, Rows]
"""A statement with `?` for its parameters, and the rows that it is run for."""

_ROOM = 256
_HEAD = struct.Struct(">II")
_LARGEST = 2**31 - 1
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, list[Statement]])


class Promises:
    """What is promised to one SQLite database. Whoever calls it holds the writer's connection.

    A record is the number of its batch and some statements. The number of the batch that was made last stands in the
    database (`user_version`), in the same transaction: a file that outlives it is not made twice.

    Args:
        path: The file. What a killed server has left in it is made first of all.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._size = 0
        records = list(_records(path))
        self._kept: list[list[Statement]] = [statements for _, statements in records]
        # Not known before the database was asked, unless a file says so.
        self._number: int | None = records[0][0] if records else None
        self._is_made = False
        self._made = threading.Event()

    @property
    def are_waiting(self) -> bool:
        """Whether some wait to be made."""
        return bool(self._kept)

    @property
    def has_room(self) -> bool:
        """Whether more may be kept before these are made."""
        return self._number is not None and self._file is not None and not self._is_made and len(self._kept) < _ROOM

    def keep(self, statements: list[Statement]) -> None:
        """Promise to run statements, which must not fail: all of them, or none.

        Raises:
            OSError: The disk is full. Nothing is promised.
        """
        assert self._file is not None  # there was room
        content = _encoder.encode((self._number, statements))
        record = _HEAD.pack(len(content), zlib.crc32(content)) + content
        try:
            if os.write(self._file, record) < len(record):
                raise OSError(f"{self._path} took a part of a record. Make room on the disk.")
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(record)
        if not self._kept:
            self._made.clear()
        self._kept.append(statements)

    def wait_until_made(self, seconds: float) -> None:
        """Return when somebody else has made those that wait, or after some time."""
        self._made.wait(seconds)

    def make(self, driver: sqlite3.Connection) -> None:
        """Run what waits, in a transaction of its own; those of one text together, texts in the order they came in."""
        if not self._kept and self._file is not None and not self._is_made:
            return
        (done,) = driver.execute("PRAGMA user_version").fetchone()
        if self._number is None:
            self._number = _after(done)
        if self._kept and self._number != done:
            driver.execute("BEGIN IMMEDIATE")
            try:
                self._run(driver)
                driver.execute(f"PRAGMA user_version={self._number}")
                driver.commit()
            except BaseException:
                driver.rollback()
                raise
        self._is_made = True
        self._clear()
        self._kept = []
        self._number = _after(self._number)
        self._is_made = False
        self._made.set()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _run(self, driver: sqlite3.Connection) -> None:
        driver.execute("SAVEPOINT promised")
        try:
            for text, rows in _gathered(statement for statements in self._kept for statement in statements):
                driver.executemany(text, rows)
        except sqlite3.IntegrityError:
            driver.execute("ROLLBACK TO promised")
            self._run_apart(driver)
        driver.execute("RELEASE promised")

    def _run_apart(self, driver: sqlite3.Connection) -> None:
        """One by one: only another process can have taken away what one of them belongs to."""
        for statements in self._kept:
            driver.execute("SAVEPOINT one")
            try:
                for text, rows in statements:
                    driver.executemany(text, rows)
            except sqlite3.IntegrityError as error:
                driver.execute("ROLLBACK TO one")
                _log.error("A promised write has lost what it belongs to, and is left out: %s.", error)
            driver.execute("RELEASE one")

    def _clear(self) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._size = os.fstat(self._file).st_size
        if self._size:
            os.ftruncate(self._file, 0)
            self._size = 0


def _after(number: int) -> int:
    return number % _LARGEST + 1


def _gathered(statements: Iterable[Statement]) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    by_text: dict[str, list[Sequence[Any]]] = {}
    for text, rows in statements:
        by_text.setdefault(text, []).extend(rows)
    yield from by_text.items()


def _records(path: Path) -> Iterator[tuple[int, list[Statement]]]:
    """What a file keeps, up to a record that was not written to its end: nobody was told of that one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    place = 0
    while place + _HEAD.size <= len(content):
        length, checksum = _HEAD.unpack_from(content, place)
        record = content[place + _HEAD.size : place + _HEAD.size + length]
        if len(record) < length or zlib.crc32(record) != checksum:
            return
        yield _decoder.decode(record)
        place += _HEAD.size + length
