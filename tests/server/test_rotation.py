"""Changing the keys of an installation: what was valid stays so, and a killed change loses nothing."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from smalt.entities.connection import Connection
from smalt.entities.datastore import AzureBlobDatastore
from smalt.errors import Conflict, NotAuthenticated
from smalt.kit import clock, private
from smalt.server import rotation
from smalt.server.alone import alone
from smalt.server.assets import DatastoreService
from smalt.server.connections import ConnectionService
from smalt.server.database import Database, metadata
from smalt.server.events import Events
from smalt.server.identity import IdentityService, SigningKey
from smalt.server.records import Records
from smalt.server.rotation import rotate
from smalt.server.settings import SIGNING_KEY, VAULT_KEY, Settings
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM, JobGrant, Works
from smalt.server.workspaces import WorkspaceService


@dataclass
class Home:
    """An installation with secrets and tokens, and no server."""

    path: Path
    tokens: tuple[str, str]

    @property
    def settings(self) -> Settings:
        return Settings(home=self.path)

    def secrets(self) -> tuple[str, str]:
        """What stands sealed, as a server would read it now."""
        database = Database(self.settings.database)
        vault = Vault.at(self.path / VAULT_KEY)
        stores, connections = DatastoreService(vault, self.path), ConnectionService(vault)
        works = Works(database, Events())
        with works.read(SYSTEM) as work:
            room = WorkspaceService(works).get(work, "s", "smalt", "default")
            store = stores.with_secrets(room, stores.get(work, room, "outside"))
            connection = connections.with_secrets(room, connections.get(work, room, "api"))
        database.close()
        return (
            store.credentials.document(secrets=True)["account_key"],
            connection.credentials.document(secrets=True)["key"],
        )

    def accepts(self, token: str, *, later: timedelta = timedelta()) -> bool:
        """Whether a server would know a token."""
        database = Database(self.settings.database)
        service = IdentityService(SigningKey.at(self.path / SIGNING_KEY))
        with Works(database, Events()).read(SYSTEM) as work:
            work.now += later
            try:
                service.authenticate(work, token)
            except NotAuthenticated:
                return False
            finally:
                database.close()
        return True


@pytest.fixture
def home(tmp_path: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir()
    database = Database(Settings(home=path).database)
    database.prepare()
    works = Works(database, Events())
    vault = Vault.at(path / VAULT_KEY)
    identity = IdentityService(SigningKey.at(path / SIGNING_KEY))
    with works.write(SYSTEM) as work:
        room = WorkspaceService(works).ensure_default(work, subscription="s")
        store = {"name": "outside", "account_name": "a", "container_name": "c", "credentials": {"account_key": "one"}}
        DatastoreService(vault, path).put(work, room, AzureBlobDatastore.parse(store))
        connection = {"name": "api", "type": "custom", "target": "t", "credentials": {"type": "api_key", "key": "two"}}
        ConnectionService(vault).put(work, room, Connection.parse(connection))
        owner = identity.directory.ensure_first_owner(work)
        assert owner is not None
        access = identity.sign_in(work, owner.client_id, owner.client_secret, audience="x", address="").text
        job = identity.issue_job_token(work, JobGrant("train", room.id), lifetime=timedelta(days=2))
    database.close()
    return Home(path, (access, job))


def test_secrets_move_to_a_new_key_and_tokens_live_until_they_end(home):
    keys = [(home.path / name).read_bytes() for name in (VAULT_KEY, SIGNING_KEY)]
    tenant = SigningKey.at(home.path / SIGNING_KEY).tenant

    changed = rotate(home.settings)

    assert changed.secrets == 2
    assert not set(keys) & {(home.path / name).read_bytes() for name in (VAULT_KEY, SIGNING_KEY)}
    assert home.secrets() == ("one", "two")
    assert SigningKey.at(home.path / SIGNING_KEY).tenant == tenant
    assert [home.accepts(token) for token in home.tokens] == [True, True]
    assert [home.accepts(token, later=timedelta(hours=2)) for token in home.tokens] == [False, True]
    assert not home.accepts(home.tokens[1], later=timedelta(days=3))


def test_what_the_old_vault_key_sealed_opens_no_more(home):
    old = (home.path / VAULT_KEY).read_bytes()

    rotate(home.settings)

    assert old not in {file.read_bytes() for file in home.path.rglob("*") if file.is_file()}


def test_tokens_can_be_ended_at_once_those_of_earlier_keys_too(home):
    rotate(home.settings, vault=False)
    assert [home.accepts(token) for token in home.tokens] == [True, True]

    rotate(home.settings, vault=False, end_tokens=True)

    assert [home.accepts(token) for token in home.tokens] == [False, False]


def test_both_public_halves_are_published_while_both_are_valid(home):
    first = SigningKey.at(home.path / SIGNING_KEY).kid
    second = SigningKey.rotate(home.path / SIGNING_KEY, now=clock.now(), until=clock.now() + timedelta(hours=1))

    assert [key["kid"] for key in second.jwks(clock.now())["keys"]] == [second.kid, first]
    assert [key["kid"] for key in second.jwks(clock.now() + timedelta(hours=2))["keys"]] == [second.kid]


def test_a_running_server_is_not_disturbed(home):
    with alone(home.path), pytest.raises(Conflict, match="smalt down"):
        rotate(home.settings)


def test_a_change_that_is_killed_after_any_step_loses_nothing_and_is_finished_by_the_next(home):
    steps = 1
    while rotate_until(home, steps) == signal.SIGKILL:
        assert home.secrets() == ("one", "two")
        assert [home.accepts(token) for token in home.tokens] == [True, True]
        steps += 1

    assert steps > 10
    assert home.secrets() == ("one", "two")
    assert [home.accepts(token) for token in home.tokens] == [True, True]
    assert not list(home.path.glob("secret.key.*"))
    assert (home.path / VAULT_KEY).stat().st_mode & 0o777 == 0o600


def rotate_until(home: Home, steps: int) -> int:
    """Change the keys in a process that kills itself after some steps; the signal it died of, 0 for none."""
    child = os.fork()
    if child == 0:
        clicks = itertools.count(1)
        for owner, name in (
            (private, "create"),
            (private, "replace"),
            (private, "remove"),
            (Records, "reseal"),
            (rotation, "reseal"),
            (Database, "settle"),
        ):
            setattr(owner, name, dying(getattr(owner, name), clicks, steps))
        try:
            rotate(home.settings)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * -1


def dying(done: Callable[..., Any], clicks: Iterator[int], last: int) -> Callable[..., Any]:
    """Does the same, counts it, and kills the process after the last step."""

    def step(*arguments: Any, **options: Any) -> Any:
        found = done(*arguments, **options)
        if next(clicks) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return step


def test_every_table_that_holds_secrets_is_known_to_the_change():
    """Whoever seals in another table lets `smalt.server.rotation.reseal` know of it, then adds it here."""
    import smalt.server.main  # noqa: F401 - brings every slice's tables

    sealing = {table.name for table in metadata.tables.values() if "sealed" in table.c}
    # These are records that hold no secret.
    records = {"registries", "batch_endpoints", "batch_deployments", "catalog_cards", "catalog_licences"}
    records |= {"serverless_endpoints", "marketplace_subscriptions"}
    assert sealing - records == {"datastores", "connections", "computes", "online_endpoints"}
