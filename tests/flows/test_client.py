"""`PFClient`: what notebooks of prompt flow call."""

from __future__ import annotations

import asyncio

import pytest

from promptflow.client import PFClient, load_flow, load_run
from promptflow.entities import OpenAIConnection
from smalt.flows import gallery
from smalt.flows.errors import UserErrorException


@pytest.fixture
def flow(tmp_path):
    gallery.make("evaluation", tmp_path / "evaluation")
    return tmp_path / "evaluation"


def test_a_flow_is_tried_and_leaves_its_files(flow):
    output = PFClient().test(flow, inputs={"prediction": "a", "truth": "A"})

    assert output == {"grade": "right"}
    assert (flow / ".promptflow" / "flow.detail.json").exists()
    assert (flow / ".promptflow" / "flow.output.json").read_text().split() == ["{", '"grade":', '"right"', "}"]


def test_a_node_is_tried_alone(flow):
    assert PFClient().test(flow, node="grade", inputs={"prediction": "a", "truth": "b"}) == "wrong"


def test_a_failure_names_its_class(flow):
    with pytest.raises(UserErrorException, match="InputNotFound: "):
        PFClient().test(flow, inputs={"prediction": "a"})


def test_a_run_has_details_and_metrics(flow):
    pf = PFClient()

    run = pf.run(flow=flow, data=flow / "data.jsonl", display_name="graded", tags={"a": "b"})

    details = pf.get_details(run)
    assert list(details["outputs.grade"]) == ["right", "wrong"]
    assert list(details.columns) == ["inputs.prediction", "inputs.truth", "inputs.line_number", "outputs.grade"]
    assert pf.get_metrics(run) == {"accuracy": 0.5}
    assert pf.runs.get(run.name).display_name == "graded"


def test_runs_are_archived_found_and_deleted(flow):
    pf = PFClient()
    run = pf.run(flow=flow, data=flow / "data.jsonl")

    pf.runs.archive(run)
    assert pf.runs.list() == []
    pf.runs.restore(run.name)
    assert [each.name for each in pf.runs.list()] == [run.name]
    pf.runs.delete(run.name)
    assert pf.runs.list() == []


def test_a_function_is_run_over_data(flow):
    def shout(prediction: str) -> str:
        return prediction.upper()

    run = PFClient().run(flow=shout, data=flow / "data.jsonl", name="shouted")

    assert [row["output"] for row in run.folder.outputs()] == ["SPORTS", "MONEY"]


def test_a_run_file_is_read_and_run(flow, tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text(
        "flow: evaluation\ndata: evaluation/data.jsonl\ncolumn_mapping:\n  prediction: ${data.truth}\n"
        "  truth: ${data.truth}\nruntime: unused\n"
    )

    run = PFClient().runs.create_or_update(load_run(file))

    assert run.folder.metrics() == {"accuracy": 1.0}


def test_connections_are_kept_without_showing_their_secrets():
    pf = PFClient()
    pf.connections.create_or_update(OpenAIConnection(name="mine", api_key="sk-hunter2"))

    assert pf.connections.get("mine").api_key == "sk-hunter2"
    assert "hunter2" not in repr(pf.connections.list())


def test_a_loaded_flow_is_called_like_a_function(flow):
    assert load_flow(flow)(prediction="a", truth="a") == {"grade": "right"}


def test_runs_are_compared_on_a_page(flow):
    pf = PFClient()
    runs = [pf.run(flow=flow, data=flow / "data.jsonl", name=name) for name in ("one", "two")]

    page = pf.visualize(runs).read_text()

    assert "one: outputs.grade" in page
    assert "<script" not in page


def test_notebooks_run_batches_while_their_own_loop_runs(flow):
    async def cell():
        pf = PFClient()
        tried = pf.test(flow, inputs={"prediction": "a", "truth": "a"})
        return tried, pf.run(flow=flow, data=flow / "data.jsonl").completed_lines

    assert asyncio.run(cell()) == ({"grade": "right"}, 2)
