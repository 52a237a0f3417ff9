"""Users, roles, groups, the audit trail and what az has beside `ml`, from the command line, against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smalt.cli.app import run
from tests.running import RunningServer, running

Smalt = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture
def smalt(server: RunningServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Smalt:
    """Run a command that must succeed, and give its output; `code` allows another end."""
    for name in ("SMALT_URL", "SMALT_TOKEN", "ARM_CLOUD_METADATA_URL", "AZUREML_ARM_WORKSPACE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMALT_HOME", str(server.home))

    def call(*arguments: str, code: int = 0) -> str:
        ended = run(arguments)
        told = capsys.readouterr()
        assert ended == code, told.err
        return told.out + told.err

    return call


def test_a_user_with_a_custom_role_does_what_it_says(smalt: Smalt, monkeypatch: pytest.MonkeyPatch) -> None:
    smalt("user", "create", "-n", "ada")
    smalt("role", "create", "-n", "Looker", "--actions", "*/models/*/read", "*/models/read")
    smalt("role", "assign", "--role", "Looker", "--assignee", "ada")
    token = smalt("user", "token", "create", "-n", "ada", "--token-name", "t", "--query", "token", "-o", "tsv").strip()

    monkeypatch.setenv("SMALT_TOKEN", token)
    assert json.loads(smalt("model", "list")) == []
    assert "may not do" in smalt("data", "list", code=1)

    monkeypatch.delenv("SMALT_TOKEN")
    smalt("role", "revoke", "--role", "Looker", "--assignee", "ada")
    smalt("role", "delete", "-n", "Looker", "-y")
    smalt("user", "delete", "-n", "ada", "-y")
    assert "ada" not in smalt("user", "list")


def test_a_new_secret_ends_the_earlier_one(smalt: Smalt) -> None:
    first = json.loads(smalt("user", "create", "-n", "ci", "--type", "service_principal"))

    second = json.loads(smalt("user", "rotate", "-n", "ci"))

    assert first["client_id"] == second["client_id"]
    assert first["client_secret"] != second["client_secret"]
    assert "client_secret" not in smalt("user", "show", "-n", "ci")


def test_the_audit_trail_is_filtered_and_read_over_many_pages(smalt: Smalt) -> None:
    for number in range(5):
        smalt("user", "create", "-n", f"u{number}")

    count = ("--query", "length(@)", "-o", "tsv")
    created = ("audit", "list", "--everywhere", "--action", "authorization/actors/*", "--since", "1h", *count)
    assert int(smalt(*created)) >= 5
    assert smalt(*created, "-r", "3") == "3\n"
    assert smalt(*created, "--actor", "nobody") == "0\n"
    assert "is no moment" in smalt("audit", "list", "--since", "soon", code=2)


def test_keys_are_not_changed_under_a_running_server(smalt: Smalt) -> None:
    assert "smalt down" in smalt("key", "rotate", code=1)


def test_az_gives_and_takes_roles(smalt: Smalt) -> None:
    smalt("user", "create", "-n", "bob")
    definition = json.dumps({"Name": "Ops", "Actions": ["*/read"], "AssignableScopes": [group(smalt)]})
    smalt("az", "role", "definition", "create", "--role-definition", definition)

    smalt("az", "role", "assignment", "create", "--role", "Ops", "--assignee", "bob", "-g", "smalt")

    listed = ("az", "role", "assignment", "list", "-g", "smalt", "--query", "[].roleDefinitionName", "-o", "tsv")
    assert smalt(*listed) == "Ops\n"
    smalt("az", "role", "assignment", "delete", "--assignee", "bob", "-g", "smalt")
    assert smalt(*listed) == ""
    smalt("az", "role", "definition", "delete", "-n", "Ops")
    assert smalt("az", "role", "definition", "list", "--custom-role-only", "true") == "[]\n"


def test_az_makes_a_group_for_a_workspace_and_removes_both(smalt: Smalt) -> None:
    assert smalt("az", "group", "create", "-n", "lab", "-l", "here", "--query", "location", "-o", "tsv") == "here\n"
    smalt("az", "ml", "workspace", "create", "-n", "bench", "-g", "lab")

    assert "still holds workspaces" in smalt("az", "group", "delete", "-n", "lab", "-y", code=1)
    smalt("az", "ml", "workspace", "delete", "-n", "bench", "-g", "lab", "-y", "--permanently-delete")
    smalt("az", "group", "delete", "-n", "lab", "-y")

    assert smalt("az", "group", "exists", "-n", "lab") == "false\n"
    assert smalt("az", "group", "list", "--query", "[].name", "-o", "tsv") == "smalt\n"


def group(smalt: Smalt) -> str:
    return f"/subscriptions/{smalt('az', 'account', 'show', '--query', 'id', '-o', 'tsv').strip()}/resourceGroups/smalt"


def test_az_brings_files_to_a_datastore_over_what_is_there(smalt: Smalt, server: RunningServer, tmp_path: Path) -> None:
    show = ("datastore", "show", "-n", "workspaceblobstore", "--query", "container_name", "-o", "tsv")
    container = smalt("az", "ml", *show).strip()
    (tmp_path / "note.txt").write_text("left")
    send = ("az", "storage", "blob", "upload-batch", "-s", str(tmp_path), "--pattern", "*.csv")

    for content in ("old", "new"):
        (tmp_path / "a.csv").write_text(content)
        smalt(*send, "-d", f"{container}/score", "--account-name", "any")

    (folder,) = server.home.glob(f"blobs/*/{container}/score")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.csv": "new"}
    assert "No datastore of this server has a container 'other'" in smalt(*send, "-d", "other", code=3)
