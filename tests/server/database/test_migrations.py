"""The migrations lead to the tables that the slices declare, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import smalt.server.main  # noqa: F401  (brings every slice's tables)
from smalt.server.database import metadata, migrate


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    url = f"sqlite:///{tmp_path}/smalt.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgres")().replace("postgresql:", "postgresql+psycopg:")
    found = create_engine(url)
    yield found
    found.dispose()


def test_the_newest_migration_is_known_by_its_number():
    folder = Path(migrate.__file__).parent / "migrations" / "versions"

    assert max(path.stem[:4] for path in folder.glob("[0-9]*.py")) == migrate.HEAD


def test_the_migrations_lead_to_the_tables(engine):
    with engine.begin() as connection:
        migrate.upgrade(connection)

        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_what_people_have_written_keeps_its_order(engine):
    versions = metadata.tables["asset_versions"]
    written = {"zeta": 1, "a": {"later": 1, "b": 2}}
    with engine.begin() as connection:
        migrate.upgrade(connection)
        connection.execute(versions.insert(), _version(written))

        (found,) = connection.execute(versions.select()).mappings()

    assert str(found["document"]) == str(written)


def _version(document):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "owner": "o", "kind": "components", "name": "n", "version": "1", "document": document, "is_archived": False,
        "revision": 1, "created_at": at, "created_by": "me", "modified_at": at, "modified_by": "me",
    }  # fmt: skip
