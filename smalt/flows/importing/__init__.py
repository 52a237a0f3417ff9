"""Taking over a home of prompt flow (`~/.promptflow` with `pf.sqlite`): its connections and the history of its runs.

Nothing of that home is changed, and what is here already stays. What cannot be taken over is said by name.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from smalt.errors import NotFound
from smalt.flows.home import flows_home
from smalt.flows.importing import connections, runs
from smalt.flows.importing.keys import Key

DATABASE = "pf.sqlite"


@dataclass
class Imported:
    """What was taken over, by name, and what was not, with the reason."""

    connections: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:  # Any: JSON
        """The same as plain values."""
        return asdict(self)


def take_over(home: Path | None = None, *, key: str | None = None, is_only_told: bool = False) -> Imported:
    """Take over the connections and runs of a home of prompt flow.

    Args:
        home: That home; the home of flows otherwise, which prompt flow had before.
        key: The key of its secrets, if it is not found where prompt flow keeps it.
        is_only_told: Say what would be taken over, and keep nothing.

    Raises:
        NotFound: It is no home of prompt flow.
    """
    place = (home or flows_home()).expanduser().absolute()
    if not (place / DATABASE).is_file():
        raise NotFound(f"{place} is no home of prompt flow: it has no {DATABASE}. Give its home: --home PATH.")
    done = Imported()
    with _reading(place / DATABASE) as database:
        taken, left = connections.take(_rows(database, "connection"), Key(key), is_only_told=is_only_told)
        done.connections = taken
        done.left_out |= {f"connection {name}": why for name, why in left.items()}
        taken, left = runs.take(_rows(database, "run_info"), is_only_told=is_only_told)
        done.runs = taken
        done.left_out |= {f"run {name}": why for name, why in left.items()}
        for row in _rows(database, "experiment"):
            told = "Experiments are made anew from their template: smalt experiment create --template FILE."
            done.left_out[f"experiment {row['name']}"] = told
    if (place / "trace.sqlite").is_file():
        done.left_out["trace.sqlite"] = "Traces are not taken over; those of new runs go to a workspace."
    return done


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        yield database
    finally:
        database.close()


def _rows(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:  # Any: columns
    known = database.execute("select 1 from sqlite_master where type = 'table' and name = ?", (table,)).fetchone()
    if known is None:  # made when the first of its kind is
        return []
    return [dict(row) for row in database.execute(f"select * from {table}")]  # noqa: S608  # one of three words
