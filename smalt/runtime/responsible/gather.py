"""The last step: constructor and analyses become one dashboard, as a folder and as one file for pages."""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

from smalt.runtime.responsible import history, layout, plain, subject
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.subject import Subject

DASHBOARD = "dashboard.json"
Json = dict[str, Any]  # Any: JSON


def gather(given: Namespace) -> None:
    """Write the dashboard.

    Raises:
        AnalysisError: An analysis is of another constructor, or there are two of a kind.
    """
    source, output = Path(given.constructor), Path(given.dashboard)
    what = Subject.open(source)
    results: dict[str, Path] = {}
    for number in range(1, 5):
        given_path = getattr(given, f"insight_{number}")
        if given_path is None:
            continue
        tool, place = layout.found(Path(given_path))
        if not layout.is_of(Path(given_path), source):
            raise AnalysisError(f"insight_{number} belongs to another constructor. Give the analyses of this one.")
        if tool in results:
            raise AnalysisError(f"insight_{number} is a second {layout.TOOLS[tool]}; a dashboard has one of a kind.")
        results[tool] = place
    _save(what, output, results)
    run = os.environ.get("MLFLOW_RUN_ID")
    told = {**plain.read(source / subject.INFO), "rai_insights_gather_run_id": run}
    plain.write(output / subject.INFO, told)
    plain.write(Path(given.ux_json) / DASHBOARD, data(what, results))
    has = {f"has_{name}": str(folder in results) for folder, name in layout.TOOLS.items()}
    parent = told.get("rai_insights_parent_run_id")
    history.tell(
        {
            "type": "gather",
            "model_id": told["model_id"],
            "dashboard_title": told["dashboard_title"],
            "dashboard_id": parent,
            "constructor_run": parent,
            "train_dataset_id": told["train_dataset_id"],
            "test_dataset_id": told["test_dataset_id"],
            **has,
        }
    )
    print(f"The dashboard has: {', '.join(layout.TOOLS[tool] for tool in results) or 'the rows alone'}.", flush=True)


def data(what: Subject, results: dict[str, Path]) -> Json:
    """Everything a page shows, in one document."""
    return {
        "dataset": _dataset(what),
        "modelExplanationData": [_explanation(results["explainer"], what)] if "explainer" in results else [],
        "errorAnalysisData": [_errors(results["error_analysis"])] if "error_analysis" in results else [],
        "causalAnalysisData": _documents(results, "causal", "dashboard.json"),
        "counterfactualData": _documents(results, "counterfactual", "counterfactual.json"),
    }


def _save(what: Subject, output: Path, results: dict[str, Path]) -> None:
    """The folder, as the toolbox saves it."""
    for name in (subject.MODEL, subject.PREDICTIONS):
        shutil.copytree(what.folder / name, output / name, dirs_exist_ok=True)
    for name, rows in (("train", what.train), ("test", what.test)):
        plain.write(output / "data" / f"{name}_dtypes.json", {key: str(kind) for key, kind in rows.dtypes.items()})
        (output / "data" / f"{name}.json").write_text(rows.to_json(orient="split"), encoding="utf-8")
    plain.write(
        output / subject.META,
        {
            **plain.read(what.folder / subject.META),
            "feature_columns": what.features,
            "feature_ranges": _ranges(what),
            "number_large_test_samples": len(what.test),
        },
    )
    for tool in layout.TOOLS:
        (output / tool).mkdir(exist_ok=True)
    for tool, place in results.items():
        shutil.copytree(place, output / tool / place.name)


def _dataset(what: Subject) -> Json:
    rows = what.test[what.features]
    return {
        "task_type": what.columns.task,
        "features": rows.to_numpy(),
        "feature_names": what.features,
        "predicted_y": what.predicted,
        "probability_y": what.probabilities,
        "true_y": what.truth,
        "class_names": what.columns.classes,
        "categorical_features": what.columns.categorical,
        "target_column": what.columns.target,
        "is_large_data_scenario": False,
        "use_entire_test_data": False,
        "feature_metadata": {
            **what.columns.metadata,
            "categorical_features": what.columns.categorical,
            "dropped_features": what.columns.dropped or None,
        },
        "tabular_dataset_metadata": {
            "is_large_data_scenario": False,
            "use_entire_test_data": False,
            "num_rows": len(rows),
            "feature_ranges": _ranges(what),
        },
        "data_balance_measures": None,
    }


def _ranges(what: Subject) -> list[Json]:
    found: list[Json] = []
    for name in what.features:
        column = what.test[name]
        if name in what.columns.categorical:
            terms = {"range_type": "categorical", "unique_values": column.dropna().unique()}
        else:
            terms = {"range_type": "integer", "min_value": float(column.min()), "max_value": float(column.max())}
        found.append({"column_name": name, **terms})
    return found


def _explanation(place: Path, what: Subject) -> Json:
    folder = place / "data" / "explainer"
    local, overall, intercept = (
        plain.read(folder / f"{name}.json")["data"]
        for name in ("local_importance_values", "global_importance_values", "expected_values")
    )
    described = plain.read(folder / "manifest.json")
    return {
        "modelClass": "blackbox",
        "explanationMethod": described["method"],
        "fidelity": described["fidelity"],
        "precomputedExplanations": {
            "localFeatureImportance": {"scores": local, "intercept": intercept, "featureNames": what.seen},
            "globalFeatureImportance": {"scores": overall, "intercept": intercept, "featureNames": what.seen},
        },
    }


def _errors(place: Path) -> Json:
    settings = plain.read(place / "configuration" / "config.json")
    return {
        "maxDepth": settings["max_depth"],
        "numLeaves": settings["num_leaves"],
        "minChildSamples": settings["min_child_samples"],
        **plain.read(place / "data" / "report.json"),
    }


def _documents(results: dict[str, Path], tool: str, file: str) -> list[Json]:
    return [plain.read(results[tool] / "data" / file)] if tool in results else []
