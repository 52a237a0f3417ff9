"""What changing a feature does to the outcome itself, by double machine learning; the model is not asked."""

from __future__ import annotations

import re
import uuid
from argparse import Namespace
from pathlib import Path
from typing import Any

from smalt.runtime.responsible import layout, plain
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.options import listed, seed
from smalt.runtime.responsible.subject import Subject

_VERSION = "0.0.1"
_MOST_ROWS = 5000
Json = dict[str, Any]  # Any: JSON


def analyse(given: Namespace) -> None:
    """Write the effects of a step."""
    what = Subject.open(Path(given.rai_insights_dashboard))
    found = effects(what, given)
    place = layout.result(Path(given.causal_path), "causal", what.folder)
    plain.write(place / "data" / "id.json", {"id": found["id"]})
    plain.write(place / "data" / "version.json", {"version": _VERSION})
    plain.write(place / "data" / "dashboard.json", found)


def effects(what: Subject, given: Namespace) -> Json:
    """Effects over all rows, of each row, and whom to treat how.

    Raises:
        AnalysisError: The rows do not allow it.
    """
    treated = listed(given.treatment_features, "treatment_features")
    unknown = [name for name in treated if name not in what.features]
    if unknown or not treated:
        raise AnalysisError(f"treatment_features {treated!r}: name some of {', '.join(what.features)[:1000]}.")
    if what.is_classified and len(what.columns.labels or []) != 2:
        raise AnalysisError("Causal effects are measured for numbers and for two classes; the target has more.")
    costs = _costs(given.treatment_cost, len(treated))
    analysis = _fitted(what, treated, given)
    rows = what.test[what.features].head(_MOST_ROWS)
    local = analysis.local_causal_effect(rows, alpha=given.alpha, keep_all_levels=True).reset_index()
    return {
        "id": str(uuid.uuid4()),
        "version": _VERSION,
        "config": {"treatment_features": treated},
        "global_effects": _records(analysis.global_causal_effect(alpha=given.alpha, keep_all_levels=True)),
        "local_effects": [each.to_dict(orient="records") for _, each in local.groupby("sample")],
        "policies": [
            _policy(what, analysis, rows, name, cost, given) for name, cost in zip(treated, costs, strict=True)
        ],
    }


def _fitted(what: Subject, treated: list[str], given: Namespace) -> Any:
    from econml.solutions.causal_analysis import CausalAnalysis

    categorical = [name for name in what.features if name in what.columns.categorical]
    analysis = CausalAnalysis(
        treated,
        categorical,
        heterogeneity_inds=listed(given.heterogeneity_features, "heterogeneity_features") or None,
        feature_names=what.features,
        classification=what.is_classified,
        upper_bound_on_cat_expansion=given.upper_bound_on_cat_expansion,
        nuisance_models=given.nuisance_model,
        heterogeneity_model=given.heterogeneity_model,
        categories=given.categories if given.categories == "auto" else listed(given.categories, "categories"),
        n_jobs=given.n_jobs,
        verbose=0,
        random_state=seed(given.random_state),
        skip_cat_limit_checks=given.skip_cat_limit_checks,
    )
    try:
        analysis.fit(what.train[what.features], what.encoded(what.train[what.columns.target]))
    except Exception as failure:  # a library raises anything about rows it does not like
        raise AnalysisError(
            f"Causal effects cannot be measured with these rows: {type(failure).__name__}: {failure}. Leave features "
            "with missing or very rare values out (feature_metadata dropped_features), or set skip_cat_limit_checks."
        ) from failure
    return analysis


def _policy(what: Subject, analysis: Any, rows: Any, name: str, cost: Any, given: Namespace) -> Json:
    """Whom to treat how: by row, and as a tree of rules."""
    local = analysis.individualized_policy(rows, name, treatment_costs=cost, alpha=given.alpha)
    tree = analysis._policy_tree_output(
        rows,
        name,
        treatment_costs=cost,
        max_depth=given.max_tree_depth,
        min_samples_leaf=given.min_tree_leaf_samples,
        alpha=given.alpha,
    )
    return {
        "treatment_feature": name,
        "control_treatment": tree.control_name,
        "local_policies": _records(local),
        "policy_gains": {"recommended_policy_gains": tree.policy_value, "treatment_gains": dict(tree.always_treat)},
        "policy_tree": _tree(tree.tree_dictionary, what.columns.categorical),
    }


def _tree(node: Json, categorical: list[str]) -> Json:
    if node["leaf"]:
        return {"leaf": True, "n_samples": int(node["n_samples"]), "treatment": str(node["treatment"])}
    feature, comparison, value = _comparison(str(node["feature"]), float(node["threshold"]), categorical)
    return {
        "leaf": False,
        "feature": feature,
        "right_comparison": comparison,
        "comparison_value": value,
        "left": _tree(node["left"], categorical),
        "right": _tree(node["right"], categorical),
    }


def _comparison(feature: str, threshold: float, categorical: list[str]) -> tuple[str, str, Any]:
    """When the right branch is taken. A category of a feature is a column `<feature>_<category>` of its own."""
    for name in sorted(categorical, reverse=True):
        match = re.fullmatch(f"{re.escape(name)}_(.+)", feature)
        if match:
            return name, "eq", match[1]
    return feature, "gt", threshold


def _costs(text: str, count: int) -> list[Any]:
    try:
        return [float(text.strip("'\" "))] * count
    except ValueError:
        costs = listed(text, "treatment_cost")
    if len(costs) != count:
        raise AnalysisError(
            f"treatment_cost has {len(costs)} values for {count} treatment features. Give one for each."
        )
    return costs


def _records(frame: Any) -> list[Json]:
    found: list[Json] = frame.reset_index().to_dict(orient="records")
    return found
