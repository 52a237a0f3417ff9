"""Where transactions get their connections: kept whole on SQLite, pooled on PostgreSQL."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from smalt.errors import Unavailable

BUSY_MILLISECONDS = 30_000
LOG_PAGES = 4000
"""How long SQLite's log gets before a write brings it back into the file: 16 MB, and the disk is waited for once."""


def driver(connection: Connection) -> Any:  # Any: of two drivers
    """What SQLAlchemy works with."""
    return connection.connection.dbapi_connection


class Connections(Protocol):
    """Where transactions get their connection."""

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        """A connection without a transaction; what is left open when the block ends is rolled back."""

    def take_at_once(self) -> Connection | None:
        """A connection that has to be given back, or None where it would have to be waited for."""

    def give_back(self, connection: Connection) -> None:
        """End what was taken."""

    def close(self) -> None:
        """End those that nobody has taken."""


class Pooled:
    """The engine's own pool, which also finds connections that the network has cut."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        """See `Connections`."""
        with self._engine.connect() as connection:
            yield connection

    def take_at_once(self) -> Connection | None:
        """See `Connections`."""
        return None  # Every statement is a journey over the network.

    def give_back(self, connection: Connection) -> None:
        """See `Connections`."""
        connection.close()

    def close(self) -> None:
        """See `Connections`."""
        self._engine.dispose()


class Kept:
    """Connections to a file, kept whole between transactions: to take one from a pool and to give it back costs more
    than a small transaction does.

    Args:
        engine: Opens them.
        most: That are open at once; who comes then waits.
    """

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        # A lock is a semaphore for one, and much the quicker.
        self._room = threading.Lock() if most == 1 else threading.BoundedSemaphore(most)
        self._guard = threading.Lock()
        self._waiting = 0
        self._idle: deque[Connection] = deque()

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        """See `Connections`."""
        if not self._room.acquire(blocking=False):
            self._wait()
        connection = self._one()
        try:
            yield connection
        finally:
            self.give_back(connection)

    def take_at_once(self) -> Connection | None:
        """See `Connections`."""
        # Who waits goes first, however often others come in between.
        if self._waiting or not self._room.acquire(blocking=False):
            return None
        return self._one()

    def give_back(self, connection: Connection) -> None:
        """See `Connections`."""
        try:
            connection.rollback()
            self._idle.append(connection)
        except DBAPIError:
            connection.invalidate()
            raise
        finally:
            self._room.release()

    def _wait(self) -> None:
        with self._guard:
            self._waiting += 1
        try:
            if not self._room.acquire(timeout=BUSY_MILLISECONDS / 1000):
                raise Unavailable("The database is busy with other requests. Try again.")
        finally:
            with self._guard:
                self._waiting -= 1

    def _one(self) -> Connection:
        try:
            return self._idle.pop()  # The one that was used last: its cache is warm.
        except IndexError:
            pass
        try:
            return self._engine.connect()
        except BaseException:
            self._room.release()
            raise

    def close(self) -> None:
        """See `Connections`."""
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()


def tune(connection: Connection, *, waits: bool) -> None:
    """Have a writer wait for other processes and for the disk, or not."""
    if connection.info.get("waits", True) is waits:
        return
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS if waits else 0}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES if waits else 0}")
    connection.info["waits"] = waits
