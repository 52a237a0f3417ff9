"""Experiments: made of templates, run, gone on with, stopped, tried."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smalt.flows import experiments
from smalt.flows.batch import RunStore
from smalt.flows.experiments import ExperimentOperations
from smalt.flows.experiments.errors import (
    ExperimentHasCycle,
    ExperimentStatusError,
    ExperimentValidationError,
    ExperimentValueError,
    MultipleExperimentTemplateError,
    NoExperimentTemplateError,
)
from tests.flows.experiments.conftest import COUNT, GEN, JUDGE, MAIN
from tests.flows.writing import TOOL, dag, python_node

Maker = Callable[..., Path]


def statuses(experiment: experiments.Experiment) -> dict[str, list[str]]:
    return {node: [run["status"] for run in runs] for node, runs in experiment.node_runs.items()}


def newest(experiment: experiments.Experiment, node: str) -> Any:
    return RunStore().get(experiment.node_runs[node][-1]["name"])


def test_nodes_run_over_the_data_and_over_what_nodes_before_them_gave(
    template: Maker, operations: ExperimentOperations
) -> None:
    made = operations.create(template(), "first")

    ended = operations.start(made, stream=True)

    assert (ended.status, ended.error) == ("Terminated", None)
    assert statuses(ended) == {"main": ["Completed"], "judge": ["Completed"]}
    assert newest(ended, "judge").folder.metrics() == {"accuracy": pytest.approx(2 / 3)}
    assert newest(ended, "judge").run == newest(ended, "main").name
    assert operations.get("first").document() == ended.document()


def test_a_command_makes_the_lines_of_a_flow_from_the_data_and_an_input(
    template: Maker, operations: ExperimentOperations
) -> None:
    main = MAIN | {"inputs": {"text": "${gen.outputs.target.text}"}}
    made = operations.create(template(GEN, main, inputs=[COUNT]))

    ended = operations.start(made, stream=True, inputs={"count": "1"})

    assert [row["loud"] for row in newest(ended, "main").folder.outputs()] == ["A"]
    command = newest(ended, "gen")
    assert (command.type, command.folder.logs.read_text()) == ("command", "made 1\n")


def test_only_what_has_changed_runs_again(template: Maker, operations: ExperimentOperations) -> None:
    file = template(GEN, MAIN, JUDGE, inputs=[COUNT])
    first = operations.start(operations.create(file, "again"), stream=True)
    before = {node: newest(first, node).name for node in ("gen", "main", "judge")}

    second = operations.start("again", stream=True, inputs={"count": 1})

    assert newest(second, "gen").name != before["gen"]
    assert newest(second, "main").name == before["main"]
    assert newest(second, "judge").name == before["judge"]


def test_a_node_that_fails_stops_those_that_need_it_and_goes_on_where_it_stopped(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    switch = tmp_path / "works"
    (tmp_path / "main" / "shout.py").write_text(
        f"import os\n{TOOL}def shout(text: str):\n    assert os.path.exists({str(switch)!r})\n    return text.upper()\n"
    )
    other = MAIN | {"name": "other", "path": "./judge", "inputs": {"truth": "${data.my.truth}", "answer": "A"}}
    made = operations.create(template(MAIN, JUDGE, other), "failing")

    failed = operations.start(made, stream=True)
    switch.touch()
    mended = operations.start("failing", stream=True)

    assert statuses(failed) == {"main": ["Failed"], "other": ["Completed"]}
    assert "Node judge did not run, because main has not completed" in str(failed.error)
    assert statuses(mended) == {"main": ["Completed"], "other": ["Completed"], "judge": ["Completed"]}


def test_chosen_nodes_run_alone_once_what_they_need_is_there(template: Maker, operations: ExperimentOperations) -> None:
    operations.create(template(), "some")

    with pytest.raises(ExperimentValueError, match="Nothing is there yet of main"):
        operations.start("some", stream=True, nodes=["judge"])
    operations.start("some", stream=True, nodes=["main"])
    ended = operations.start("some", stream=True, from_nodes=["judge"])

    assert statuses(ended) == {"main": ["Completed"], "judge": ["Completed"]}


def test_changes_after_it_was_made_do_not_count(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    made = operations.create(template(MAIN), "kept")
    (tmp_path / "main" / "shout.py").write_text(f"{TOOL}def shout(text: str):\n    return 'changed'\n")

    operations.start(made, stream=True)
    cloned = operations.start(operations.clone("kept", "twin"), stream=True)
    fresh = operations.start(operations.of_file(tmp_path / "made.exp.yaml"), stream=True)

    assert newest(cloned, "main").folder.outputs()[0]["loud"] == "A"
    assert newest(fresh, "main").folder.outputs()[0]["loud"] == "changed"


def test_one_that_runs_in_the_background_is_started_once_and_can_be_stopped(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    os.mkfifo(tmp_path / "begun")
    sleeping = {"name": "sleep", "type": "command", "command": f"echo > {tmp_path}/begun; exec sleep 600"}
    operations.create(template(sleeping), "long")

    operations.start("long")
    (tmp_path / "begun").read_text()  # as soon as the command runs
    with pytest.raises(ExperimentStatusError, match="cannot be started repeatedly"):
        operations.start("long")
    stopped = operations.stop("long")
    with (stopped.folder / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when its process has ended

    ended = operations.get("long")
    assert (ended.status, ended.error) == ("Terminated", "It was stopped.")
    assert statuses(ended) == {"sleep": ["Canceled"]}


def test_one_whose_process_was_killed_has_ended_and_goes_on(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    os.mkfifo(tmp_path / "begun")
    wait = f"test -e {tmp_path}/go || {{ echo > {tmp_path}/begun; exec sleep 600; }}"
    operations.create(template(MAIN, {"name": "wait", "type": "command", "command": wait}), "killed")
    operations.start("killed")
    (tmp_path / "begun").read_text()

    pid = operations.get("killed").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with (operations.get("killed").folder / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    seen = operations.get("killed")
    (tmp_path / "go").touch()
    ended = operations.start("killed", stream=True)

    assert seen.status == "Terminated"
    assert "Go on where it stopped" in str(seen.error)
    assert statuses(ended) == {"main": ["Completed"], "wait": ["Failed", "Completed"]}


def test_a_group_of_flows_talks_once_for_each_line(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    says = "return f'{len(history)} {topic}' + (' [STOP]' if len(history) > 1 else '')"
    dag(
        tmp_path / "role",
        [python_node("say", "say.py", topic="${inputs.topic}", history="${inputs.history}")],
        {"say.py": f"{TOOL}def say(topic: str, history: list):\n    {says}\n"},
        inputs={"topic": "string", "history": "list"},
        outputs={"said": "${say.output}"},
    )
    inputs = {"topic": "${data.my.text}", "history": "${parent.conversation_history}"}
    roles = [{"role": role, "path": "./role", "inputs": inputs} for role in ("one", "two")]
    count = "def count(turns: list):\n    return len(turns)\n"
    dag(tmp_path / "count", [python_node("c", "c.py", turns="${inputs.turns}")], {"c.py": TOOL + count},
        inputs={"turns": "list"}, outputs={"n": "${c.output}"})  # fmt: skip
    judge = {"name": "n", "type": "flow", "path": "./count", "inputs": {"turns": "${talk.conversation_history}"}}
    file = template({"name": "talk", "type": "chat_group", "max_turns": 5, "roles": roles}, judge)

    ended = operations.start(operations.create(file), stream=True)
    tried = operations.test(file)

    talks = [row["conversation_history"] for row in newest(ended, "talk").folder.outputs()]
    assert talks[1] == [["one", {"said": "0 b"}], ["two", {"said": "1 b"}], ["one", {"said": "2 b [STOP]"}]]
    assert [row["n"] for row in newest(ended, "n").folder.outputs()] == [3, 3, 3]
    assert (tried["n"], len(tried["talk"]["conversation_history"])) == ({"n": 3}, 3)


def test_trying_runs_every_node_over_one_line_and_records_nothing(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    main = MAIN | {"inputs": {"text": "${gen.outputs.target.text}"}}
    file = template(GEN, main, JUDGE, inputs=[COUNT])
    (tmp_path / "gen" / "gen.py").write_text(
        "import json, sys\nrow = json.load(open(sys.argv[1]))\n"
        "json.dump(row | {'text': row['text'] * 2}, open(sys.argv[3] + '/made.json', 'w'))\n"
    )

    tried = operations.test(file, {"text": "x", "truth": "XX"}, output_path=tmp_path / "out")

    assert (tried["main"], tried["judge"]) == ({"loud": "XX"}, {"grade": 1})
    assert (tmp_path / "out" / "judge" / "flow.metrics.json").read_text().split() == ["{", '"accuracy":', "1.0", "}"]
    assert RunStore().list() == []


def test_trying_one_flow_runs_what_needs_only_it(
    tmp_path: Path, template: Maker, operations: ExperimentOperations
) -> None:
    file = template()

    tried = operations.test(file, {"text": "q"}, flow=tmp_path / "main")

    assert tried == {"main": {"loud": "Q"}, "judge": {"grade": 0}}
    with pytest.raises(ExperimentValueError, match="not found in experiment"):
        operations.test(template(MAIN, name="other"), flow=tmp_path / "judge")


@pytest.mark.parametrize(
    ("nodes", "failure", "told"),
    [
        ([MAIN | {"inputs": {"text": "${data.none.text}"}}], ExperimentValueError, "no such part of 'data'"),
        ([MAIN | {"inputs": {"text": "${inputs.none}"}}], ExperimentValueError, "no such part of 'inputs'"),
        ([JUDGE], ExperimentValueError, "no node 'main'"),
        ([MAIN | {"inputs": {"text": "${judge.outputs.grade}"}}, JUDGE], ExperimentHasCycle, "wait for one another"),
        ([MAIN, MAIN], ExperimentValidationError, "Two nodes have the name main"),
        ([MAIN | {"path": "./none"}], ExperimentValidationError, "Correct the path"),
        ([MAIN | {"type": "other"}], ExperimentValidationError, "Write flow, command or chat_group"),
        ([MAIN | {"surprise": 1}], ExperimentValidationError, "surprise, which nothing reads"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_anything_runs(
    template: Maker, operations: ExperimentOperations, nodes: list[Any], failure: type[Exception], told: str
) -> None:
    file = template(*nodes)

    with pytest.raises(failure, match=told):
        operations.create(file)


def test_a_template_is_found_in_its_folder_if_it_is_alone(tmp_path: Path, template: Maker) -> None:
    with pytest.raises(NoExperimentTemplateError, match="has no experiment"):
        experiments.read(tmp_path)
    template()
    assert experiments.read(tmp_path).node("main").name == "main"
    template(name="second")
    with pytest.raises(MultipleExperimentTemplateError, match=r"made\.exp\.yaml and second\.exp\.yaml"):
        experiments.read(tmp_path)


def test_deleting_one_forgets_its_runs_and_files(template: Maker, operations: ExperimentOperations) -> None:
    ended = operations.start(operations.create(template(MAIN), "gone"), stream=True)
    assert [each.name for each in operations.list()] == ["gone"]

    operations.delete("gone")

    assert (operations.list(), RunStore().list(), ended.folder.exists()) == ([], [], False)
