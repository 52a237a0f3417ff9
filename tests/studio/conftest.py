"""A whole server in one process, and browsers without windows: clients that keep cookies and send no token."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from smalt.server.main import Server, build
from smalt.server.settings import Settings

# They need a browser and run by `make test-studio`.
collect_ignore = [] if os.environ.get("SMALT_STUDIO_BROWSER") else ["browser"]

ORIGIN = "http://127.0.0.1:8787"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = build(Settings(home=Path(tmp_path_factory.mktemp("home"))))
    yield found
    found.close()


@pytest.fixture
def browser(server: Server) -> TestClient:
    """Nobody is signed in yet."""
    return TestClient(server.app, base_url=ORIGIN, follow_redirects=False)


@pytest.fixture
def owner(server: Server) -> TestClient:
    """A program with the owner's token."""
    assert server.owner is not None
    return TestClient(server.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {server.owner.token}"})


@pytest.fixture
def signed_in(browser: TestClient, server: Server) -> TestClient:
    """The owner's browser."""
    assert server.owner is not None
    answer = browser.post("/studio/session", json={"token": server.owner.token})
    assert answer.status_code == 201
    return browser


@pytest.fixture
def scope(server: Server) -> str:
    """The default workspace."""
    group = f"/subscriptions/{server.subscription}/resourceGroups/smalt"
    return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/default"
