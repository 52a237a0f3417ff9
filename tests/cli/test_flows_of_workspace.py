"""Flows on this machine that take connections and data from a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smalt.cli.app import run
from smalt.flows import gallery


@pytest.fixture(autouse=True)
def flows_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(tmp_path / "flows"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "flows"


def test_a_data_asset_is_fetched_once_and_run_over(home, tmp_path, flows_home, capsys):
    gallery.make("evaluation", tmp_path / "flow")
    run(["data", "create", "--name", "graded", "--version", "1", "--type", "uri_file", "--path", "flow/data.jsonl"])

    codes = [
        run(["run", "create", "--flow", "flow", "--data", data, "--name", name])
        for data, name in (("azureml:graded:1", "one"), ("azureml:graded@latest", "two"))
    ]

    assert codes == [0, 0]
    assert json.loads((flows_home / ".runs" / "two" / "metrics.json").read_text()) == {"accuracy": 0.5}
    assert [each.name for each in (flows_home / ".data").iterdir()] == ["graded-1"]


def test_connections_come_from_the_workspace_where_the_settings_say_so(home, tmp_path, flows_home, capsys):
    (tmp_path / "c.yaml").write_text(
        "name: shared\ntype: custom\ncredentials: {type: custom_keys, keys: {key: from-workspace}}\n"
    )
    run(["connection", "create", "--file", "c.yaml"])
    flows_home.mkdir()
    (flows_home / "pf.yaml").write_text("connection:\n  provider: azureml\n")
    flow = tmp_path / "flow"
    flow.mkdir()
    (flow / "open.py").write_text(
        "from promptflow.core import tool\nfrom promptflow.connections import CustomConnection\n\n"
        "@tool\ndef open_it(door: CustomConnection) -> int:\n    return len(door.secrets['key'])\n"
    )
    node = {
        "name": "open",
        "type": "python",
        "source": {"type": "code", "path": "open.py"},
        "inputs": {"door": "shared"},
    }
    outputs = {"size": {"type": "int", "reference": "${open.output}"}}
    (flow / "flow.dag.yaml").write_text(json.dumps({"inputs": {}, "outputs": outputs, "nodes": [node]}))
    capsys.readouterr()

    code = run(["flow", "test", "--flow", "flow"])

    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    assert (code, json.loads(told.out)) == (0, {"size": len("from-workspace")})
