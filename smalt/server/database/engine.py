"""One database: its engines, its transactions and the state of its schema."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from smalt.errors import MissingExtra, Unavailable
from smalt.server.database.connections import BUSY_MILLISECONDS, LOG_PAGES, Connections, Kept, Pooled, driver, tune
from smalt.server.database.promises import Promises, Statement

_log = logging.getLogger(__name__)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of every slice."""

_WITHOUT_CHECKPOINT = 250
"""Writes in a row that may leave the log as it is."""
_OFTEN = 0.02
"""Seconds."""


class Database:
    """Hands out read and write transactions.

    Args:
        url: `sqlite:///path` or `postgresql://...`.

    On SQLite there is one writer connection: writers queue in this process instead of meeting `database is locked`,
    and a write transaction takes the lock when it begins, so that it can never fail half-way for having read first.

    Attributes:
        known: What the last write transaction has found, for who promises; the next one clears it.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._reader: Connections
        self._writer: Connections
        # Writes since the last one that could wait.
        self._unchecked = 0
        self.known: dict[Hashable, Any] = {}
        self._promises: Promises | None = None
        if self.is_sqlite:
            self._promises = _promises(self.url)
            self._reader = Kept(_sqlite_engine(self.url.set(drivername="sqlite+reading")), most=12)
            self._writer = Kept(_sqlite_engine(self.url.set(drivername="sqlite+writing")), most=1)
        else:
            engine = _postgres_engine(url)
            reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._reader, self._writer = Pooled(reading), Pooled(engine)

    @classmethod
    def at(cls, path: Path) -> Database:
        """The SQLite database in a file."""
        return cls(f"sqlite:///{path}")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view, which has all that was promised; nothing written in it stays."""
        self._make_promised()
        with self._reader.taken() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._writer.taken() as connection:
            self._may_wait(connection)
            self._begin(connection)
            with self._ended(connection):
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
            if not self._began_at_once(connection):
                yield None
                return
            with self._ended(connection):
                yield connection
        finally:
            self._writer.give_back(connection)

    @contextmanager
    def promise(self) -> Iterator[list[Statement] | None]:
        """A list for statements that will be run, whatever is killed, before anybody else reads or writes.

        None where that takes a wait, and always on PostgreSQL. They must be such that cannot fail, and that may be run
        together with others of the same text. Until the block ends nobody writes, so that what `known` says holds.

        Raises:
            OSError: They could not be kept. Nothing is promised.
        """
        promises = self._promises
        connection = self._writer.take_at_once() if promises is not None and promises.has_room else None
        if connection is None or promises is None:
            yield None
            return
        try:
            statements: list[Statement] = []
            yield statements
            if statements:
                promises.keep(statements)
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
            if self._promises is not None:
                self._promises.make(driver(connection))
            cursor = connection.connection.cursor()  # Outside of a transaction, which the checkpoint would wait for.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (is_busy, _, _) = cursor.fetchone() or (1, 0, 0)
        if is_busy:
            raise Unavailable(f"Another process reads {self.url.database}. End it, then try again.")

    def _may_wait(self, connection: Connection) -> None:
        self._unchecked = 0
        if self.is_sqlite:
            tune(connection, waits=True)

    def _begin(self, connection: Connection) -> None:
        if self._promises is not None:
            self._promises.make(driver(connection))
        self.known.clear()
        if self.is_sqlite:
            # Without the layers between, which cost more than a small write. They take part once they are asked.
            driver(connection).execute(_Writing.begin)
        else:
            connection.begin()

    @contextmanager
    def _ended(self, connection: Connection) -> Iterator[None]:
        """Commit what the block does, or roll it back when it raises."""
        try:
            yield
            if connection.in_transaction():
                connection.commit()
            else:
                driver(connection).commit()
        except BaseException:
            self.known.clear()
            connection.rollback()
            if self.is_sqlite:
                driver(connection).rollback()
            raise

    def _make_promised(self) -> None:
        promises = self._promises
        while promises is not None and promises.are_waiting:
            connection = self._writer.take_at_once()
            if connection is None:
                # Whoever has it makes them, and may go on for long.
                promises.wait_until_made(_OFTEN)
                continue
            try:
                self._may_wait(connection)
                promises.make(driver(connection))
            except sqlite3.Error:
                # Who reads finds the rest; who writes will be told what is wrong.
                _log.exception("What was promised could not be written to %s.", self.url.database)
                return
            finally:
                self._writer.give_back(connection)

    def _began_at_once(self, connection: Connection) -> bool:
        self._unchecked += 1
        tune(connection, waits=False)
        try:
            self._begin(connection)
        except sqlite3.Error:
            return False  # Another process writes. Whoever waits for it also says what is wrong, if something is.
        return True

    def close(self) -> None:
        """Give every connection back."""
        self._make_promised()
        if self._promises is not None:
            self._promises.close()
        self._reader.close()
        self._writer.close()

    def _version(self) -> str | None:
        try:
            with self.read() as connection:
                return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except DBAPIError:
            return None


def _promises(url: URL) -> Promises | None:
    if url.database in {None, "", ":memory:"}:
        return None
    path = Path(f"{url.database}-promised")
    if not Path(str(url.database)).exists():
        path.unlink(missing_ok=True)  # Of a database that somebody has removed.
    return Promises(path)


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class _Reading(SQLiteDialect_pysqlite):
    """Begins each transaction itself: the driver would begin lazily, and an engine with a listener is slower."""

    supports_statement_cache = True
    begin = "BEGIN"

    def do_begin(self, dbapi_connection: DBAPIConnection) -> None:
        driver: Any = dbapi_connection
        if not driver.in_transaction:
            driver.execute(self.begin)


class _Writing(_Reading):
    """Takes the lock at once."""

    supports_statement_cache = True
    begin = "BEGIN IMMEDIATE"


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
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
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
