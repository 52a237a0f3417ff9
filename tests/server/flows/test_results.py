"""What is read of the files of a run, whatever a job has put there."""

from __future__ import annotations

import json

import pytest

from smalt.blobs import LocalBlobStore
from smalt.server.assets import Location
from smalt.server.flows.results import RunFiles, Tally
from smalt.server.flows.run_document import line_details, line_to_json


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "store" / "run"
    found.mkdir(parents=True)
    return found


def run_files(folder):
    store = LocalBlobStore(folder.parent, folder.parent.parent / "staged")
    return RunFiles(Location("c", "run", folder, f"azureml://here/{folder}", store))


def write(folder, name, *rows):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows))


def line(number, status="Completed", tokens=0, **more):
    used = {"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": 2 * tokens, "duration": 0.5}
    run = {"inputs": {"q": number, "line_number": number}, "output": {"a": number}, "system_metrics": used, **more}
    return {"line_number": number, "status": status, "run_info": run}


def test_lines_are_told_by_number_as_they_end_and_the_newest_record_counts(folder):
    write(folder, "flow_artifacts/000000000_000000999.jsonl", line(2), line(0, "Failed"), line(0), b'{"line_numb')
    write(folder, "flow_artifacts/000001000_000001999.jsonl", line(1000, "Failed", tokens=3))
    found = run_files(folder)

    assert [each["line_number"] for each in found.lines(status=None, after=None, limit=2)] == [0, 2]
    assert [each["line_number"] for each in found.lines(status=None, after=2, limit=9)] == [1000]
    assert [each["line_number"] for each in found.lines(status="Failed", after=None, limit=9)] == [1000]
    assert found.tally() == Tally(completed=2, failed=1, prompt=3, completion=3, total=6, cost=0.0)
    assert line_to_json(found.line(2))["inputs"] == {"q": 2}
    assert found.line(1) is None


def test_lines_that_were_added_are_counted_and_the_rest_is_remembered(folder):
    found = run_files(folder)
    write(folder, "flow_artifacts/000000000_000000999.jsonl", line(0))
    before = found.tally().completed
    write(folder, "flow_artifacts/000000000_000000999.jsonl", line(1))

    assert (before, found.tally().completed) == (1, 2)


def test_a_run_that_has_not_begun_has_nothing(folder):
    for found in (run_files(folder), RunFiles(Location("", "", None, ""))):
        assert (found.total(), found.metrics(), found.error(), found.tally()) == (None, {}, None, Tally())
        assert (found.lines(status=None, after=None, limit=1), found.nodes(0), found.log(0)) == ([], [], "")


@pytest.mark.parametrize(
    "row",
    [
        b"\xff\xfe\n", b"[1]\n", b"null\n", b"[" * 100_000 + b"\n", b'{"line_number": "x", "run_info": {}}\n',
        b'{"line_number": true, "run_info": {}}\n', b'{"line_number": 5, "run_info": 3}\n', b"x" * (9 << 20) + b"\n",
    ],
)  # fmt: skip
def test_what_is_no_record_is_passed_over(folder, row):
    write(folder, "flow_artifacts/000000000_000000999.jsonl", line(0), row, line(1))
    write(folder, "node_artifacts/n/000000000.jsonl", row)
    write(folder, "meta.json", row)
    found = run_files(folder)

    assert [each["line_number"] for each in found.lines(status=None, after=None, limit=9)] == [0, 1]
    assert found.tally().completed == 2
    assert found.nodes(0) == []
    assert found.total() is None


def test_a_record_of_another_shape_is_shown_as_far_as_it_goes(folder):
    deep: dict = {}
    for _ in range(90):
        deep = {"children": [deep]}
    odd = line(0, system_metrics=[], error={"innerError": 3, "debugInfo": 4}, api_calls=[3, deep, {"start_time": "x"}])
    write(folder, "flow_artifacts/000000000_000000999.jsonl", odd)
    found = run_files(folder)

    told = line_details(found.line(0), [], flow="f", log="")

    assert (told["seconds"], told["tokens"], told["error"]["code"]) == (None, None, None)
    assert 2 < len(told["spans"]) < 60


def test_a_link_that_a_job_left_leads_nowhere(folder, tmp_path):
    (tmp_path / "secret.jsonl").write_text(json.dumps(line(0)) + "\n")
    (folder / "flow_artifacts").mkdir()
    (folder / "flow_artifacts" / "000000000_000000999.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (folder / "metrics.json").symlink_to(tmp_path / "secret.jsonl")
    found = run_files(folder)

    assert (found.metrics(), found.tally(), found.line(0)) == ({}, Tally(), None)
