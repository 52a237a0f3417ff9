"""`smalt flow`, `smalt run`, `smalt tool`, `smalt connection --local` and `pf`, in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from smalt.cli.app import run as smalt_run
from smalt.cli.pf import root as pf_root
from smalt.cli.run import LENIENT
from smalt.cli.table import PF
from smalt.flows import gallery

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def flows_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def smalt(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run `smalt`: exit code, output, errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = smalt_run(arguments)
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def pf(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run `pf`: exit code, output, errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = smalt_run(arguments, name="pf", commands=pf_root, defaults={LENIENT: "yes"})
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def flow(tmp_path: Path) -> str:
    gallery.make("evaluation", tmp_path / "flow")
    return str(tmp_path / "flow")


def failing(tmp_path: Path) -> str:
    """A flow that fails on every line but the first."""
    gallery.make("evaluation", tmp_path / "failing")
    (tmp_path / "failing" / "grade.py").write_text(
        "from promptflow.core import tool\n\n@tool\ndef grade(prediction: str, truth: str) -> str:\n"
        "    assert prediction == 'sports', 'not sports'\n    return 'right'\n"
    )
    return str(tmp_path / "failing")


def test_a_template_is_made_and_tried(smalt):
    smalt("flow", "init", "--template", "standard", "--flow", "my")

    code, out, _ = smalt("flow", "test", "--flow", "my", "--inputs", "name=ada")

    assert (code, json.loads(out)) == (0, {"greeting": "Hello, Ada!"})
    assert Path("my/.promptflow/flow.output.json").exists()


def test_the_answer_of_a_prompt_is_told_as_text(smalt, tmp_path):
    gallery.make("prompty", tmp_path / "p")

    code, out, _ = smalt("flow", "test", "--flow", "p/summary.prompty", "--inputs", "text=One sentence.")

    assert (code, out) == (0, "One sentence.\n")


def test_inputs_may_stand_in_a_file(smalt, flow):
    Path("inputs.json").write_text('{"prediction": "a", "truth": "b"}')

    _, out, _ = smalt("flow", "test", "--flow", flow, "--inputs", "inputs.json")

    assert '"grade": "wrong"' in out
    assert "metrics" in out


def test_a_node_is_tried_alone(smalt, flow):
    code, out, _ = smalt("flow", "test", "--flow", flow, "--node", "grade", "--inputs", "prediction=a", "truth=a")

    assert (code, out.strip()) == (0, "right")
    assert Path(flow, ".promptflow/flow-grade.node.detail.json").exists()


def test_a_failing_flow_shows_the_authors_trace_and_ends_with_one(smalt, tmp_path):
    code, out, err = smalt("flow", "test", "--flow", failing(tmp_path), "--inputs", "prediction=x", "truth=x")

    assert (code, out) == (1, "")
    assert "AssertionError: not sports" in err
    assert "in node 'grade'" in err


def test_chats_go_on_until_the_input_ends(tmp_path):
    gallery.make("chat", tmp_path / "chat")
    command = [sys.executable, "-m", "smalt.cli.main", "flow", "test", "--flow", "chat", "--interactive"]

    found = subprocess.run(
        command, input="hello\nand again\n", capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert found.stdout.split("\n")[:2] == ["hello", "and again"]
    history = json.loads((tmp_path / "chat/.promptflow/chat.detail.json").read_text())["flow_runs"][0]["inputs"]
    assert history["chat_history"] == [{"inputs": {"question": "hello"}, "outputs": {"answer": "hello"}}]


def test_a_run_with_failed_lines_ends_with_one_and_for_pf_with_zero(smalt, pf, tmp_path):
    source = failing(tmp_path)
    command = ("run", "create", "--flow", source, "--data", f"{source}/data.jsonl", "--name")

    code, out, err = smalt(*command, "one")
    lenient, _, _ = pf(*command, "two")

    shown = json.loads(out)
    assert (code, lenient) == (1, 0)
    assert (shown["status"], shown["completed_lines"], shown["failed_lines"]) == ("Completed", 1, 1)
    assert "1 of 2 lines failed" in err
    assert "smalt run resume --name one" in err


def test_details_mark_what_failed(smalt, tmp_path):
    source = failing(tmp_path)
    smalt("run", "create", "--flow", source, "--data", f"{source}/data.jsonl", "--name", "r")

    _, out, _ = smalt("run", "show-details", "--name", "r")

    assert [line.split()[3:5] for line in out.splitlines()[2:]] == [["right", "Completed"], ["(Failed)", "Failed"]]


def test_a_run_file_is_run_with_options_over_it(smalt, flow):
    Path("run.yaml").write_text("flow: flow\ndata: flow/data.jsonl\nname: x\ncolour: red\n")

    code, out, err = smalt("run", "create", "--file", "run.yaml", "--name", "y", "--set", "tags.a=b")

    assert (code, json.loads(out)["name"], json.loads(out)["tags"]) == (0, "y", {"a": "b"})
    assert "'colour' is nothing a run knows" in err
    _, metrics, _ = smalt("run", "show-metrics", "--name", "y")
    assert json.loads(metrics) == {"accuracy": 0.5}


def test_runs_are_listed_archived_and_deleted(smalt, flow):
    smalt("run", "create", "--flow", flow, "--data", f"{flow}/data.jsonl", "--name", "r")

    smalt("run", "update", "--name", "r", "--set", "display_name=mine")
    assert smalt("run", "list", "--query", "[].display_name", "-o", "tsv")[1] == "mine\n"
    smalt("run", "archive", "--name", "r")
    assert json.loads(smalt("run", "list")[1]) == []
    smalt("run", "restore", "--name", "r")
    assert smalt("run", "delete", "--name", "r", "--yes")[0] == 0
    assert smalt("run", "show", "--name", "r")[0] == 3


def test_the_log_and_the_end_of_a_run_are_printed(smalt, flow):
    smalt("run", "create", "--flow", flow, "--data", f"{flow}/data.jsonl", "--name", "r")

    code, out, _ = smalt("run", "stream", "--name", "r")

    assert code == 0
    assert "Finished 2 / 2 lines" in out
    assert 'Run status: "Completed"' in out


def test_every_variant_is_run_and_judged_side_by_side(smalt, tmp_path):
    gallery.make("classification", tmp_path / "c")
    gallery.make("evaluation", tmp_path / "e")

    code, out, _ = smalt(
        "run", "create", "--flow", "c", "--data", "c/data.jsonl", "--variant", "all", "--name", "v",
        "--evaluation", "e", "--evaluation-mapping", "prediction=${run.outputs.category}", "truth=${data.truth}",
    )  # fmt: skip

    head, _, *rows = (line.split() for line in out.splitlines())
    accuracy = head.index("Accuracy")
    assert code == 0
    assert {row[0]: row[accuracy] for row in rows} == {"v_described": "1.0", "v_bare": "0.3333"}
    assert {"Tokens", "Cost_usd", "P95_seconds"} <= set(head)


def test_connections_of_this_machine_need_no_server(smalt, pf):
    Path("c.yaml").write_text("name: mine\ntype: open_ai\napi_key: sk-hunter2\n")

    code, out, _ = smalt("connection", "create", "--local", "--file", "c.yaml")
    assert (code, json.loads(out)["api_key"]) == (0, "******")
    pf("connection", "update", "--name", "mine", "--set", "organization=org")
    shown = json.loads(pf("connection", "show", "--name", "mine")[1])
    assert (shown["organization"], shown["api_key"]) == ("org", "******")
    assert [each["name"] for each in json.loads(pf("connection", "list")[1])] == ["mine"]
    assert pf("connection", "delete", "--name", "mine", "-y")[0] == 0
    assert pf("connection", "show", "--name", "mine")[0] == 3


def test_settings_are_kept_in_a_file(pf, flow, tmp_path):
    pf("config", "set", f"run.output_path={tmp_path}/runs")

    _, out, _ = pf("run", "create", "--flow", flow, "--data", f"{flow}/data.jsonl", "--name", "r")

    assert json.loads(out)["output_path"] == f"{tmp_path}/runs/r"
    assert pf("config", "set", "colour=red")[0] == 1


def test_a_flow_is_validated_and_tools_are_listed(smalt, flow):
    assert smalt("flow", "validate", "--source", flow)[0] == 0
    Path(flow, "grade.py").unlink()

    code, _, err = smalt("flow", "validate", "--source", flow)

    assert code == 1
    assert "grade.py" in err
    assert "promptflow.tools.embedding.embedding" in json.loads(smalt("tool", "list")[1])["package"]


def test_a_tool_is_made_and_checked(smalt):
    smalt("tool", "init", "--tool", "strip")

    assert smalt("tool", "validate", "--source", "strip.py")[0] == 0


def test_a_flow_is_built_as_a_folder(smalt, flow):
    code, _, _ = smalt("flow", "build", "--source", flow, "--output", "out", "--format", "docker")

    assert code == 0
    assert Path("out/Dockerfile").exists()
    assert Path("out/flow/flow.dag.yaml").exists()


def test_a_served_flow_answers_and_ends_with_a_signal(flow):
    command = [sys.executable, "-m", "smalt.cli.main", "flow", "serve", "--source", flow, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ.copy()) as server:
        assert server.stderr is not None
        url = server.stderr.readline().split(" on ")[1].split(" ")[0]
        body = b'{"prediction": "a", "truth": "a"}'

        with urllib.request.urlopen(f"{url}/score", data=body, timeout=20) as answer:
            assert json.load(answer) == {"grade": "right"}

        server.terminate()
        assert server.wait(20) in (0, -15)


def test_every_verb_of_pf_has_help(pf):
    for name in PF:
        assert pf(name, "--help")[0] == 0


def test_the_first_page_of_pf_loads_nothing():
    code = "import sys; from smalt.cli.main import pf; pf(['--help']); print('click' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Usage: pf" in found.stdout
    assert found.stdout.splitlines()[-1] == "False"


def test_an_experiment_is_made_run_and_gone_on_with(smalt, pf, flow):
    node = {"name": "judge", "type": "flow", "path": flow, "inputs": {"prediction": "${data.d.prediction}"}}
    data = [{"name": "d", "path": f"{flow}/data.jsonl"}]
    Path("e.exp.yaml").write_text(json.dumps({"data": data, "nodes": [node]}))

    made = smalt("experiment", "create", "--template", "e.exp.yaml", "--name", "e")
    first = smalt("experiment", "start", "--name", "e", "--stream")
    second = smalt("experiment", "start", "--name", "e", "--stream")
    listed = json.loads(pf("experiment", "list")[1])
    tried = json.loads(smalt("experiment", "test", "--template", "e.exp.yaml", "--inputs", "truth=sports")[1])

    assert [code for code, _, _ in (made, first, second)] == [0, 0, 0]
    assert "has completed before" in second[1]
    assert [(each["name"], each["status"], len(each["node_runs"]["judge"])) for each in listed] == [
        ("e", "Terminated", 1)
    ]
    assert tried == {"judge": {"grade": "right"}}


def test_a_flow_is_made_around_a_function_whose_files_stand_in_its_folder(pf, tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f/hello.py").write_text("def hello(name: str, shape: str) -> str:\n    return shape + name\n")
    (tmp_path / "f/shape.jinja2").write_text("Dear ")
    command = ("flow", "init", "--flow", "f", "--entry", "hello.py", "--function", "hello", "--prompt-template")

    made, _, _ = pf(*command, "shape=shape.jinja2")
    missing, _, err = pf(*command, "shape=gone.jinja2")
    _, out, _ = pf("flow", "test", "--flow", "f", "--inputs", "name=Ada")

    assert (made, missing, json.loads(out)) == (0, 3, {"output": "Dear Ada"})
    assert "There is no file gone.jinja2" in err
