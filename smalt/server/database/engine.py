"""One database: its engines, its transactions and the state of its schema."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
from sqlalchemy import URL, Connection, Engine, MetaData, Transaction, create_engine, event, make_url, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from smalt.errors import MissingExtra, Unavailable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of every slice."""

_BUSY_MILLISECONDS = 30_000
_LOG_PAGES = 4000
"""How long SQLite's log gets before a write brings it back into the file: 16 MB, and the disk is waited for once."""
_WITHOUT_CHECKPOINT = 250
"""Writes in a row that may leave the log as it is."""


class Database:
    """Hands out read and write transactions.

    Args:
        url: `sqlite:///path` or `postgresql://...`.

    On SQLite there is one writer connection: writers queue in this process instead of meeting `database is locked`,
    and a write transaction takes the lock when it begins, so that it can never fail half-way for having read first.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._reader: _Connections
        self._writer: _Connections
        # Writes since the last one that could wait.
        self._unchecked = 0
        if self.is_sqlite:
            self._reader = _Kept(_sqlite_engine(self.url.set(drivername="sqlite+reading")), most=12)
            self._writer = _Kept(_sqlite_engine(self.url.set(drivername="sqlite+writing")), most=1)
        else:
            engine = _postgres_engine(url)
            reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._reader, self._writer = _Pooled(reading), _Pooled(engine)

    @classmethod
    def at(cls, path: Path) -> Database:
        """The SQLite database in a file."""
        return cls(f"sqlite:///{path}")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; nothing written in it stays."""
        with self._reader.taken() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._writer.taken() as connection:
            self._may_wait(connection)
            with connection.begin():
                yield connection

    @contextmanager
    def write_at_once(self) -> Iterator[Connection | None]:
        """As `write`, for who must not wait; None where that takes a wait, and always on PostgreSQL.

        It waits for no lock and for no disk: others that write now or want to, in this process or another, go first,
        and the log is brought back into the file by one of those that may take their time.
        """
        connection = self._writer.take_at_once() if self._unchecked < _WITHOUT_CHECKPOINT else None
        if connection is None:
            yield None
            return
        try:
            begun = self._begun_at_once(connection)
            if begun is None:
                yield None
                return
            with begun:
                yield connection
        finally:
            self._writer.give_back(connection)

    def prepare(self) -> None:
        """Bring the schema to the version of this program."""
        from smalt.server.database import migrate  # alembic is slow to import and seldom needed

        if self._version() != migrate.HEAD:
            with self.write() as connection:
                migrate.upgrade(connection)

    def settle(self) -> None:
        """Make everything that is committed survive a power cut: SQLite writes its log back, PostgreSQL always has.

        Raises:
            Unavailable: Somebody reads the database and holds the log.
        """
        if not self.is_sqlite:
            return
        with self._writer.taken() as connection:
            self._may_wait(connection)
            cursor = connection.connection.cursor()  # Outside of a transaction, which the checkpoint would wait for.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (is_busy, _, _) = cursor.fetchone() or (1, 0, 0)
        if is_busy:
            raise Unavailable(f"Another process reads {self.url.database}. End it, then try again.")

    def _may_wait(self, connection: Connection) -> None:
        self._unchecked = 0
        if self.is_sqlite:
            _tune(connection, waits=True)

    def _begun_at_once(self, connection: Connection) -> Transaction | None:
        self._unchecked += 1
        _tune(connection, waits=False)
        try:
            return connection.begin()
        except DBAPIError:
            return None  # Another process writes. Whoever waits for it also says what is wrong, if something is.

    def close(self) -> None:
        """Give every connection back."""
        self._reader.close()
        self._writer.close()

    def _version(self) -> str | None:
        try:
            with self.read() as connection:
                return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError:
            return None


class _Connections(Protocol):
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


class _Pooled:
    """The engine's own pool, which also finds connections that the network has cut."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def take_at_once(self) -> Connection | None:
        return None  # Every statement is a journey over the network.

    def give_back(self, connection: Connection) -> None:
        connection.close()

    def close(self) -> None:
        self._engine.dispose()


class _Kept:
    """Connections to a file, kept whole between transactions: to take one from a pool and to give it back costs more
    than a small transaction does.

    Args:
        engine: Opens them.
        most: That are open at once; who comes then waits.
    """

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._room = threading.BoundedSemaphore(most)
        self._guard = threading.Lock()
        self._waiting = 0
        self._idle: deque[Connection] = deque()

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        if not self._room.acquire(blocking=False):
            self._wait()
        connection = self._one()
        try:
            yield connection
        finally:
            self.give_back(connection)

    def take_at_once(self) -> Connection | None:
        # Who waits goes first, however often others come in between.
        if self._waiting or not self._room.acquire(blocking=False):
            return None
        return self._one()

    def give_back(self, connection: Connection) -> None:
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
            if not self._room.acquire(timeout=_BUSY_MILLISECONDS / 1000):
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
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()


def _tune(connection: Connection, *, waits: bool) -> None:
    """Have a writer wait for other processes and for the disk, or not."""
    if connection.info.get("waits", True) is waits:
        return
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS if waits else 0}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES if waits else 0}")
    connection.info["waits"] = waits


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class _Reading(SQLiteDialect_pysqlite):
    """Begins each transaction itself: the driver would begin lazily, and an engine with a listener is slower."""

    supports_statement_cache = True
    _begin = "BEGIN"

    def do_begin(self, dbapi_connection: DBAPIConnection) -> None:
        dbapi_connection.cursor().execute(self._begin)


class _Writing(_Reading):
    """Takes the lock at once."""

    supports_statement_cache = True
    _begin = "BEGIN IMMEDIATE"


registry.register("sqlite.reading", __name__, "_Reading")
registry.register("sqlite.writing", __name__, "_Writing")


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"check_same_thread": False},
        json_serializer=_encode,
        json_deserializer=msgspec.json.decode,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # Transactions begin where the dialect says, not where the driver would.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # NORMAL keeps every commit through a killed process; only a power cut may lose the last ones.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        cursor.execute("PRAGMA cache_size=-16000")
        cursor.close()

    return engine


def _postgres_engine(url: str) -> Engine:
    try:
        import psycopg  # noqa: F401  (asked for here so that its absence is named)
    except ImportError:
        raise MissingExtra("postgres", "A PostgreSQL database") from None
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=16,
        max_overflow=8,
        pool_pre_ping=True,
        json_serializer=_encode,
        json_deserializer=msgspec.json.decode,
    )
