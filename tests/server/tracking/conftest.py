"""A tracking server on both databases, and a client that speaks its protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server.database import Database
from smalt.server.work import Actor, ActorKind, JobGrant
from smalt.testing.tracking import ALI, OneSpace, TrackingApp

API = "/mlflow/default/api/2.0/mlflow"
Ask = Callable[..., dict[str, Any]]


def job(name: str, *, workspace_id: str = OneSpace().id, root: str | None = None) -> Actor:
    """The actor behind a running job's token."""
    return Actor(name, name, ActorKind.JOB, grant=JobGrant(name, workspace_id, root=root))


@pytest.fixture
def tracking(database: Database, tmp_path: Path) -> Iterator[TrackingApp]:
    actors = {"ali": ALI, "job-1": job("job-1"), "job-2": job("job-2"), "elsewhere": job("job-1", workspace_id="other")}
    actors |= {"step-1": job("step-1", root="pipe"), "step-9": job("step-9", root="other-pipe")}
    app = TrackingApp(database, tmp_path / "files", actors)
    yield app
    app.close()


@pytest.fixture
def client(tracking: TrackingApp) -> Iterator[TestClient]:
    with TestClient(tracking.app, headers={"Authorization": "Bearer ali"}) as found:
        yield found


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """Call the protocol: `ask("POST", "/runs/create", {...}, key="job-1", status=403)`."""

    def call(
        method: str, path: str, given: dict[str, Any] | None = None, *, key: str = "ali", status: int = 200
    ) -> dict[str, Any]:
        options: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
        headers = {"Authorization": f"Bearer {key}"}
        answer = client.request(method, API + path, headers=headers, **options)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return call


@pytest.fixture
def new_run(ask: Ask) -> Callable[..., str]:
    """Start a run and return its id."""

    def make(**given: Any) -> str:
        key = given.pop("key", "ali")
        run: str = ask("POST", "/runs/create", {"experiment_id": "0", **given}, key=key)["run"]["info"]["run_id"]
        return run

    return make
