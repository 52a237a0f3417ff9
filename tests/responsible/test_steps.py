"""The steps with the libraries they use, over people with diabetes of scikit-learn."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.responsible.steps import PREPARE, Steps, python

PREDICTED = -1


def made(folder: Path, kind: str) -> Steps:
    subprocess.run([python(), PREPARE, folder, kind], check=True, capture_output=True)
    found = Steps(folder, kind)
    found.construct()
    return found


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return made(tmp_path_factory.mktemp("classes"), "classes")


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    return made(tmp_path_factory.mktemp("regression"), "regression")


def test_the_constructor_keeps_what_the_model_says_and_what_the_columns_are(classes):
    said = json.loads((classes.root / "constructed" / "predictions" / "predict.json").read_text())
    meta = json.loads((classes.root / "constructed" / "meta.json").read_text())

    assert len(said) == 142
    assert set(said) == {0, 1}
    assert (meta["classes"], meta["categorical_features"]) == (["fast", "slow"], ["sex"])


def test_the_error_tree_parts_the_rows_and_loses_none(classes):
    output = classes.analyse("error_analysis", "error_analysis_path", filter_features='["bmi", "sex"]')

    report = json.loads(next(output.glob("error_analysis/*/data/report.json")).read_text())
    root, *others = report["tree"]
    below = [node for node in others if node["parentId"] == root["id"]]
    assert (root["size"], sum(node["size"] for node in below)) == (142, 142)
    assert sum(node["error"] for node in below) == root["error"]
    cells = [cell for line in report["matrix"]["matrix"] for cell in line]
    assert (sum(cell["count"] for cell in cells), sum(cell["falseCount"] for cell in cells)) == (142, root["error"])


def test_contributions_add_up_to_what_the_model_says(regression):
    output = regression.analyse("explanation", "explanation_path")

    folder = next(output.glob("explainer/*/data/explainer"))
    read = lambda name: json.loads((folder / f"{name}.json").read_text())  # noqa: E731
    local, start = read("local_importance_values")["data"], read("expected_values")["data"]
    said = json.loads((regression.root / "constructed" / "predictions" / "predict.json").read_text())
    off = [abs(start + sum(row) - value) for row, value in zip(local, said, strict=True)]
    assert read("manifest")["fidelity"] > 0.7
    assert sum(off) / len(off) < 25
    overall = dict(zip(read("features")["data"], read("global_importance_values")["data"], strict=True))
    assert max(overall, key=lambda name: overall[name]) in ("bmi", "s5")


@pytest.mark.parametrize("method", ["random", "genetic", "kdtree"])
def test_counterfactuals_end_otherwise_and_leave_the_rest_as_it_is(classes, method):
    output = classes.analyse(
        "counterfactual",
        "counterfactual_path",
        method=method,
        features_to_vary='["bmi", "s5"]',
        permitted_range='{"bmi": [20, 40]}',
    )

    found = json.loads(
        max(output.glob("counterfactual/*/data/*.json"), key=lambda path: path.stat().st_mtime_ns).read_text()
    )
    pairs = [(now[0], other) for now, others in zip(found["test_data"], found["cfs_list"], strict=True)
             for other in others or []]  # fmt: skip
    assert len(pairs) > 142
    names = found["feature_names"]
    for now, other in pairs:
        assert now[PREDICTED] != other[PREDICTED]
        changed = {name for place, name in enumerate(names) if now[place] != other[place]}
        assert changed <= {"bmi", "s5"}
        assert "bmi" not in changed or 20 <= other[names.index("bmi")] <= 40


def test_a_range_is_reached_where_the_target_is_a_number(regression):
    output = regression.analyse("counterfactual", "counterfactual_path", desired_range="[50, 100]")

    found = json.loads(next(output.glob("counterfactual/*/data/*.json")).read_text())
    outcomes = [other[PREDICTED] for others in found["cfs_list"] for other in others or []]
    assert outcomes
    assert all(50 <= outcome <= 100 for outcome in outcomes)


def test_a_heavier_body_has_the_effect_that_is_known(regression):
    output = regression.analyse("causal", "causal_path", treatment_features='["bmi", "sex"]')

    found = json.loads(next(output.glob("causal/*/data/dashboard.json")).read_text())
    effect = next(each for each in found["global_effects"] if each["feature"] == "bmi")
    assert 3 < effect["point"] < 9
    assert effect["ci_lower"] > 0
    assert len(found["local_effects"]) == 142
    assert [policy["treatment_feature"] for policy in found["policies"]] == ["bmi", "sex"]


def test_dashboard_and_scorecard_are_of_the_whole(classes):
    insights = [
        classes.analyse("explanation", "explanation_path"),
        classes.analyse("error_analysis", "error_analysis_path"),
    ]
    config = {
        "Model": {"ModelName": "進行 <b>", "ModelType": "Classification"},
        "Metrics": {"accuracy_score": {"threshold": ">=0.99"}},
        "FeatureImportance": {"top_n": 3},
        "Fairness": {"metric": ["selection_rate"], "sensitive_features": ["sex"], "fairness_evaluation_kind": "ratio"},
    }
    (classes.root / "card.json").write_text(json.dumps(config))

    dashboard = classes.gather(insights)
    places = {"rai_insights_dashboard": classes.root / "dashboard", "pdf_output_path": classes.root / "card"}
    classes.run("score_card", {**places, "pdf_generation_config": classes.root / "card.json"})

    assert len(dashboard["dataset"]["features"]) == len(dashboard["dataset"]["true_y"]) == 142
    local = dashboard["modelExplanationData"][0]["precomputedExplanations"]["localFeatureImportance"]["scores"]
    assert (len(local), len(local[0]), len(local[0][0])) == (2, 142, 5)
    page = (classes.root / "card" / "scorecard.html").read_text()
    assert "進行 &lt;b&gt;" in page
    assert "missed" in page
    assert "Demographic parity ratio" in page
    assert (classes.root / "card" / "scorecard.pdf").read_bytes().startswith(b"%PDF")


def test_a_target_of_three_classes_is_analysed_but_has_no_opposite(tmp_path):
    many = made(tmp_path, "many")

    explained = many.analyse("explanation", "explanation_path")
    options = {"rai_insights_dashboard": tmp_path / "constructed", "counterfactual_path": tmp_path / "other",
               "total_CFs": 2, "method": "random", "features_to_vary": "all", "feature_importance": "true"}  # fmt: skip
    said = many.run("counterfactual", options, fails=True)

    classes = json.loads(next(explained.glob("explainer/*/data/explainer/local_importance_values.json")).read_text())
    assert len(classes["data"]) == 3
    assert "There are 3 classes, so none is the opposite" in said
