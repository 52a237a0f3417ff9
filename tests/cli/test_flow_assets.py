"""`smalt flow` on a workspace, against a real server: folders become versions and come back byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smalt.cli.app import run as smalt_run
from smalt.flows import gallery
from smalt.sdk.client import MLClient
from tests.running import RunningServer, running

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("server") / "home") as found:
        yield found


@pytest.fixture
def smalt(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Call]:
    """Run `smalt` in an empty folder: exit code, output, errors. No flow is left behind."""
    for name in ("SMALT_URL", "SMALT_TOKEN", "ARM_CLOUD_METADATA_URL", "AZUREML_ARM_WORKSPACE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMALT_HOME", str(server.home))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = smalt_run(["flow", *arguments])
        return (code, *capsys.readouterr())

    yield call
    with MLClient() as client:
        for each in list(client.flows.list()):
            client.flows.delete(str(each.name))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without what is kept beside a flow."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {key: path.read_bytes() for key, path in found.items() if not key.startswith(".promptflow/")}


def test_a_folder_becomes_a_flow_and_comes_back_byte_for_byte(smalt, tmp_path):
    gallery.make("classification", tmp_path / "mine")
    (tmp_path / "mine" / "dot.png").write_bytes(bytes(range(256)))
    (tmp_path / "mine" / "windows.txt").write_bytes(b"one\r\ntwo\r\n")

    code, told, _ = smalt("create", "--flow", "mine", "--set", "display_name=Mine", "tags.team=a")
    fetched = smalt("download", "--name", "mine", "--download-path", "back")[0]

    made = json.loads(told)
    assert (code, fetched) == (0, 0)
    assert (made["name"], made["display_name"], made["tags"]) == ("mine", "Mine", {"team": "a"})
    assert contents(tmp_path / "back") == contents(tmp_path / "mine")
    assert [each["name"] for each in json.loads(smalt("list", "--tag", "team")[1])] == ["mine"]


def test_what_git_ignores_and_what_holds_secrets_stays_at_home(smalt, tmp_path):
    folder = tmp_path / "mine"
    gallery.make("chat", folder)
    (folder / ".gitignore").write_text("*.log\n/private/\n")
    for name in ("a.log", ".env", "private/x.txt", ".git/config", "__pycache__/x.pyc", ".promptflow/flow.log"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")

    smalt("create", "--flow", "mine")
    smalt("download", "--name", "mine", "--download-path", "back")

    assert sorted(contents(tmp_path / "back")) == [".gitignore", "answer.jinja2", "data.jsonl", "flow.dag.yaml"]


def test_additional_includes_are_brought_along(smalt, tmp_path):
    gallery.make("standard", tmp_path / "mine")
    (tmp_path / "mine" / "tidy.py").rename(tmp_path / "tidy.py")
    file = tmp_path / "mine" / "flow.dag.yaml"
    file.write_text(file.read_text() + "additional_includes:\n- ../tidy.py\n")

    smalt("create", "--flow", "mine")
    with MLClient() as client:
        drawn = client.flows.graph("mine")

        assert drawn["problems"] == []
        assert "tidy.py" in [each.path for each in client.flows.files("mine")]


def test_a_folder_is_saved_as_the_next_version_and_files_that_left_it_leave_the_flow(smalt, tmp_path):
    smalt("create", "--name", "chat", "--template", "chat")
    smalt("download", "--name", "chat")
    (tmp_path / "chat" / "data.jsonl").unlink()
    (tmp_path / "chat" / "answer.jinja2").write_text("user:\n{{question}}\n")

    code, _, said = smalt("update", "--name", "chat", "--flow", "chat", "--message", "shorter")
    versions = json.loads(smalt("versions", "--name", "chat")[1])
    told = smalt("diff", "--name", "chat")[1]

    assert (code, said.strip()) == (0, "chat is at version 2.")
    assert [(each["version"], each.get("message")) for each in versions] == [(2, "shorter"), (1, None)]
    assert versions[0]["changed"] == ["answer.jinja2", "data.jsonl"]
    assert "+++ b/answer.jinja2\n" in told
    assert "+++ /dev/null\n" in told


def test_a_folder_that_was_made_of_an_older_version_overwrites_nothing(smalt, tmp_path):
    smalt("create", "--name", "chat", "--template", "chat")
    for place in ("one", "two"):
        smalt("download", "--name", "chat", "--download-path", place)
        (tmp_path / place / "answer.jinja2").write_text(place)
    smalt("update", "--name", "chat", "--flow", "one")

    code, _, said = smalt("update", "--name", "chat", "--flow", "two")
    anyway = smalt("update", "--name", "chat", "--flow", "two", "--base", "2")[0]

    assert code == 1
    assert "is at version 2" in said
    assert anyway == 0


def test_a_flow_is_cloned_described_anew_and_deleted(smalt):
    smalt("create", "--name", "chat", "--template", "chat", "--set", "tags.a=1", "description=First")

    cloned = json.loads(smalt("clone", "--name", "copy", "--source", "chat", "--version", "1")[1])
    changed = json.loads(smalt("update", "--flow", "copy", "--set", "display_name=Copy", "tags.b=2")[1])
    deleted = smalt("delete", "--name", "chat", "--yes")[0]

    assert (cloned["cloned_from"]["flow"], cloned["description"]) == ("chat", "First")
    assert (changed["display_name"], changed["description"], changed["tags"]) == ("Copy", "First", {"a": "1", "b": "2"})
    assert deleted == 0
    assert json.loads(smalt("show", "--name", "copy")[1])["latest_version"] == 1
    assert smalt("show", "--name", "chat")[0] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--name", "x"),
        ("create", "--flow", "nothing"),
        ("create", "--flow", ".", "--template", "chat"),
        ("create", "--name", "x", "--template", "chat", "--set", "type=chat"),
        ("update",),
        ("update", "--name", "x"),
    ],
)
def test_what_makes_no_sense_is_explained(smalt, arguments):
    code, _, said = smalt(*arguments)

    assert code == 2
    assert said


def test_nothing_is_written_into_a_folder_that_is_not_empty(smalt, tmp_path):
    smalt("create", "--name", "chat", "--template", "chat")
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "mine.txt").write_text("mine")

    refused = smalt("download", "--name", "chat")
    written = smalt("download", "--name", "chat", "--overwrite")[0]

    assert refused[0] == 1
    assert "--overwrite" in refused[2]
    assert written == 0
    assert (tmp_path / "chat" / "mine.txt").read_text() == "mine"


def test_the_client_tries_a_flow_and_reads_what_came_of_it(smalt):
    smalt("create", "--name", "chat", "--template", "chat")
    with MLClient() as client:
        job = client.flows.test("chat", {"question": "hi"})
        client.jobs.stream(job)

        found = client.flows.get_run(job)
        (line,) = client.flows.lines(job)

        assert (found.flow, found.test, found.lines["completed"], found.error) == ("chat", True, 1, None)
        assert line["outputs"] == {"answer": "hi"}
        assert [node["node"] for node in client.flows.line(job, 0)["nodes"]] == ["answer"]
        assert [each.job for each in client.flows.runs("chat", tests=True)] == [job]


def test_a_flow_of_the_workspace_runs_here_in_the_version_that_is_named(smalt, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(tmp_path / "home"))
    gallery.make("evaluation", tmp_path / "flow")
    smalt("create", "--flow", "flow", "--name", "judge")
    (tmp_path / "flow" / "grade.py").write_text("broken(")
    smalt("update", "--name", "judge", "--flow", "flow")
    command = ["run", "create", "--data", "flow/data.jsonl"]

    code = smalt_run([*command, "--flow", "azureml:judge:1", "--name", "one"])
    broken, _, _ = smalt("test", "--flow", "azureml:judge", "--inputs", "prediction=a", "truth=a")
    wrong = smalt_run([*command, "--flow", "azureml:judge:latest"])

    assert (code, broken, wrong) == (0, 1, 1)
    assert "azureml:NAME:VERSION" in capsys.readouterr().err
    assert json.loads((tmp_path / "home/.runs/one/metrics.json").read_text()) == {"accuracy": 0.5}
    assert sorted(each.name for each in (tmp_path / "home").glob(".flows/*/*")) == ["judge-1", "judge-2"]


def test_an_experiment_is_brought_with_its_flows_and_data_changed_and_forgotten(smalt, tmp_path):
    gallery.make("classification", tmp_path / "sort")
    node = {"name": "sorted", "type": "flow", "path": "sort", "inputs": {"text": "${data.articles.text}"}}
    template = {"data": [{"name": "articles", "path": "sort/data.jsonl"}], "nodes": [node]}
    (tmp_path / "two.exp.yaml").write_text(json.dumps(template))

    made = json.loads(smalt("experiment", "create", "--template", "two.exp.yaml", "--name", "two")[1])
    again = json.loads(smalt("experiment", "create", "--template", ".", "--name", "two")[1])
    refused = smalt("experiment", "start", "--name", "two", "--inputs", "lines=3")
    listed = json.loads(smalt("experiment", "list")[1])
    stopped = json.loads(smalt("experiment", "stop", "--name", "two")[1])
    smalt("experiment", "delete", "--name", "two", "--yes")

    assert (made["version"], again["version"], made["nodes"]) == ("1", "2", {"sorted": "flow"})
    assert made["data"]["articles"].startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    assert refused[0] == 1
    assert "no input or data lines. It has: articles" in refused[2]
    assert ([each["name"] for each in listed], stopped) == (["two"], [])
    assert smalt("experiment", "show", "--name", "two")[0] == 3
