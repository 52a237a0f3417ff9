"""Moves a database to the schema of this program, with Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

HEAD = "0001"
"""The newest revision under `migrations/versions`; a test holds the two together."""


def upgrade(engine: Engine) -> None:
    """Run what is missing, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
