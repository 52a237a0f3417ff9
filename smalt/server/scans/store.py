"""Every query on what was found in models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, tuple_

from smalt.server.database import insert_or
from smalt.server.scans.tables import model_scans as scans
from smalt.server.scans.verdict import Scan, Verdict
from smalt.server.work import Work

Key = tuple[str, str]
"""Name and version."""


def known(work: Work, owner: str, wanted: Sequence[tuple[str, str, datetime]]) -> dict[Key, Scan]:
    """What is known of these versions, each with the moment at which it was registered."""
    if not wanted:
        return {}
    moments = {(name, version): moment for name, version, moment in wanted}
    query = select(scans).where(scans.c.owner == owner, tuple_(scans.c.name, scans.c.version).in_(list(moments)))
    return {
        (row["name"], row["version"]): Scan(Verdict(row["verdict"]), tuple(row["found"]))
        for row in work.connection.execute(query).mappings()
        if row["registered_at"] == moments[row["name"], row["version"]]
    }


def keep(work: Work, owner: str, name: str, version: str, registered_at: datetime, scan: Scan) -> None:
    """Write down what was found."""
    values = {
        "registered_at": registered_at,
        "verdict": scan.verdict.value,
        "found": list(scan.found[:100]),
        "scanned_at": work.now,
    }
    row = insert_or(work.connection, scans).values(owner=owner, name=name, version=version, **values)
    work.connection.execute(row.on_conflict_do_update(index_elements=["owner", "name", "version"], set_=values))


def forget(work: Work, owner: str) -> None:
    """Remove all of an owner."""
    work.connection.execute(delete(scans).where(scans.c.owner == owner))
