"""Signals over real files: what a collector wrote, tables, and what is wrong with them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smalt.runtime.monitoring import measure as script
from smalt.runtime.monitoring import signals
from smalt.runtime.monitoring.failure import MonitorError
from smalt.runtime.monitoring.sources import Source, Window, pieces

WINDOW = ["2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z"]
DRIFT = {"numerical": {"normalized_wasserstein_distance": 0.1}, "categorical": {"jensen_shannon_distance": 0.1}}


def collect(root: Path, moment: str, rows: list[dict], name: str = "a") -> None:
    """Write rows as the data collector does."""
    time = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    folder = root / f"{time:%Y/%m/%d/%H}"
    folder.mkdir(parents=True, exist_ok=True)
    event = {"specversion": "1.0", "time": f"{time:%Y-%m-%dT%H:%M:%SZ}", "correlationid": name, "data": rows}
    with (folder / "instance-0.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")


def settings(kind: str, production, reference=None, **more):
    return {
        "monitor": "m", "signal": "s", "type": kind, "features": None, "feature_type_override": {}, "task": None,
        "production": production, "reference": reference, "thresholds": DRIFT, **more,
    }  # fmt: skip


def rows(count: int, shift: float = 0.0) -> list[dict]:
    random = np.random.default_rng(count)
    return [
        {"width": float(width), "colour": str(colour)}
        for width, colour in zip(random.normal(shift, 1, count), random.choice(["red", "blue"], count), strict=True)
    ]


@pytest.fixture
def collected(tmp_path):
    folder = tmp_path / "inputs"
    collect(folder, "2026-01-01T23:59:59", rows(5, 100), "early")
    collect(folder, "2026-01-02T00:00:00", rows(400))
    collect(folder, "2026-01-03T12:00:00", rows(300), "b")
    collect(folder, "2026-01-04T00:00:00", rows(5, 100), "late")
    return {"path": str(folder), "context": "model_inputs", "window": WINDOW}


@pytest.fixture
def training(tmp_path):
    path = tmp_path / "training.csv"
    pd.DataFrame(rows(900)).assign(label=1).to_csv(path, index=False)
    return {"path": str(path), "context": "training", "columns": {"target_column": "label"}}


def test_only_events_of_the_window_are_read_and_each_row_has_its_request(collected):
    frame = pd.concat(list(pieces(Source.of(collected))))

    assert len(frame) == 700
    assert set(frame["correlation_id"].str.split("_").str[0]) == {"a", "b"}


def test_a_window_without_rows_is_told(collected):
    empty = Source(collected["path"], "model_inputs", {}, Window.of(["2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"]))

    with pytest.raises(MonitorError, match="no rows of model inputs from 2025-01-01 00:00 to 2025-01-02"):
        list(pieces(empty))


def test_drift_of_equal_data_is_small_and_of_moved_data_is_a_breach(collected, training):
    calm = signals.measure(settings("data_drift", [collected], training))
    collect(Path(collected["path"]), "2026-01-03T13:00:00", rows(700, 3))
    moved = signals.measure(settings("data_drift", [collected], training))

    assert {(row.feature, row.metric) for row in calm.rows} == {
        ("width", "normalized_wasserstein_distance"), ("colour", "jensen_shannon_distance")
    }  # fmt: skip
    assert [row.feature for row in calm.rows if row.is_breached] == []
    assert [row.feature for row in moved.rows if row.is_breached] == ["width"]
    assert sum(moved.histograms["width"]["production"]) == 1400


def test_quality_is_exact_over_every_row(collected, training):
    collect(Path(collected["path"]), "2026-01-03T13:00:00", [{"width": None, "colour": "green"}] * 300)
    rate = {"null_value_rate": 0.0, "out_of_bounds_rate": 0.0}

    found = signals.measure(
        settings("data_quality", [collected], training, thresholds={"numerical": rate, "categorical": rate})
    )

    values = {(row.feature, row.metric): row.value for row in found.rows}
    assert values["width", "null_value_rate"] == 0.3
    assert values["colour", "out_of_bounds_rate"] == 0.3


def test_answers_are_joined_with_what_was_true_by_their_request(tmp_path):
    outputs, truth = tmp_path / "outputs", tmp_path / "truth.parquet"
    collect(outputs, "2026-01-02T01:00:00", [{"species": 0}, {"species": 1}], "one")
    collect(outputs, "2026-01-02T02:00:00", [{"species": 2}], "two")
    pd.DataFrame({"id": ["one_0", "one_1", "two", "gone"], "species": [0, 2, 2, 1]}).to_parquet(truth)
    reference = {"path": str(truth), "columns": {"correlation_id": "id", "target_column": "species"}}
    limits = {"classification": {"accuracy": 0.9}, "regression": {"mae": 0.2}}

    found = signals.measure(
        settings("model_performance", [{"path": str(outputs), "window": WINDOW}], reference, thresholds=limits)
    )

    values = {row.metric: (row.value, row.is_breached) for row in found.rows}
    assert values == {"accuracy": (pytest.approx(2 / 3), True), "mae": (pytest.approx(1 / 3), True)}


def test_tokens_are_counted_by_model_and_a_limit_of_zero_is_none(tmp_path):
    usage = [
        {"model": "m1", "usage": {"total_tokens": 30}},
        {"model": "m2", "prompt_tokens": 5, "completion_tokens": 2},
    ]
    collect(tmp_path, "2026-01-02T01:00:00", usage)
    limits = {"totaltoken": {"total_token_count": 0, "total_token_count_per_group": 20}}

    found = signals.measure(settings("generation_token_statistics", [{"path": str(tmp_path)}], thresholds=limits))

    assert [(row.feature, row.value, row.is_breached) for row in found.rows] == [
        ("", 37, False), ("m1", 30, True), ("m2", 7, False)
    ]  # fmt: skip


def test_a_table_of_ones_own_component_is_held_against_the_thresholds(tmp_path):
    table = {"group": ["a", None], "metric_name": ["std_dev", "std_dev"], "metric_value": [3.0, 1.0]}
    pd.DataFrame(table).to_parquet(tmp_path / "part-0.parquet")

    found = signals.measure(settings("custom", [{"path": str(tmp_path)}], thresholds={"std_dev": 2}))

    assert [(row.feature, row.is_breached) for row in found.rows] == [("a", True), ("", False)]


def test_a_feature_that_is_not_there_is_told_with_those_that_are(collected, training):
    with pytest.raises(MonitorError, match=r"has no feature height\. Its columns: width, colour"):
        signals.measure(settings("data_drift", [collected], training, features=["height"]))


def test_the_script_writes_a_table_and_what_the_server_reads(collected, training, tmp_path):
    output = tmp_path / "signal_output"
    given = settings("data_drift", [collected], training, output=str(output))

    done = subprocess.run(
        [sys.executable, script.__file__], env={"SMALT_MONITOR": json.dumps(given)}, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    told = json.loads((output / "signal.json").read_text())
    assert (told["production_rows"], told["reference_rows"], told["features"]) == (700, 900, ["colour", "width"])
    table = pd.concat(list(pieces(Source(str(output)))))
    assert list(table["metric_name"]) == [row["metric"] for row in told["metrics"]]


def test_a_signal_that_cannot_be_measured_ends_with_one_sentence(tmp_path):
    given = settings("data_drift", [{"path": str(tmp_path)}], {"path": str(tmp_path)}, output=str(tmp_path / "out"))

    done = subprocess.run(
        [sys.executable, script.__file__], env={"SMALT_MONITOR": json.dumps(given)}, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The signal 's' could not be measured. There are no rows of data.")
