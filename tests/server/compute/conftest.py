"""A server up to computes."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from smalt.executors.fake import FakeExecutor
from smalt.executors.ray import ClusterNode
from smalt.server import audit, compute
from smalt.server.compute import ComputeService, Site, Sites
from smalt.server.http import Dispatcher
from smalt.server.identity import IdentityGate
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM


class FakeCluster(FakeExecutor):
    """An executor of a cluster with two machines, one of them gone."""

    def __init__(self, entity):
        super().__init__()
        self.entity = entity

    def nodes(self):
        return [
            ClusterNode("a1", "10.0.0.1", is_head=True, is_alive=True, resources={"CPU": 4.0}),
            ClusterNode("b2", "10.0.0.2", is_head=False, is_alive=False, resources={}),
        ]

    def close(self):
        return None


@pytest.fixture
def more_routes():
    return []


@pytest.fixture
def computes():
    return ComputeService(Vault(bytes(32)), slots=3)


@pytest.fixture
def sites(computes):
    here = Site(None, "local", FakeExecutor(), computes.slots, "http://127.0.0.1:8787")
    found = Sites(computes, here, connect=FakeCluster)
    yield found
    found.close()


@pytest.fixture
def client(house, computes, sites):
    with house.works.write(SYSTEM) as work:
        computes.ensure_defaults(work, house.default)
        computes.ensure_defaults(work, house.default)
    app = Dispatcher(
        compute.routes(computes, house.workspaces, sites),
        works=house.works,
        gate=IdentityGate(house.identity, house.works, house.workspaces.find_scope),
        recorder=audit.AuditRecorder(house.works, house.workspaces.find_scope),
    )
    headers = {"Authorization": f"Bearer {house.owner.token}"}
    return TestClient(app, headers=headers, base_url=f"http://testserver{house.default.scope}")
