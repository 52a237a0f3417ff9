"""Writes the next migration from the difference between the tables and the migrations so far.

    python scripts/revise.py "what it does"

Then set `HEAD` in `smalt/server/database/migrate.py` to the new revision.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import smalt.server.main  # noqa: F401  (brings every slice's tables)
from smalt.server.database import migrate


def main() -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    taken = [int(path.stem[:4]) for path in (folder / "versions").glob("[0-9]*.py")]
    number = f"{max(taken, default=0) + 1:04d}"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory() as scratch:
        engine = create_engine(f"sqlite:///{scratch}/smalt.db")
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            command.revision(config, message=sys.argv[1], autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main()
