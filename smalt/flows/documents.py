"""Documents of flows on this machine, by name: tables of one SQLite file in the home of flows."""
# ruff: noqa: S608  # the table is a word of this program

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smalt.flows.home import flows_home

Document = dict[str, Any]  # Any: JSON


class Documents:
    """The documents of one kind.

    Args:
        table: What they are, in the plural: `runs`, `experiments`.
        home: The home of flows, if not that of the environment.
    """

    def __init__(self, table: str, home: Path | None = None) -> None:
        self._table = table
        self._home = home or flows_home()
        self._path = self._home / "runs.sqlite"

    def add(self, name: str, document: Mapping[str, Any], *, created: str, is_archived: bool = False) -> bool:
        """Keep a new document; False if there is one of that name."""
        try:
            with self._connection() as connection:
                connection.execute(
                    f"insert into {self._table} (name, created, archived, document) values (?, ?, ?, ?)",
                    (name, created, is_archived, _text(document)),
                )
        except sqlite3.IntegrityError:
            return False
        return True

    def save(self, name: str, document: Mapping[str, Any], *, is_archived: bool) -> None:
        """Keep what has changed."""
        with self._connection() as connection:
            connection.execute(
                f"update {self._table} set document = ?, archived = ? where name = ?",
                (_text(document), is_archived, name),
            )

    def find(self, name: str) -> Document | None:
        """The document of a name."""
        with self._connection() as connection:
            row = connection.execute(f"select document from {self._table} where name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def list(self, *, max_results: int | None, archived: bool | None) -> list[Document]:
        """Documents, newest first: archived ones, others, or both (None)."""
        where = "" if archived is None else "where archived = ?"
        values: tuple[int, ...] = () if archived is None else (int(archived),)
        with self._connection() as connection:
            rows = connection.execute(
                f"select document from {self._table} {where} order by created desc limit ?",
                (*values, -1 if max_results is None else max_results),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def delete(self, name: str) -> None:
        """Forget a document."""
        with self._connection() as connection:
            connection.execute(f"delete from {self._table} where name = ?", (name,))

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)  # what is kept may have been given secrets in variables
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            connection.executescript(
                f"create table if not exists {self._table} (name text primary key, created text not null, "
                "archived integer not null default 0, document text not null);"
                f"create index if not exists {self._table}_by_time on {self._table} (archived, created desc);"
            )
            with connection:
                yield connection
        finally:
            connection.close()


def _text(document: Mapping[str, Any]) -> str:  # Any: JSON
    return json.dumps(document, ensure_ascii=False, default=str)
