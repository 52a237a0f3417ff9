"""The official clients, unmodified, in an environment of their own: signing in, and the life of a workspace."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from smalt.server import tls
from smalt.server.work import SYSTEM, JobGrant

pytestmark = pytest.mark.client

SIGN_IN = """
import json, os, sys
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
base = os.environ["BASE"]
kind, scope = sys.argv[1:]
credential = {
    "default": lambda: DefaultAzureCredential(),
    "managed": lambda: ManagedIdentityCredential(),
    "secret": lambda: ClientSecretCredential(
        "smalt", os.environ["ID"], os.environ["SECRET"], authority=base, disable_instance_discovery=True
    ),
}[kind]()
print(credential.get_token(scope).token)
"""

LIFE = """
import json, os
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Workspace
from azure.identity import DefaultAzureCredential
client = MLClient(DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], "smalt", "default")
found = client.workspaces.get("default")
said = {"default": [found.name, found.display_name, found.discovery_url]}
made = client.workspaces.begin_create(
    Workspace(name="made", description="by the SDK", tags={"k": "v"}, hbi_workspace=True)
).result()
said["made"] = [made.name, made.location, made.description, made.hbi_workspace, made.tags["k"]]
made.description = "changed"
said["changed"] = client.workspaces.begin_update(made).result().description
said["names"] = sorted(item.name for item in client.workspaces.list())
client.workspaces.begin_delete("made", delete_dependent_resources=False).result()
said["left"] = [item.name for item in client.workspaces.list()]
said["keys"] = client.workspaces.get_keys("default").user_storage_key
said["diagnosed"] = type(client.workspaces.begin_diagnose("default").result()).__name__
said["sizes"] = [size.name for size in client.compute.list_sizes()]
print(json.dumps(said))
"""


class Secure(uvicorn.Server):
    """A listener that tells when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()


@pytest.fixture
def clients_python() -> str:
    found = os.environ.get("SMALT_CLIENTS_PYTHON") or str(Path(__file__).parents[3] / ".venv-clients/bin/python")
    if not Path(found).exists():
        pytest.fail(f"No interpreter with the official clients at {found}. Run the tests with: make test")
    return found


@pytest.fixture
def exports(house, tmp_path) -> Iterator[dict[str, str]]:
    """The house behind HTTPS, and the variables that point the official clients to it."""
    certificate = tls.ensure(tmp_path / "ca", ["localhost", "127.0.0.1"])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        house.app, ssl_certfile=certificate.chain, ssl_keyfile=certificate.key, log_config=None, lifespan="off"
    )
    server = Secure(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    assert server.answers.wait(20)
    base = f"https://localhost:{listener.getsockname()[1]}"
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BASE": base,
        "ID": house.owner.client_id,
        "SECRET": house.owner.client_secret,
        "ARM_CLOUD_METADATA_URL": f"{base}/metadata/endpoints?api-version=2019-05-01",
        "REQUESTS_CA_BUNDLE": str(certificate.authority),
        "AZURE_AUTHORITY_HOST": base,
        "AZURE_SUBSCRIPTION_ID": house.default.subscription,
    }
    server.should_exit = True
    thread.join(20)
    listener.close()


def run(python: str, script: str, *arguments: str, env: dict[str, str]) -> str:
    done = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True, env=env, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def by_secret(exports: dict[str, str]) -> dict[str, str]:
    secret = {"AZURE_TENANT_ID": "adfs", "AZURE_CLIENT_ID": exports["ID"], "AZURE_CLIENT_SECRET": exports["SECRET"]}
    return exports | secret


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["default", "secret", "managed"])
def test_stock_credentials_get_a_token_that_opens(house, exports, clients_python, kind):
    env = by_secret(exports) if kind != "managed" else exports
    if kind == "managed":
        with house.works.write(SYSTEM) as work:
            grant = JobGrant("train", house.default.id)
            held = house.identity.issue_job_token(work, grant, lifetime=timedelta(hours=1))
        env = exports | {"IDENTITY_ENDPOINT": exports["BASE"] + "/msi/token", "IDENTITY_HEADER": held}

    token = run(clients_python, SIGN_IN, kind, "https://ml.azure.local.x/.default", env=env)

    assert house.client(token).get(house.default.scope).status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_official_sdk_makes_changes_lists_and_deletes_a_workspace(house, exports, clients_python):
    said = json.loads(run(clients_python, LIFE, env=by_secret(exports)))

    assert said == {
        "default": ["default", "Default workspace", f"{exports['BASE']}/discovery/workspaces/{house.default.id}"],
        "made": ["made", "local", "by the SDK", True, "v"],
        "changed": "changed",
        "names": ["default", "made"],
        "left": ["default"],
        "keys": "",
        "diagnosed": "DiagnoseResponseResultValue",
        "sizes": ["local"],
    }
