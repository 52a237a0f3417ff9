"""Batch runs: what they write, how they end, how they go on."""

from __future__ import annotations

import json

import pytest

from smalt.flows.batch import Pace, RunStatus, again, create, execute, resumed, rows
from smalt.flows.batch.errors import InvalidRunError, RunExistsError
from smalt.flows.connections import seen

FAILS_ONCE = """
    import pathlib
    mark = pathlib.Path({place!r}) / text
    mark.write_text(mark.read_text() + "x" if mark.exists() else "x")
    if text.startswith("bad") and mark.read_text() == "x":
        raise ValueError("not yet")
    return text
"""


def jsonl(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_leaves_the_known_layout(store, python_flow, data):
    run = execute(create(store, python_flow(), data=data("a", "b"), name="r"), store)

    folder = store.home / ".runs" / "r"
    assert run.status is RunStatus.COMPLETED
    assert {each.name for each in folder.iterdir() if not each.name.startswith(".")} == {
        "flow_artifacts", "flow_logs", "flow_outputs", "inputs.jsonl", "logs.txt", "meta.json", "metrics.json",
        "node_artifacts", "outputs.jsonl", "snapshot",
    }  # fmt: skip
    assert jsonl(folder / "flow_outputs" / "output.jsonl") == [
        {"line_number": 0, "answer": "A"}, {"line_number": 1, "answer": "B"},
    ]  # fmt: skip
    assert jsonl(folder / "inputs.jsonl") == [{"text": "a", "line_number": 0}, {"text": "b", "line_number": 1}]
    assert (folder / "snapshot" / "flow.dag.yaml").exists()


def test_a_failed_line_is_counted_named_and_does_not_stop_the_others(store, python_flow, data):
    flow = python_flow("return 1 / int(text)")

    run = execute(create(store, flow, data=data("1", "0", "2"), name="r"), store)

    assert (run.status, run.completed_lines, run.failed_lines) == (RunStatus.COMPLETED, 2, 1)
    assert "1/3 lines" in run.error["message"]
    assert "ZeroDivisionError" in run.error["message"]
    assert [row["status"] for row in rows(run)] == ["Completed", "Failed", "Completed"]
    assert run.folder.error()["additionalInfo"][0]["info"]["errors"][0]["line_number"] == 1


def test_a_run_whose_lines_all_failed_has_failed(store, python_flow, data):
    run = execute(create(store, python_flow("raise ValueError(text)"), data=data("a"), name="r"), store)

    assert (run.status, run.failed_lines) == (RunStatus.FAILED, 1)


def test_a_run_that_cannot_begin_has_failed_and_says_why(store, python_flow, data):
    run = execute(create(store, python_flow(), data=data({"other": 1}), name="r"), store)

    assert run.status is RunStatus.FAILED
    assert "${data.text}" in run.error["message"]


def test_aggregation_sees_the_completed_lines_in_order_and_logs_metrics(store, python_flow, data):
    flow = python_flow(
        "assert text != 'c'; return text",
        aggregation="from promptflow.core import log_metric; log_metric('joined', ''.join(answers)); return 1",
    )

    run = execute(create(store, flow, data=data(*"abcd"), name="r"), store)

    assert run.folder.metrics() == {"joined": "abd"}


def test_an_aggregation_that_fails_is_told(store, python_flow, data):
    flow = python_flow(aggregation="raise ValueError('no')")

    run = execute(create(store, flow, data=data("a"), name="r"), store)

    assert (run.status, run.failed_lines) == (RunStatus.COMPLETED, 0)
    assert "The aggregation failed" in run.error["message"]


def test_a_run_goes_over_the_outputs_and_the_data_of_another(store, python_flow, data):
    first = execute(create(store, python_flow("assert text != 'b'; return text"), data=data(*"abc"), name="one"), store)

    mapping = {"text": "${run.outputs.answer}"}
    second = create(store, python_flow(name="two"), run=first.name, column_mapping=mapping, name="second")
    second = execute(second, store)

    assert second.folder.outputs() == [{"line_number": 0, "answer": "A"}, {"line_number": 2, "answer": "C"}]


def test_resuming_runs_the_failed_lines_only(store, python_flow, data, tmp_path):
    place = tmp_path / "marks"
    place.mkdir()
    flow = python_flow(FAILS_ONCE.format(place=str(place)).strip(), aggregation="return len(answers)")
    execute(create(store, flow, data=data("a", "bad1", "b"), name="r"), store)

    run = execute(again(store, "r"), store)

    assert (run.status, run.completed_lines, run.failed_lines, run.error) == (RunStatus.COMPLETED, 3, 0, None)
    assert {each.name: each.read_text() for each in place.iterdir()} == {"a": "x", "bad1": "xx", "b": "x"}
    assert [row["line_number"] for row in run.folder.outputs()] == [0, 1, 2]
    with pytest.raises(InvalidRunError, match="no failed lines"):
        again(store, "r")


def test_a_new_run_takes_over_what_another_completed(store, python_flow, data, tmp_path):
    place = tmp_path / "marks"
    place.mkdir()
    flow = python_flow(FAILS_ONCE.format(place=str(place)).strip())
    execute(create(store, flow, data=data("a", "bad1"), name="r"), store)

    run = execute(resumed(store, "r", new_name="r2"), store)

    assert (run.name, run.completed_lines, (place / "a").read_text()) == ("r2", 2, "x")
    assert store.get("r").failed_lines == 1


def test_what_a_line_prints_stands_in_its_own_log_and_with_its_node(store, python_flow, data, capsys):
    seen.note(["hunter2hunter2"])
    flow = python_flow("import sys; print('seen', text); print('hunter2hunter2', file=sys.stderr); return text")

    run = execute(create(store, flow, data=data("a", "b"), name="r"), store)

    assert (run.folder.path / "flow_logs" / "000000001.log").read_text() == (
        "[work in line 1 (index starts from 0)] stdout> seen b\n"
        "[work in line 1 (index starts from 0)] stderr> **data_scrubbed**\n"
    )
    logs = [record["run_info"]["logs"] for record in run.folder.node_records()]
    assert [each["stdout"].partition("] ")[2] for each in logs] == ["seen a\n", "seen b\n"]
    assert [each["stderr"].partition("] ")[2] for each in logs] == ["**data_scrubbed**\n"] * 2
    assert capsys.readouterr().out == ""


def test_lines_run_in_worker_processes_on_request(store, python_flow, data):
    flow = python_flow("import os; return str(os.getpid())")

    run = execute(create(store, flow, data=data(*"abcd"), name="r"), store, pace=Pace(processes=2))

    import os

    found = {row["answer"] for row in run.folder.outputs()}
    assert run.completed_lines == 4
    assert str(os.getpid()) not in found


def test_a_worker_that_dies_fails_its_line_only(store, python_flow, data):
    flow = python_flow("import os; os.kill(os.getpid(), 9) if text == 'b' else None; return text")

    run = execute(create(store, flow, data=data(*"abc"), name="r"), store, pace=Pace(processes=1))

    assert (run.completed_lines, run.failed_lines) == (2, 1)
    assert "by signal 9" in run.error["message"]


def test_a_line_that_takes_too_long_fails_alone(store, python_flow, data):
    flow = python_flow("import time; time.sleep(60 if text == 'b' else 0); return text")

    run = execute(create(store, flow, data=data(*"ab"), name="r"), store, pace=Pace(line_seconds=0.3))

    assert [row["status"] for row in rows(run)] == ["Completed", "Failed"]
    assert "0.3 seconds" in rows(run)[1]["error"]


def test_a_batch_that_takes_too_long_can_be_resumed(store, python_flow, data):
    flow = python_flow("import time; time.sleep(60 if text == 'b' else 0); return text")

    run = execute(create(store, flow, data=data(*"ab"), name="r"), store, pace=Pace(batch_seconds=0.3))

    assert (run.completed_lines, run.failed_lines) == (1, 1)
    assert "PF_BATCH_TIMEOUT_SEC" in run.error["message"]
    assert again(store, "r").name == "r"


def test_lines_that_wait_run_at_once_though_their_code_blocks(store, python_flow, data):
    flow = python_flow("together.wait(20); return text")
    tool = flow / "work.py"
    tool.write_text("import threading\n\ntogether = threading.Barrier(12)\n" + tool.read_text())

    run = execute(create(store, flow, data=data(*"abcdefghijkl"), name="r"), store)

    assert run.completed_lines == 12


def test_code_that_ends_the_program_ends_the_run(store, python_flow, data):
    run = create(store, python_flow("raise SystemExit(text)"), data=data("enough"), name="r")

    with pytest.raises(SystemExit, match="enough"):
        execute(run, store)

    assert store.get("r").status is RunStatus.FAILED


def test_names_are_taken_once(store, python_flow, data):
    flow, file = python_flow(), data("a")
    create(store, flow, data=file, name="r")

    with pytest.raises(RunExistsError, match="smalt run resume"):
        create(store, flow, data=file, name="r")


def test_a_deleted_run_leaves_nothing(store, python_flow, data):
    run = execute(create(store, python_flow(), data=data("a"), name="r"), store)

    store.delete("r")

    assert store.list() == []
    assert not run.folder.path.exists()


def test_a_run_whose_process_is_gone_says_so_and_goes_on(store, python_flow, data):
    run = create(store, python_flow(), data=data(*"ab"), name="r")
    run.status = RunStatus.RUNNING
    run.folder.begin()
    store.save(run)

    found = store.get("r")

    assert (found.status, found.error["code"]) == (RunStatus.FAILED, "RunInterrupted")
    assert "smalt run resume --name r" in found.error["message"]
    assert execute(again(store, "r"), store).completed_lines == 2


def test_a_record_that_a_kill_cut_off_is_run_again(store, python_flow, data):
    run = execute(create(store, python_flow(), data=data(*"abc"), name="r"), store)
    file = next((run.folder.path / "flow_artifacts").iterdir())
    file.write_bytes(file.read_bytes()[:-20])
    run.status, run.failed_lines = RunStatus.FAILED, 0
    store.save(run)

    run = execute(again(store, "r"), store)

    assert [row["answer"] for row in run.folder.outputs()] == ["A", "B", "C"]
    assert len(file.read_bytes().splitlines()) == 3


def test_no_secret_of_a_connection_is_written(store, python_flow, data, home):
    from smalt.flows.connections import CustomConnection, LocalConnections

    LocalConnections(home).put(CustomConnection({"key": "hunter2"}, {}, name="mine"))
    flow = python_flow()
    (flow / "work.py").write_text(
        "from promptflow.core import tool\nfrom promptflow.connections import CustomConnection\n\n"
        "@tool\ndef work(text: str, door: CustomConnection):\n    assert door.key\n    return text\n"
    )
    document = json.loads((flow / "flow.dag.yaml").read_text())
    document["nodes"][0]["inputs"]["door"] = "mine"
    (flow / "flow.dag.yaml").write_text(json.dumps(document))
    (flow / ".env").write_text("KEY=hunter2")

    run = create(store, flow, data=data("a"), name="r", environment_variables={"MY_API_KEY": "hunter2"})
    run = execute(run, store)

    written = b"".join(each.read_bytes() for each in run.folder.path.rglob("*") if each.is_file())
    assert run.completed_lines == 1
    assert b"hunter2" not in written
    assert "hunter2" not in json.dumps(run.document())


def test_a_column_that_is_passed_over_is_told(store, python_flow, data):
    flow = python_flow()
    document = json.loads((flow / "flow.dag.yaml").read_text())
    document["inputs"]["text"]["default"] = "d"
    (flow / "flow.dag.yaml").write_text(json.dumps(document))

    run = execute(create(store, flow, data=data("a"), name="r"), store)

    assert run.folder.outputs()[0]["answer"] == "D"
    assert "'text' is not read: the input has a default" in run.folder.logs.read_text()


def test_a_recorded_folder_of_somebody_else_stays_when_the_run_is_forgotten(store, python_flow, data, tmp_path):
    from smalt.flows.batch.submit import adopted

    run = execute(create(store, python_flow(), data=data("a"), name="r"), store)
    copied = tmp_path / "copied"
    import shutil

    shutil.copytree(run.folder.path, copied, ignore=shutil.ignore_patterns(".lock"))

    found = adopted(store, copied, name="theirs")
    store.delete("theirs")

    assert (found.status, found.completed_lines) == (RunStatus.COMPLETED, 1)
    assert copied.is_dir()
