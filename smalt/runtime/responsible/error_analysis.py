"""Where a model errs: a tree that parts rows with many errors from rows with few, and a table over two features."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from smalt.runtime.responsible import layout, metrics, plain
from smalt.runtime.responsible.encoding import categories, encoded
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.options import listed
from smalt.runtime.responsible.subject import Subject

_BINS = 8
Json = dict[str, Any]  # Any: JSON


def analyse(given: Namespace) -> None:
    """Write the report of a step."""
    what = Subject.open(Path(given.rai_insights_dashboard))
    wanted = listed(given.filter_features, "filter_features")
    found = report(
        what,
        wanted,
        max_depth=given.max_depth,
        num_leaves=given.num_leaves,
        min_child_samples=given.min_child_samples,
    )
    place = layout.result(Path(given.error_analysis_path), "error_analysis", what.folder)
    settings = {
        "max_depth": given.max_depth,
        "num_leaves": given.num_leaves,
        "min_child_samples": given.min_child_samples,
        "filter_features": wanted or None,
        "is_computed": True,
    }
    plain.write(place / "configuration" / "config.json", settings)
    plain.write(place / "data" / "report.json", found)


def report(what: Subject, wanted: list[str], *, max_depth: int, num_leaves: int, min_child_samples: int) -> Json:
    """Tree, matrix and importances.

    Args:
        what: Model and rows.
        wanted: One or two features of the matrix, or none.
        max_depth: Of the tree.
        num_leaves: How many leaves it may have.
        min_child_samples: How many rows a leaf needs.

    Raises:
        AnalysisError: A feature is unknown, or there are more than two.
    """
    unknown = [name for name in wanted if name not in what.seen]
    if unknown or len(wanted) > 2:
        raise AnalysisError(f"filter_features {wanted!r}: write one or two of {', '.join(what.seen)[:1000]}.")
    known = categories([what.test], what.categorical)
    rows = encoded(what.rows(what.test), known)
    model = lightgbm.LGBMClassifier if what.is_classified else lightgbm.LGBMRegressor
    surrogate = model(
        n_estimators=1, max_depth=max_depth, num_leaves=num_leaves, min_child_samples=min_child_samples, verbosity=-1
    )
    # Two numbers of errors need a tree; all alike have one node.
    tree = {"leaf_value": 0.0}
    if np.unique(what.errors).size > 1:
        surrogate.fit(rows.to_numpy(), what.errors, categorical_feature=[what.seen.index(name) for name in known])
        tree = surrogate.booster_.dump_model()["tree_info"][0]["tree_structure"]
    nodes = _Tree(what, rows, known, [])
    nodes.add(tree, np.ones(len(rows), dtype=bool), None)
    return {
        "tree": nodes.found,
        "matrix": matrix(what, wanted) if wanted else None,
        "tree_features": what.seen,
        "matrix_features": wanted or None,
        "importances": _importances(what, rows),
        "root_stats": {
            "metricName": nodes.found[0]["metricName"],
            "metricValue": nodes.found[0]["metricValue"],
            "totalSize": len(rows),
            "errorCoverage": 100.0,
        },
        "metric": nodes.found[0]["metricName"],
    }


@dataclass(frozen=True)
class _Split:
    """How a node is parted from its parent."""

    parent: int
    feature: str
    method: str
    arg: Any  # Any: a number, or codes of categories
    condition: str
    values: list[Any] | None = None


@dataclass
class _Tree:
    """The nodes of a tree as dashboards list them."""

    what: Subject
    rows: Any  # Any: a DataFrame
    known: dict[str, list[Any]]
    found: list[Json]

    def add(self, node: Json, mask: Any, split: _Split | None) -> None:
        """A node, then those below it."""
        number = len(self.found)
        self.found.append(self._listed(number, node, mask, split))
        if "split_feature" not in node:
            return
        feature = self.what.seen[node["split_feature"]]
        left, right = self._halves(number, node, feature)
        goes_left = self._goes_left(node, feature)
        self.add(node["left_child"], mask & goes_left, left)
        self.add(node["right_child"], mask & ~goes_left, right)

    def _goes_left(self, node: Json, feature: str) -> Any:
        column = self.rows[feature].to_numpy()
        if node["decision_type"] == "==":
            return np.isin(column, _codes(node))
        below = np.nan_to_num(column, nan=np.inf) <= node["threshold"]
        return below | np.isnan(column) if node.get("default_left") else below & ~np.isnan(column)

    def _halves(self, number: int, node: Json, feature: str) -> tuple[_Split, _Split]:
        if node["decision_type"] == "==":
            codes = _codes(node)
            values = [self.known[feature][int(code)] for code in codes]
            words = " | ".join(map(str, values))
            return (
                _Split(number, feature, "includes", codes, f"{feature} == {words}", values),
                _Split(number, feature, "excludes", codes, f"{feature} != {words}", values),
            )
        limit = float(node["threshold"])
        return (
            _Split(number, feature, "less and equal", limit, f"{feature} <= {limit:.2f}"),
            _Split(number, feature, "greater", limit, f"{feature} > {limit:.2f}"),
        )

    def _listed(self, number: int, node: Json, mask: Any, split: _Split | None) -> Json:
        size = int(mask.sum())
        wrong = self.what.errors[mask]
        if self.what.is_classified:
            name, value, error = "Error rate", float(np.mean(wrong)) if size else 0.0, float(wrong.sum())
        else:
            name, value = "Mean squared error", float(np.mean(wrong**2)) if size else 0.0
            error = float(np.abs(wrong).sum())
        feature = node.get("split_feature")
        return {
            "id": number,
            "nodeIndex": number,
            "parentId": split.parent if split else None,
            "parentNodeName": split.feature if split else None,
            "nodeName": None if feature is None else self.what.seen[feature],
            "condition": split.condition if split else None,
            "method": split.method if split else None,
            "arg": split.arg if split else None,
            "values": split.values if split else None,
            "size": size,
            "error": error,
            "success": size - error if self.what.is_classified else 0,
            "metricName": name,
            "metricValue": value,
            "isErrorMetric": True,
            "badFeaturesRowCount": 0,
            "pathFromRoot": "",
            "sourceRowKeyHash": "hashkey",
        }


def matrix(what: Subject, names: list[str]) -> Json:
    """Errors by one or two features; numbers with many values fall into bins of equal width."""
    axes = [_axis(what, name) for name in names]
    codes = [axis[1] for axis in axes]
    first, second = codes[0], codes[1] if len(codes) > 1 else np.zeros(len(what.test), dtype=int)
    lines = [
        [
            _cell(what, (first == row) & (second == column))
            for column in range(len(axes[1][0]["values"]) if len(axes) > 1 else 1)
        ]
        for row in range(len(axes[0][0]["values"]))
    ]
    if len(axes) == 1:
        # One feature is one line.
        return {"category1": axes[0][0], "matrix": [[line[0] for line in lines]]}
    return {"category1": axes[0][0], "category2": axes[1][0], "matrix": lines}


def _axis(what: Subject, name: str) -> tuple[Json, Any]:
    column = what.test[name]
    if name in what.categorical or column.nunique() <= _BINS:
        codes, values = pd.factorize(column, sort=True)
        return {"values": plain.plain(list(values))}, codes
    bins = pd.cut(column, _BINS)
    intervals = bins.cat.categories
    axis = {
        "values": [str(each) for each in intervals],
        "intervalMin": [float(each.left) for each in intervals],
        "intervalMax": [float(each.right) for each in intervals],
    }
    return axis, bins.cat.codes.to_numpy()


def _cell(what: Subject, mask: Any) -> Json:
    wrong, size = what.errors[mask], int(mask.sum())
    if what.is_classified:
        return {"count": size, "falseCount": int(wrong.sum())}
    value = metrics.measure(metrics.SQUARED, what.truth[mask], what.predicted[mask]) if size else 0.0
    return {"count": size, "metricName": "Mean squared error", "metricValue": value}


def _importances(what: Subject, rows: Any) -> list[float]:
    """How much each feature tells about errors."""
    if np.unique(what.errors).size < 2 or len(rows) < 10:
        return [0.0] * len(what.seen)
    informs = mutual_info_classif if what.is_classified else mutual_info_regression
    discrete = [name in what.categorical for name in what.seen]
    complete = rows.fillna(rows.median()).fillna(0.0).to_numpy()
    return [float(each) for each in informs(complete, what.errors, discrete_features=discrete, random_state=0)]


def _codes(node: Json) -> list[float]:
    return [float(each) for each in str(node["threshold"]).split("||")]
