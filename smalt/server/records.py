"""Named documents that belong to someone: the rows of resources that are only kept, such as connections.

A record has an owner (a workspace, or a subscription), a name, a document without secrets, and its secrets sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from smalt.server.database import Document, Moment, insert_or, metadata
from smalt.server.http import Page
from smalt.server.work import Work


@dataclass(frozen=True, slots=True)
class Record:
    """One row."""

    owner: str
    name: str
    document: Mapping[str, Any]  # Any: JSON
    sealed: str | None
    revision: int
    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str


def record_table(name: str) -> Table:
    """Declare the table of a slice."""
    return Table(
        name,
        metadata,
        Column("owner", String(64), nullable=False),
        Column("name", String(255), nullable=False),
        Column("document", Document, nullable=False),
        Column("sealed", Text),
        Column("revision", Integer, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("created_by", String(255), nullable=False),
        Column("modified_at", Moment, nullable=False),
        Column("modified_by", String(255), nullable=False),
        PrimaryKeyConstraint("owner", "name"),
    )


class Records:
    """The queries of one such table. Names are found without regard to case and kept as first given."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._find = select(table).where(
            table.c.owner == bindparam("of"), func.lower(table.c.name) == bindparam("called")
        )

    def find(self, work: Work, owner: str, name: str) -> Record | None:
        """The record of this name, if there is one."""
        return work.once(self._key(owner, name), lambda: self._look(work, owner, name))

    def _look(self, work: Work, owner: str, name: str) -> Record | None:
        row = work.connection.execute(self._find, {"of": owner, "called": name.lower()}).mappings().first()
        return _record(row) if row is not None else None

    def _key(self, owner: str, name: str) -> tuple[str, str, str]:
        return self._table.name, owner, name.lower()

    def page(self, work: Work, owner: str, *, after: str | None = None, limit: int = 100) -> Page[Record]:
        """Records in the order of their names, beginning behind `after`."""
        query = select(self._table).where(self._table.c.owner == owner).order_by(self._table.c.name).limit(limit + 1)
        if after is not None:
            query = query.where(self._table.c.name > after)
        found = [_record(row) for row in work.connection.execute(query).mappings()]
        return Page(found[:limit], found[limit - 1].name if len(found) > limit else None)

    def put(
        self, work: Work, owner: str, name: str, document: Mapping[str, Any], *, sealed: str | None = None
    ) -> tuple[Record, bool]:
        """Create or replace; also tells whether it is new."""
        work.forget(self._key(owner, name))
        found = self._look(work, owner, name)
        by = work.actor.name[:255]
        changed = {
            "document": dict(document),
            "sealed": sealed,
            "modified_at": work.now,
            "modified_by": by,
        }
        if found is None:
            first = {"owner": owner, "name": name, "revision": 1, "created_at": work.now, "created_by": by}
            fresh = insert_or(work.connection, self._table).values(**first, **changed).on_conflict_do_nothing()
            # Not the count of rows, which PostgreSQL's driver does not tell of such an insert.
            if work.connection.execute(fresh.returning(self._table.c.name)).first() is None:  # another was first
                return self.put(work, owner, name, document, sealed=sealed)
        else:
            statement = update(self._table).where(self._is(owner, name))
            work.connection.execute(statement.values(revision=found.revision + 1, **changed))
        stored = self._look(work, owner, name)
        assert stored is not None
        return stored, found is None

    def delete(self, work: Work, owner: str, name: str) -> bool:
        """Whether there was one."""
        work.forget(self._key(owner, name))
        return work.connection.execute(delete(self._table).where(self._is(owner, name))).rowcount > 0

    def delete_all(self, work: Work, owner: str) -> None:
        """Remove every record of an owner."""
        work.connection.execute(delete(self._table).where(self._table.c.owner == owner))

    def reseal(self, work: Work, renewed: Callable[[Record], str]) -> int:
        """Put what `renewed` gives in the place of every sealed secret; how many there were."""
        table = self._table
        found = work.connection.execute(select(table).where(table.c.sealed.is_not(None))).mappings().all()
        for row in found:
            statement = update(table).where(table.c.owner == row["owner"], table.c.name == row["name"])
            work.connection.execute(statement.values(sealed=renewed(_record(row))))
        return len(found)

    def _is(self, owner: str, name: str) -> Any:  # Any: an SQL expression
        return (self._table.c.owner == owner) & (func.lower(self._table.c.name) == name.lower())


def _record(row: RowMapping) -> Record:
    return Record(**row)
