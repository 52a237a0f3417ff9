"""A server up to computes."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from smalt.server import audit, compute
from smalt.server.compute import ComputeService
from smalt.server.http import Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.work import SYSTEM


@pytest.fixture
def more_routes():
    return []


@pytest.fixture
def computes():
    return ComputeService(slots=3)


@pytest.fixture
def client(house, computes):
    with house.works.write(SYSTEM) as work:
        computes.ensure_defaults(work, house.default)
        computes.ensure_defaults(work, house.default)
    app = Dispatcher(
        compute.routes(computes, house.workspaces),
        works=house.works,
        gate=IdentityGate(house.identity, house.works, house.workspaces.find_scope),
        recorder=audit.AuditRecorder(house.works, house.workspaces.find_scope),
    )
    headers = {"Authorization": f"Bearer {house.owner.token}"}
    return TestClient(app, headers=headers, base_url=f"http://testserver{house.default.scope}")
