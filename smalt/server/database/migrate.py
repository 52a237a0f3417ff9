"""Moves a database to the schema of this program, with Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from smalt.errors import Conflict

HEAD = "0018"
"""The newest revision under `migrations/versions`; a test holds the two together."""


_LOCK = 0x736D616C74  # "smalt": PostgreSQL names its advisory locks by number


def upgrade(connection: Connection) -> None:
    """Run what is missing, in the transaction of a connection; of several servers that start at once the first does it.

    Raises:
        Conflict: A newer program has made the schema.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Conflict(
            f"The database {connection.engine.url.render_as_string()} has a schema that this program does not know "
            f"({error}). Start the version of smalt that made it, or a newer one."
        ) from error
