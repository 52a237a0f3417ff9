"""A home of prompt flow is taken over: connections with their secrets, runs with their folders."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from smalt.errors import NotFound
from smalt.flows.batch import RunStore, rows
from smalt.flows.connections import LocalConnections
from smalt.flows.importing import take_over

KEY = Fernet.generate_key().decode()
# The tables as promptflow 1.18 makes them.
SCHEMA = """
create table connection ("connectionName" text primary key, "connectionType" text not null, configs text not null,
  "customConfigs" text not null, "createdDate" text not null, "lastModifiedDate" text not null, "expiryTime" text);
create table run_info (name text primary key, type text, created_on text not null, status text not null,
  display_name text, description text, tags text, properties text, archived boolean, start_time text, end_time text,
  data text, run_source text, portal_url text);
"""


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two connections and two runs, one of them without its folder; no keyring knows the key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    home = tmp_path / "old"
    folder = home / ".runs" / "done"
    (folder / "flow_artifacts").mkdir(parents=True)
    for number, status in enumerate(("Completed", "Failed")):
        run_info = {"inputs": {"x": number}, "output": {"y": 1}, "error": None, "system_metrics": {}}
        line = {"line_number": number, "status": status, "run_info": run_info}
        (folder / "flow_artifacts" / f"{number:09d}_{number:09d}.jsonl").write_text(json.dumps(line))
    with sqlite3.connect(home / "pf.sqlite") as database:
        database.executescript(SCHEMA)
        _connection(database, "azure", "AzureOpenAI", {"api_base": "https://x", "api_key": sealed("secret-azure")})
        custom = {
            "u": {"configValueType": "String", "value": "v"},
            "p": {"configValueType": "Secret", "value": sealed("secret-custom")},
        }
        _connection(database, "mine", "Custom", {}, custom)
        for name, place in (("done", folder), ("lost", home / ".runs" / "lost")):
            properties = {"flow_path": "/flows/f", "output_path": str(place), "column_mapping": {"x": "${data.x}"}}
            values = (name, "batch", "2024-05-01T10:00:00", "Completed", name, json.dumps(properties), True)
            database.execute(
                "insert into run_info (name, type, created_on, status, display_name, properties, archived) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
    return home


def sealed(text: str) -> str:
    return Fernet(KEY).encrypt(text.encode()).decode()


def _connection(
    database: sqlite3.Connection, name: str, kind: str, configs: dict[str, Any], custom: dict[str, Any] | None = None
) -> None:
    values = (name, kind, json.dumps(configs), json.dumps(custom or {}), "2024", "2024")
    database.execute("insert into connection values (?, ?, ?, ?, ?, ?, null)", values)


def test_connections_and_runs_are_here_afterwards(old: Path) -> None:
    done = take_over(old, key=KEY)

    assert (done.connections, done.runs) == (["azure", "mine"], ["done"])
    assert "is gone" in done.left_out["run lost"]
    assert LocalConnections().get("azure").api_key == "secret-azure"
    assert LocalConnections().get("mine").secrets == {"p": "secret-custom"}
    run = RunStore().get("done")
    assert (run.completed_lines, run.failed_lines, run.is_archived) == (1, 1, True)
    assert rows(run)[0]["outputs.y"] == 1


def test_the_key_is_found_where_a_machine_without_a_desktop_keeps_it(old: Path, tmp_path: Path) -> None:
    place = tmp_path / "share" / "python_keyring"
    place.mkdir(parents=True)
    wrapped = base64.encodebytes(KEY.encode()).decode()
    (place / "keyring_pass.cfg").write_text("[promptflow]\nencryption_5fkey = \n\t" + wrapped.replace("\n", "\n\t"))

    assert take_over(old).connections == ["azure", "mine"]


@pytest.mark.parametrize(
    ("key", "why"),
    [(None, "key of prompt flow's secrets was not found"), (Fernet.generate_key().decode(), "another")],
    ids=["no key", "another key"],
)
def test_what_cannot_be_opened_is_said_by_name(old: Path, key: str | None, why: str) -> None:
    done = take_over(old, key=key)

    assert done.connections == []
    assert done.left_out["connection azure"].startswith("api_key cannot be opened.")
    assert why in done.left_out["connection mine"]
    assert LocalConnections().list() == []


def test_what_is_here_already_stays_and_a_dry_run_keeps_nothing(old: Path) -> None:
    told = take_over(old, key=KEY, is_only_told=True)
    first = take_over(old, key=KEY)
    second = take_over(old, key=KEY)

    assert (told.connections, first.connections, second.connections) == (["azure", "mine"], ["azure", "mine"], [])
    assert "already" in second.left_out["connection azure"]
    assert "already" in second.left_out["run done"]


def test_a_folder_that_is_no_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is no home of prompt flow"):
        take_over(tmp_path)
