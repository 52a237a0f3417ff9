"""A house with its lower floors: a real application over a real database, with an owner and a default workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from smalt.server import audit, identity, workspaces
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.http import WORKSPACE, Answer, Call, Dispatcher, Route, Routes, ok
from smalt.server.identity import FirstOwner, IdentityGate, IdentityService, SigningKey
from smalt.server.work import SYSTEM, Actor, ActorKind, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


@dataclass
class House:
    """Everything a test may want to touch."""

    works: Works
    events: Events
    identity: IdentityService
    workspaces: WorkspaceService
    app: Dispatcher
    owner: FirstOwner
    default: WorkspaceRecord

    def client(self, token: str | None = None) -> TestClient:
        """A client with a token, the owner's unless given; the empty text sends none."""
        text = self.owner.token if token is None else token
        return TestClient(self.app, headers={"Authorization": f"Bearer {text}"} if text else {})

    def member(self, name: str, roles: Mapping[str, str] | None = None) -> str:
        """A new person's token; `roles` maps scopes to role names."""
        with self.works.write(SYSTEM) as work:
            directory, definitions = self.identity.directory, self.identity.definitions
            made = directory.create_actor(work, name, ActorKind.USER)
            for scope, role in (roles or {}).items():
                definition = definitions.named(work, role)
                directory.assign(work, role=definition, actor_id=made.row["id"], scope=scope)
            return directory.create_token(work, made.row["id"], "test").text


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def more_routes() -> Sequence[Route]:
    """Routes of slices above, in small: a job's page, open to the job itself, and a model's, open to no job."""
    table = Routes()

    def show(call: Call) -> Answer:
        return ok({"actor": call.actor.name})

    def own(call: Call, actor: Actor) -> bool:
        return actor.grant is not None and actor.grant.job == call.params["name"]

    table.add("GET", WORKSPACE + "/jobs/{name}", show, action="workspaces/jobs/read", for_jobs=own)
    table.add("PUT", WORKSPACE + "/jobs/{name}", show, action="workspaces/jobs/write")
    table.add("GET", "/short/{workspace}/jobs/{name}", show, action="workspaces/jobs/read", for_jobs=own)
    table.add("PUT", WORKSPACE + "/computes/{name}", show, action="workspaces/computes/write")
    return table.all


@pytest.fixture
def house(database: Database, signing_key: SigningKey, more_routes: Sequence[Route]) -> House:
    events = Events()
    works = Works(database, events)
    service = WorkspaceService(works)
    known = IdentityService(signing_key)
    with works.write(SYSTEM) as work:
        owner = known.directory.ensure_first_owner(work)
        default = service.ensure_default(work, subscription=SUBSCRIPTION)
    assert owner is not None
    routes = [
        *identity.routes(known, service.find_scope),
        *audit.routes(service.find_scope),
        *workspaces.routes(service, tenant=known.tenant),
        *more_routes,
    ]
    app = Dispatcher(
        routes,
        works=works,
        gate=IdentityGate(known, works, service.find_scope),
        recorder=audit.AuditRecorder(works, service.find_scope),
    )
    return House(works, events, known, service, app, owner, default)
