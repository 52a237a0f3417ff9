"""What would have to be otherwise for the model to say otherwise."""

from __future__ import annotations

import uuid
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smalt.runtime.responsible import layout, plain
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.options import listed, mapping
from smalt.runtime.responsible.search import Search, Space
from smalt.runtime.responsible.subject import Subject

_OPPOSITE = "opposite"
Json = dict[str, Any]  # Any: JSON


def analyse(given: Namespace) -> None:
    """Write the counterfactuals of a step."""
    what = Subject.open(Path(given.rai_insights_dashboard))
    vary = given.features_to_vary.strip().strip("'\"")
    found = find(
        what,
        total=given.total_CFs,
        method=given.method,
        desired_class=given.desired_class,
        desired_range=listed(given.desired_range, "desired_range") or None,
        permitted=mapping(given.permitted_range, "permitted_range"),
        vary=None if vary == "all" else listed(vary, "features_to_vary"),
        with_importance=given.feature_importance,
    )
    place = layout.result(Path(given.counterfactual_path), "counterfactual", what.folder)
    settings = {name: getattr(given, name) for name in ("method", "desired_class", "desired_range", "features_to_vary")}
    plain.write(place / "configuration" / "config.json", {**settings, "total_CFs": given.total_CFs, "id": found["id"]})
    plain.write(place / "data" / "counterfactual.json", found)


def find(
    what: Subject,
    *,
    total: int,
    method: str,
    desired_class: str | None = None,
    desired_range: list[float] | None = None,
    permitted: dict[str, list[Any]] | None = None,
    vary: list[str] | None = None,
    with_importance: bool = True,
) -> Json:
    """Counterfactuals of each test row, as dashboards have them.

    Args:
        what: Model and rows.
        total: How many for each row.
        method: How they are looked for: `random`, `genetic` or `kdtree`.
        desired_class: A class, or `opposite` of two.
        desired_range: Low and high end of a number.
        permitted: Ranges, or values, that features may take.
        vary: Features that may change; all, if none are named.
        with_importance: Whether to tell which features change most.

    Raises:
        AnalysisError: It is not clear what is wanted.
    """
    permitted, vary = permitted or {}, vary or what.seen
    _check(what, [*vary, *permitted], method)
    aims = _aims(what, desired_class, desired_range)
    space = Space(what.rows(what.train), vary, permitted, what.categorical)
    rows = what.rows(what.test)
    found: list[Any] = [rows.iloc[:0]] * len(rows)
    for mask, is_wanted in aims:
        places = np.flatnonzero(mask)
        if not len(places):
            continue
        looked: list[Any] = getattr(Search(space, is_wanted, total), method)(rows.iloc[places].reset_index(drop=True))
        for place, each in zip(places, looked, strict=True):
            found[place] = each
    local = _importance(rows, found) if with_importance else None
    return {
        "id": str(uuid.uuid4()),
        "cfs_list": _with_outcome(what, found),
        "test_data": [[[*row, what.predicted[place]]] for place, row in enumerate(plain.plain(rows.to_numpy()))],
        "feature_names": what.seen,
        "feature_names_including_target": [*what.seen, what.columns.target],
        "local_importance": local,
        "summary_importance": None if local is None else np.mean(local, axis=0),
        "model_type": "classifier" if what.is_classified else "regressor",
        "desired_class": desired_class or (_OPPOSITE if what.is_classified else None),
        "desired_range": desired_range,
        "data_interface": {"outcome_name": what.columns.target},
        "metadata": {"version": "2.0"},
    }


def _check(what: Subject, named: list[str], method: str) -> None:
    unknown = sorted({name for name in named if name not in what.seen})
    if unknown:
        raise AnalysisError(f"There is no feature {', '.join(unknown)}. There are: {', '.join(what.seen)[:1000]}.")
    if method not in ("random", "genetic", "kdtree"):
        raise AnalysisError(f"The method {method!r} is unknown. Write random, genetic or kdtree.")


def _aims(
    what: Subject, desired_class: str | None, desired_range: list[float] | None
) -> list[tuple[Any, Callable[[Any], Any]]]:
    """Which rows are looked at, each with what is wanted of its counterfactuals."""

    def said(rows: Any) -> Any:
        return what.encoded(what.model.predict(rows)) if len(rows) else np.zeros(0)

    if not what.is_classified:
        if desired_range is None or len(desired_range) != 2:
            raise AnalysisError("desired_range is missing. Write the low and the high end, e.g. '[5, 10]'.")
        low, high = desired_range
        outside = (what.predicted < low) | (what.predicted > high)
        return [(outside, lambda rows: (said(rows) >= low) & (said(rows) <= high))]
    labels, classes = what.columns.labels or [], what.columns.classes or []
    wanted = (desired_class or _OPPOSITE).strip("'\"")
    if wanted == _OPPOSITE:
        if len(labels) != 2:
            raise AnalysisError(f"There are {len(labels)} classes, so none is the opposite. Name one: {classes}.")
        return [
            (what.predicted == 0, lambda rows: said(rows) == 1),
            (what.predicted == 1, lambda rows: said(rows) == 0),
        ]
    known = [[str(each) for each in labels], classes]
    place = next((names.index(wanted) for names in known if wanted in names), None)
    if place is None:
        raise AnalysisError(f"desired_class {wanted!r} is none of: {', '.join(classes)}.")
    return [(what.predicted != place, lambda rows: said(rows) == place)]


def _with_outcome(what: Subject, found: list[Any]) -> list[Any]:
    """Rows with what the model says of them, or null where none was found."""
    together = pd.concat(found)
    outcomes = plain.plain(what.encoded(what.model.predict(together))) if len(together) else []
    ends = np.cumsum([0, *(len(each) for each in found)])
    told = []
    for place, each in enumerate(found):
        own = outcomes[ends[place] : ends[place + 1]]
        rows = plain.plain(each.to_numpy())
        told.append([[*row, outcome] for row, outcome in zip(rows, own, strict=True)] or None)
    return told


def _importance(rows: Any, found: list[Any]) -> Any:
    """For each row, in which part of its counterfactuals each feature is otherwise."""
    values = rows.to_numpy()
    return np.asarray(
        [
            (each.to_numpy() != values[place]).mean(axis=0) if len(each) else np.zeros(values.shape[1])
            for place, each in enumerate(found)
        ]
    )
