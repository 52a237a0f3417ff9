"""Deleting a workspace: what runs in it ends, it can come back, and a purge leaves nothing of it behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from smalt.kit import clock
from smalt.server.database import Database, metadata
from smalt.server.main import Server, build
from smalt.server.settings import Settings
from smalt.server.work import SYSTEM
from smalt.server.workspaces import Left, PurgeLoop

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
KEPT = {"audit_events", "registries"}
"""Tables that name a workspace and keep its rows: the trail is for ever, registries belong to a subscription."""


class Installation:
    """A whole server whose loops turn only when a test lets them."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        self.server: Server = build(self.settings)
        assert self.server.owner is not None
        self.headers = {"Authorization": f"Bearer {self.server.owner.token}"}
        (home / "credentials.json").write_text("{}")  # whose loss would make a restart renew the token
        group = f"/subscriptions/{self.server.subscription}/resourceGroups/smalt"
        self.workspaces = f"{group}/providers/Microsoft.MachineLearningServices/workspaces"

    @property
    def client(self) -> TestClient:
        return TestClient(self.server.app, headers=self.headers, base_url="http://localhost")

    def restart(self) -> None:
        """A new process over the same folder."""
        self.server.close()
        self.server = build(self.settings)

    def put(self, path: str, **properties: object) -> dict:
        answer = self.client.put(self.workspaces + path, json={"properties": properties})
        assert answer.status_code < 300, answer.text
        return answer.json()

    def turn(self, name: str) -> None:
        """Let a loop turn until it has nothing more to do."""
        (loop,) = [each for each in self.server.worker.loops if each.name == name]
        while loop.run_once(clock.now()):
            pass

    def rows(self, workspace_id: str) -> dict[str, int]:
        """How many rows of a workspace each table holds."""
        database = Database(self.settings.database)
        with database.read() as connection:
            found = {
                table.name: connection.execute(select(func.count()).where(table.c[column] == workspace_id)).scalar_one()
                for table, column in belonging()
            }
        database.close()
        return {name: count for name, count in found.items() if count}

    def count(self, table: str) -> int:
        """How many rows a table holds, of all workspaces."""
        database = Database(self.settings.database)
        with database.read() as connection:
            found = connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one()
        database.close()
        return found

    def fill(self, name: str) -> str:
        """A workspace with something of everything, and its guid."""
        guid = self.put(f"/{name}")["properties"]["workspaceId"]
        self.put(
            f"/{name}/connections/c", category="CustomKeys", authType="ApiKey", target="t", credentials={"key": "k"}
        )
        self.put(f"/{name}/environments/e/versions/1", image=IMAGE)
        self.put(
            f"/{name}/jobs/train", jobType="Command", command="true", environmentId="azureml:e:1", computeId="local"
        )
        job = {"jobType": "Command", "command": "true", "environmentId": "azureml:e:1", "computeId": "local"}
        trigger = {"triggerType": "Cron", "expression": "0 0 1 1 *", "startTime": "2022-01-01T00:00:00"}
        action = {"actionType": "CreateJob", "jobDefinition": job}
        self.put(f"/{name}/schedules/s", trigger=trigger, action=action)
        made = self.client.put(f"{self.workspaces}/{name}/smalt/flows/f", json={"template": "chat"})
        assert made.status_code == 201, made.text
        self.put(f"/{name}/batchEndpoints/b", authMode="AADToken")
        self.put(f"/{name}/codes/c/versions/1", codeUri="azureml://datastores/workspaceblobstore/paths/src")
        served = {
            "environmentId": "azureml:e:1",
            "codeConfiguration": {"codeId": "azureml:c:1", "scoringScript": "s.py"},
        }
        self.put(f"/{name}/batchEndpoints/b/deployments/d", **served)
        self.put(f"/{name}/onlineEndpoints/o", authMode="Key")
        mlflow = f"/mlflow/{guid}/api/2.0/mlflow"
        run = self.client.post(
            f"{mlflow}/runs/create", json={"experiment_id": "0", "tags": [{"key": "a", "value": "b"}]}
        )
        run_id = run.json()["run"]["info"]["run_id"]
        point = {"run_id": run_id, "key": "loss", "value": 1.0, "timestamp": 1, "step": 0}
        assert self.client.post(f"{mlflow}/runs/log-metric", json=point).status_code == 200
        blob = self.client.put(
            f"/blob/{guid}/azureml/{run_id}/x.txt",
            content=b"x",
            headers={"x-ms-blob-type": "BlockBlob", "x-ms-meta-a": "b"},
        )
        assert blob.status_code == 201, blob.text
        return guid


def belonging() -> list[tuple]:
    """Tables whose rows belong to a workspace, with the column that says to which."""
    found = []
    for table in metadata.sorted_tables:
        column = next((name for name in ("workspace_id", "owner") if name in table.c), None)
        if column is not None and table.name not in KEPT:
            found.append((table, column))
    return found


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")
    yield made
    made.server.close()


