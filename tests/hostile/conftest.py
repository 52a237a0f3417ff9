"""Real servers, started as a user starts them, on both databases, with something of everything in them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from sqlalchemy import MetaData, create_engine, make_url, select

from tests.campaigns.call_everything import Target, furnished


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server on one of the databases."""
    home = tmp_path_factory.mktemp("home")
    database = None if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")()
    with furnished(home, database) as found:
        yield found


@pytest.fixture(scope="session")
def owner(target: Target) -> Iterator[httpx2.Client]:
    """The owner's client."""
    with httpx2.Client(base_url=target.url, headers=target.headers, timeout=60) as client:
        yield client


class Watch:
    """Sees what a server keeps: every row but those of the audit trail, and every file of its users."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._engine = create_engine(_engine_url(target))
        tables = MetaData()
        tables.reflect(self._engine)
        self._tables = [table for table in tables.sorted_tables if table.name != "audit_events"]
        self._logged = target.log.stat().st_size
        self._state = self._look()

    def check(self) -> None:
        """Hold the server to it that nothing has changed since the last look, and that its log tells of no crash."""
        before, self._state = self._state, self._look()
        begin, self._logged = self._logged, self._target.log.stat().st_size
        changed = {
            name: (before.get(name), self._state.get(name))
            for name in before.keys() | self._state.keys()
            if before.get(name) != self._state.get(name)
        }
        assert not changed
        assert "Traceback" not in self._target.log.read_text()[begin:]

    def look(self) -> None:
        """Take what is there now for what is to stay."""
        self._state = self._look()

    def _look(self) -> dict[str, object]:
        with self._engine.connect() as connection:
            rows: dict[str, object] = {
                table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in self._tables
            }
        blobs = self._target.home / "blobs"
        return rows | {str(path): path.stat().st_size for path in blobs.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def watch(target: Target) -> Watch:
    """Sees what the server keeps."""
    return Watch(target)


@pytest.fixture
def unchanged(watch: Watch) -> Iterator[None]:
    """Holds a test to it that it changes nothing."""
    watch.look()
    yield
    watch.check()


def _engine_url(target: Target) -> object:
    if target.database is None:
        return f"sqlite:///{target.home / 'smalt.db'}"
    return make_url(target.database).set(drivername="postgresql+psycopg")
