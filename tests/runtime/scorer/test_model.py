"""MLflow models without code: every body, the signature, and the same predictions as MLflow's own."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtime.scorer.instance import Instance

COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ROW = [5.1, 3.5, 1.4, 0.2]
RECORD = dict(zip(COLUMNS, ROW, strict=True))
SPLIT = {"columns": COLUMNS, "index": [0], "data": [ROW]}


def serve(models, python, folder, name, **config):
    return Instance(folder, python=python, loader="mlflow", model_dir=str(models / name), entry_script=None, **config)


@pytest.fixture(scope="module")
def iris(models, scoring_python, tmp_path_factory):
    with serve(models, scoring_python, tmp_path_factory.mktemp("iris"), "iris") as instance:
        yield instance


@pytest.mark.parametrize(
    ("body", "wraps"),
    [
        ({"input_data": SPLIT}, False),
        ({"input_data": {"data": [ROW]}}, False),
        ({"input_data": [ROW]}, False),
        ({"input_data": [RECORD]}, False),
        ({"input_data": {name: [value] for name, value in RECORD.items()}}, False),
        (SPLIT, False),
        ([RECORD], False),
        ({"dataframe_split": SPLIT}, True),
        ({"dataframe_records": [RECORD]}, True),
        ({"instances": [ROW]}, True),
        ({"instances": [RECORD]}, True),
        ({"inputs": [ROW]}, True),
        ({"inputs": {name: [value] for name, value in RECORD.items()}}, True),
        ({"dataframe_split": {"columns": ["extra", *COLUMNS[::-1]], "data": [[9, *ROW[::-1]]]}}, True),
    ],
)
def test_a_body_in_any_form_gets_the_answer_in_its_form(iris, body, wraps):
    reply = iris.ask(body)

    assert reply.status == 200, reply.body
    assert reply.json == ({"predictions": [0]} if wraps else [0])


def test_a_csv_body(iris):
    body = ",".join(COLUMNS) + "\n" + "\n".join(",".join(map(str, ROW)) for _ in range(2))

    assert iris.ask(body.encode(), headers={"content-type": "text/csv"}).json == {"predictions": [0, 0]}


def test_predictions_are_those_of_mlflow(iris, models):
    asked = json.loads((models / "iris.json").read_text())

    assert iris.ready["model"]["direct"] is True
    assert iris.ask({"input_data": asked["asked"]}).json == asked["expected"]


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"input_data": {"columns": COLUMNS[:3], "data": [ROW[:3]]}}, "'petal width (cm)'"),
        ({"input_data": [["wide", *ROW[1:]]]}, "Column 'sepal length (cm)' takes numbers"),
        ({"input_data": [ROW, ROW[:2]]}, "Row 1 has 2 values"),
        ({"input_data": [[[1], *ROW[1:]]]}, "Column 'sepal length (cm)'"),
        ({"input_data": []}, "no rows"),
        ({"input_data": {"columns": [["a"]], "data": [[1]]}}, "no name"),
        ({"input_data": [ROW], "instances": [ROW]}, "both"),
        ({"input_data": [ROW], "params": {"a": 1}}, "params"),
        ({"something": 1}, "'something'"),
        (b"[1, 2", "no valid JSON"),
        (b"\xff", "no valid JSON"),
        (b"7", "single value"),
        (b'{"input_data": [[NaN, 1, 1, 1]]}', "NaN"),
        (b'{"input_data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "no valid JSON"),
    ],
)
def test_bad_input_is_a_400_that_says_what_is_wrong(iris, body, hint):
    before = iris.pids()

    reply = iris.ask(body)

    assert reply.status == 400
    assert hint in reply.json["message"]
    assert "Traceback" not in reply.json["message"]
    assert iris.pids() == before


def test_swagger_shows_the_columns(iris):
    swagger = iris.ask(method="GET", path="/swagger.json").json

    assert swagger["definitions"]["ServiceInput"]["example"]["input_data"]["columns"] == COLUMNS


def test_columns_of_several_types_are_checked_each(models, scoring_python, tmp_path):
    rows = {"columns": ["height", "city", "age"], "data": [[1.5, "Rome", 20], [1.6, "Oslo", 40], [1.7, "Rome", 60.0]]}
    wrong = {"height": 1.5, "city": "Rome", "age": 20.5}
    with serve(models, scoring_python, tmp_path, "people") as people:
        expected = json.loads((models / "people.json").read_text())[:3]

        assert people.ask({"input_data": rows}).json == pytest.approx(expected)
        assert (
            "'age' takes whole numbers (long), and row 0 has 20.5"
            in people.ask({"input_data": [wrong]}).json["message"]
        )
        assert "'city' takes text" in people.ask({"input_data": [{**wrong, "age": 1, "city": [5]}]}).json["message"]
        assert people.ask({"input_data": [{**wrong, "age": 1, "city": 5}]}).status == 200  # as MLflow's own server


def test_python_models_with_nested_columns_and_parameters(models, scoring_python, tmp_path):
    rows = [{"word": "a", "numbers": [1, 2]}, {"word": "b", "numbers": [3.5]}]
    with serve(models, scoring_python, tmp_path, "adding") as adding:
        assert adding.ask({"input_data": rows}).json == ["a:3.5", "b:4.0"]
        assert adding.ask({"dataframe_records": rows, "params": {"more": 1}}).json == {
            "predictions": ["a:4.0", "b:4.5"]
        }
        assert adding.ask({"input_data": [{"word": "a"}]}).status == 400


def test_tensors_go_to_onnx_in_their_shape(models, scoring_python, tmp_path):
    with serve(models, scoring_python, tmp_path, "onnx") as onnx:
        assert onnx.ready["model"]["without_pickle"] is True
        assert onnx.ask({"input_data": [[1, 2]]}).json == {"y": [[2.0, 4.0]]}
        assert onnx.ask({"inputs": [[1, 2], [3, 4]]}).json == {"predictions": {"y": [[2.0, 4.0], [6.0, 8.0]]}}
        assert "[1, 3]" in onnx.ask({"input_data": [[1, 2, 3]]}).json["message"]
        assert onnx.ask({"input_data": [["x", 2]]}).status == 400


def test_batches_of_models_and_what_is_collected_of_them(models, scoring_python, tmp_path):
    collect = {"path": str(tmp_path / "data"), "collections": {"model_inputs": {}, "model_outputs": {}}}
    config = {"batching": {"max_size": 8, "max_delay_ms": 5}, "collect": collect}
    with serve(models, scoring_python, tmp_path, "iris", **config) as iris:
        asked = json.loads((models / "iris.json").read_text())
        for row, expected in list(zip(asked["asked"]["data"], asked["expected"], strict=True))[::30]:
            assert iris.ask({"input_data": [row]}).json == [expected]
        assert iris.ask({"input_data": [["x", 1, 1, 1]]}).status == 400
    folder = tmp_path / "data" / "modelDataCollector" / "e" / "blue"
    inputs = [json.loads(line) for path in (folder / "model_inputs").rglob("*.jsonl") for line in path.open()]

    assert inputs[0]["data"] == [dict(zip(COLUMNS, asked["asked"]["data"][0], strict=True))]
    assert len(list((folder / "model_outputs").rglob("*.jsonl"))) == 1


def test_requests_that_wait_are_scored_together_where_rows_are_known_to_be_rows(iris, models):
    asked = json.loads((models / "iris.json").read_text())
    bodies = [{"input_data": [row]} for row in asked["asked"]["data"]]
    with ThreadPoolExecutor(8) as pool:
        broken = pool.submit(iris.ask, {"input_data": [["x", 1, 1, 1]]})
        found = list(pool.map(iris.ask, bodies))

    assert iris.ready["workers"][0]["concurrency"] == 16
    assert [each.json for each in found] == [[expected] for expected in asked["expected"]]
    assert broken.result().status == 400


def test_one_at_a_time_where_the_deployment_says_so_or_a_model_may_look_at_all_rows(models, scoring_python, tmp_path):
    with (
        serve(models, scoring_python, tmp_path / "one", "iris", batching={"max_size": 1}) as one,
        serve(models, scoring_python, tmp_path / "other", "adding") as other,
    ):
        assert [each.ready["workers"][0]["concurrency"] for each in (one, other)] == [1, 1]


def test_a_folder_without_a_model_is_explained(scoring_python, tmp_path):
    instance = Instance(tmp_path, python=scoring_python, loader="mlflow", model_dir=str(tmp_path / "code"))
    instance.launch()

    assert instance.wait() == 3
    assert "0 MLflow models" in json.loads((instance.state / "failed.json").read_text())["error"]


def test_flows_need_an_environment_that_has_the_engine(scoring_python, tmp_path):
    tried = subprocess.run([scoring_python, "-c", "import smalt.flows"], capture_output=True, cwd=tmp_path)
    instance = Instance(tmp_path, python=scoring_python, loader="flow", model_dir=str(tmp_path))
    instance.launch()

    assert tried.returncode != 0
    assert instance.wait() == 3
    assert "cannot run flows" in json.loads((instance.state / "failed.json").read_text())["error"]


def test_a_model_that_brings_its_loader_needs_no_mlflow(tmp_path):
    model = Path(__file__).parents[3] / "examples" / "endpoints" / "online" / "mlflow" / "model"
    with serve(model.parent, sys.executable, tmp_path, model.name) as instance:
        reply = instance.ask({"input_data": [ROW]})
        is_direct = instance.ready["model"]["direct"]

    assert reply.json == ["setosa"]
    assert is_direct is True