def test_a_purged_workspace_leaves_no_row_and_no_file_once_its_jobs_have_ended(installation):
    guid = installation.fill("lab")
    other = installation.rows(installation.put("/default")["properties"]["workspaceId"])
    path = f"{installation.workspaces}/lab"

    assert installation.client.delete(f"{path}?forceToPurge=true").status_code == 200
    assert installation.client.get(path).status_code == 404
    installation.turn("purge")
    assert "jobs" in installation.rows(guid), "the job has not ended yet"
    installation.turn("jobs")
    installation.turn("purge")

    assert installation.rows(guid) == {}
    assert [installation.count(name) for name in ("metric_points", "latest_metrics", "run_tags")] == [0, 0, 0]
    assert not (installation.settings.home / "blobs" / guid).exists()
    assert installation.rows(installation.put("/default")["properties"]["workspaceId"]) == other


def test_a_new_workspace_of_the_same_name_finds_nothing_of_the_purged_one(installation):
    installation.fill("lab")
    path = f"{installation.workspaces}/lab"
    actor = installation.client.post("/smalt/actors", json={"name": "ada"}).json()["id"]
    role = {"properties": {"roleDefinitionId": "Owner", "principalId": actor}}
    assignments = f"{path}/providers/Microsoft.Authorization/roleAssignments"
    given = f"{assignments}/11111111-1111-1111-1111-111111111111"
    assert installation.client.put(given, json=role).status_code == 201

    installation.client.delete(f"{path}?forceToPurge=true")
    installation.put("/lab")

    assert installation.client.get(f"{path}/jobs").json()["value"] == []
    held = installation.client.get(assignments).json()["value"]
    assert [each["properties"]["principalName"] for each in held] == ["owner"]


def test_a_purge_goes_on_after_a_restart(installation):
    guid = installation.fill("lab")
    installation.client.delete(f"{installation.workspaces}/lab?forceToPurge=true")

    installation.restart()
    installation.turn("jobs")
    installation.turn("purge")

    assert installation.rows(guid) == {}


def test_a_deleted_workspace_comes_back_with_everything_but_what_ran(installation):
    guid = installation.fill("lab")
    installation.client.delete(f"{installation.workspaces}/lab")
    installation.turn("jobs")
    installation.turn("purge")

    assert installation.put("/lab")["properties"]["workspaceId"] == guid
    job = installation.client.get(f"{installation.workspaces}/lab/jobs/train").json()
    assert job["properties"]["status"] == "Canceled"
    assert installation.client.get(f"{installation.workspaces}/lab/connections/c").status_code == 200


def test_a_workspace_that_was_deleted_before_can_be_purged(installation):
    guid = installation.fill("lab")
    for query in ("", "?forceToPurge=true"):
        assert installation.client.delete(f"{installation.workspaces}/lab{query}").status_code == 200

    assert installation.client.delete(f"{installation.workspaces}/lab?forceToPurge=true").status_code == 204
    assert installation.put("/lab")["properties"]["workspaceId"] != guid


def test_a_deleted_workspace_is_purged_after_two_weeks(house):
    house.client().delete(house.default.scope)
    loop = PurgeLoop(house.works, house.events, house.workspaces, parts=[], files=lambda workspace_id: None)

    loop.run_once(clock.now() + timedelta(days=13))
    with house.works.read(SYSTEM) as work:
        assert house.workspaces.even_deleted(work, house.default.id).id == house.default.id
    loop.run_once(clock.now() + timedelta(days=15))

    assert (
        house.client().put(house.default.scope, json={"properties": {}}).json()["properties"]["workspaceId"]
        != house.default.id
    )


def test_parts_go_in_order_and_the_workspace_last(house):
    told: list[str] = []
    left = [Left.MORE, Left.UNFINISHED, Left.NOTHING]

    def part(work, workspace_id) -> Left:
        told.append("part")
        return left.pop(0)

    house.client().delete(house.default.scope + "?forceToPurge=true")
    loop = PurgeLoop(house.works, house.events, house.workspaces, parts=[part], files=told.append)

    assert [loop.run_once(clock.now()) for _ in range(4)] == [True, False, False, False]
    assert told == ["part", "part", "part", house.default.id]


def test_every_table_of_workspaces_is_known_to_the_purge():
    """Whoever adds one lets `forget` in `smalt.server.main` empty it, then adds it here."""
    assert {table.name for table, _ in belonging()} == {
        "asset_containers",
        "asset_versions",
        "batch_deployments",
        "catalog_cards",
        "catalog_licences",
        "marketplace_subscriptions",
        "serverless_endpoints",
        "batch_endpoints",
        "blob_metadata",
        "computes",
        "connections",
        "datastores",
        "experiments",
        "families_in_line",
        "flow_versions",
        "flows",
        "job_tokens",
        "jobs",
        "logged_models",
        "model_scans",
        "monitor_alerts",
        "monitor_runs",
        "notebook_sessions",
        "online_deployments",
        "online_endpoints",
        "online_instances",
        "runs",
        "saved_views",
        "schedules",
        "serving_operations",
        "step_results",
        "traces",
    }
