"""`pfazure` against a real server: runs of folders and of flows of the workspace, looked at and fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from promptflow.azure import PFClient
from smalt.cli.app import run as smalt_run
from smalt.cli.pfazure import root
from smalt.flows import gallery
from smalt.sdk.client import MLClient
from tests.running import RunningServer, running

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("server") / "home") as found:
        yield found


@pytest.fixture
def pfazure(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run `pfazure` in an empty folder: exit code, output, errors."""
    for name in ("SMALT_URL", "SMALT_TOKEN", "ARM_CLOUD_METADATA_URL", "AZUREML_ARM_WORKSPACE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMALT_HOME", str(server.home))
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(tmp_path / "flows"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = smalt_run(arguments, name="pfazure", commands=root)
        return (code, *capsys.readouterr())

    return call


@pytest.mark.slow
def test_a_folder_runs_in_the_workspace_and_comes_back_in_the_known_layout(pfazure, tmp_path):
    gallery.make("evaluation", tmp_path / "judge")
    mapping = ("--column-mapping", "prediction=${data.prediction}", "truth=${data.truth}")

    code, out, err = pfazure(
        "run", "create", "--flow", "judge", "--data", "judge/data.jsonl", *mapping, "--name", "graded", "--stream"
    )  # fmt: skip
    metrics = json.loads(pfazure("run", "show-metrics", "--name", "graded")[1])
    lines = json.loads(pfazure("run", "show-details", "--name", "graded")[1])
    pfazure("run", "update", "--name", "graded", "--set", "display_name=Graded", "tags.team=a")
    listed = json.loads(pfazure("run", "list")[1])
    fetched = pfazure("run", "download", "--name", "graded")

    assert code == 0, out + err
    assert metrics["accuracy"] == 0.5
    assert [each["outputs"]["grade"] for each in lines] == ["right", "wrong"]
    assert [(each["name"], each["display_name"]) for each in listed] == [("graded", "Graded")]
    assert fetched[0] == 0, fetched
    assert len((tmp_path / "flows/.runs/graded/outputs.jsonl").read_text().splitlines()) == 2
    assert pfazure("run", "download", "--name", "graded")[0] == 1


@pytest.mark.slow
def test_a_flow_of_the_workspace_runs_over_data_that_is_here(pfazure, tmp_path):
    gallery.make("evaluation", tmp_path / "judge")
    pfazure("flow", "create", "--flow", "judge", "--set", "display_name=Judge")
    mapping = ("--column-mapping", "prediction=${data.prediction}", "truth=${data.truth}")

    _, out, _ = pfazure("run", "create", "--flow", "azureml:judge", "--data", "judge/data.jsonl", *mapping)
    name = json.loads(out)["job"]
    ended = pfazure("run", "stream", "--name", name)
    shown = json.loads(pfazure("run", "show", "--name", name)[1])

    assert ended[0] == 0, ended
    assert (shown["flow"], shown["version"], shown["lines"]["completed"]) == ("judge", 1, 2)
    assert [each["name"] for each in json.loads(pfazure("flow", "list")[1])] == ["judge"]
    assert pfazure("run", "create", "--flow", "azureml:judge:x", "--data", "judge/data.jsonl")[0] == 1


@pytest.mark.slow
def test_the_client_of_a_workspace_does_the_same_in_python(pfazure, tmp_path):
    gallery.make("evaluation", tmp_path / "judge")
    mapping = {"prediction": "${data.prediction}", "truth": "${data.truth}"}
    there = MLClient()
    official = SimpleNamespace(
        subscription_id=there.subscription_id, resource_group_name=there.resource_group_name,
        workspace_name=there.workspace_name, _credential=None,
    )  # fmt: skip
    client = PFClient(ml_client=official)

    flow = client.flows.create_or_update(tmp_path / "judge", name="judge_by_python")
    run = client.run("azureml:judge_by_python", data=tmp_path / "judge/data.jsonl", column_mapping=mapping, stream=True)
    details = client.get_details(run)

    assert (flow.latest_version, run.status, client.get_metrics(run)["accuracy"]) == (1, "Completed", 0.5)
    assert list(details["outputs.grade"]) == ["right", "wrong"]
    assert client.runs.update(run, display_name="By Python").display_name == "By Python"
    assert run.name in [each.name for each in client.runs.list()]
    assert Path(client.runs.download(run.name), "outputs.jsonl").exists()
