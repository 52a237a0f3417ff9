"""The command line on pipelines: the tree, going on after a failure, forgetting results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from smalt.cli.app import run
from tests.sdk.cases import FOLDER
from tests.sdk.fake_server import SCOPE, Fake

GRAPH = {"name": "p", "status": "Completed", "steps": [{"name": "a", "status": "Completed", "durationSeconds": 1}]}


@pytest.fixture(autouse=True)
def at_home(home: Path) -> None:
    """The commands find the server."""


def test_a_pipeline_is_submitted_from_its_file(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["job", "create", "-f", str(FOLDER / "local.yml"), "-n", "p", "--set", "inputs.epochs=9"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert (shown["type"], list(shown["jobs"])) == ("pipeline", ["prepare", "train", "nested"])
    assert fake.resources[f"{SCOPE}/jobs/p"]["properties"]["inputs"]["epochs"]["value"] == "9"


def test_mistakes_of_files_and_those_that_only_the_server_sees_are_told_at_once(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = tmp_path / "pipeline.yml"
    job.write_text(
        "type: pipeline\njobs:\n"
        "  first: {type: command, component: 'azureml:nothing:7'}\n"
        "  second: {type: command, command: echo, code: ., inputs: {i: '${{parent.inputs.gone}}'}}\n"
        "  third: {type: command, component: ./echo.yml}\n"
    )
    (tmp_path / "echo.yml").write_text(
        "name: echo\ntype: command\nenvironment: azureml:none:1\ncommand: echo ${{inputs.x}}\n"
    )
    told_by_server = {
        "jobs.first.component": "No component 'nothing'.",
        "jobs.second.inputs.i": "The pipeline has no input 'gone', says the server.",
        "jobs.second.code": "This is a path on your machine.",
        "jobs.third.command": "The server has read echo.yml as well.",
        "jobs.third.environment": "No environment 'none'.",
    }
    problems = [{"place": place, "message": message, "line": 1} for place, message in told_by_server.items()]
    fake.answers = [JSONResponse({"problems": problems})]

    assert run(["job", "create", "-f", str(job)]) != 0

    first, *told = capsys.readouterr().err.replace(str(tmp_path), "").splitlines()
    assert first.endswith("pipeline.yml has 4 mistakes:")
    assert told == [
        "  /echo.yml:4: command: ${{inputs.x}} is not declared. Declared are: none.",
        "  /pipeline.yml:3: jobs.first.component: No component 'nothing'.",
        "  /pipeline.yml:4: jobs.second.inputs.i: The pipeline has no input 'gone'. It has: none.",
        "  /pipeline.yml:5: jobs.third: No environment 'none'.",
    ]


def test_a_name_that_leads_nowhere_is_told_with_everything_else_that_the_server_sees(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = tmp_path / "pipeline.yml"
    step = "  only: {type: command, command: echo, environment: 'azureml:none@latest', compute: 'azureml:far'}\n"
    job.write_text("type: pipeline\ndescription: ship it \N{ROCKET}\njobs:\n" + step)
    places = ("jobs.only.environment", "jobs.only.compute")
    problems = [{"place": place, "message": "There is none.", "line": 1} for place in places]
    fake.answers = [JSONResponse({"value": []}), JSONResponse({"problems": problems})]

    assert run(["job", "create", "-f", str(job)]) != 0

    told = capsys.readouterr().err
    assert "pipeline.yml:4: jobs.only.environment: There is none." in told
    assert "pipeline.yml:4: jobs.only.compute: There is none." in told


def test_mistakes_of_files_are_told_where_there_is_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALT_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("SMALT_URL", raising=False)
    job = tmp_path / "pipeline.yml"
    job.write_text("type: pipeline\njobs:\n  a: {type: command, command: echo, inputs: {i: '${{parent.inputs.no}}'}}\n")

    assert run(["job", "create", "-f", str(job)]) != 0

    assert "pipeline.yml:3: jobs.a.inputs.i" in capsys.readouterr().err


def test_a_name_that_leads_nowhere_is_told_where_the_server_cannot_look_at_the_rest(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = tmp_path / "pipeline.yml"
    job.write_text(
        "type: pipeline\njobs:\n  only: {type: command, command: echo, environment: 'azureml:none@latest'}\n"
    )
    fake.answers = [JSONResponse({"value": []}), JSONResponse({"error": {"code": "Forbidden", "message": "No."}}, 403)]

    assert run(["job", "create", "-f", str(job)]) != 0

    assert "No environment 'none' here" in capsys.readouterr().err


def test_the_steps_are_a_tree_for_people_and_a_document_for_programs(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.answers = [JSONResponse(GRAPH), JSONResponse(GRAPH)]

    assert run(["job", "show", "-n", "p", "--graph"]) == 0
    assert capsys.readouterr().out == "p  Completed\n`- + a  Completed  1.0 s\n"
    assert run(["job", "show", "-n", "p", "--graph", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == GRAPH


def test_a_pipeline_goes_on_from_a_step(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    job = {"name": "q", "properties": {"jobType": "Pipeline", "status": "Queued", "jobs": {}}}
    fake.answers = [JSONResponse(job, 201)]

    assert run(["job", "rerun", "-n", "p", "--from", "train", "--query", "name", "-o", "tsv"]) == 0

    assert capsys.readouterr().out == "q\n"
    assert fake.count("POST .*/jobs/p/rerun") == 1


def test_results_are_forgotten_by_pipeline_step_or_component(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.answers = [JSONResponse({"invalidated": count}) for count in (5, 1, 2)]

    for command in ("job invalidate -n p", "job invalidate -n p --step a", "component invalidate -n c"):
        assert run([*command.split(), "--query", "invalidated", "-o", "tsv"]) == 0

    assert capsys.readouterr().out.split() == ["5", "1", "2"]
