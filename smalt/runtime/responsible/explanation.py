"""What a model looks at: a second model learns to say what it says, and tells what each feature has added.

The second one is of trees, whose Shapley values are exact, so that any model can be explained in the same time.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from sklearn.metrics import r2_score

from smalt.runtime.responsible import layout, plain
from smalt.runtime.responsible.encoding import categories, encoded
from smalt.runtime.responsible.subject import Subject

_MOST_TRAINED = 20_000
_MOST_EXPLAINED = 5_000
_SURROGATE = "mimic.lightgbm"
Json = dict[str, Any]  # Any: JSON


def analyse(given: Namespace) -> None:
    """Write the explanation of a step."""
    what = Subject.open(Path(given.rai_insights_dashboard))
    found = explain(what)
    place = layout.result(Path(given.explanation_path), "explainer", what.folder)
    folder = place / "data" / "explainer"
    plain.write(folder / "local_importance_values.json", {"data": found["local"]})
    plain.write(folder / "global_importance_values.json", {"data": found["global"]})
    plain.write(folder / "features.json", {"data": what.seen})
    plain.write(folder / "expected_values.json", {"data": found["intercept"]})
    if what.columns.classes:
        plain.write(folder / "classes.json", {"data": what.columns.classes})
    described = {"method": _SURROGATE, "comment": given.comment, "fidelity": found["fidelity"]}
    plain.write(folder / "manifest.json", described)
    plain.write(place / "data" / "meta.json", {"is_added": True, "is_run": True, **described})


def explain(what: Subject) -> Json:
    """What each feature adds to what the model says: for every row, and on average.

    Returns:
        `local` by class (if there are classes), row and feature; `global` by feature; `intercept`; and `fidelity`, the
        share of what the model says that its stand-in says as well (R2).
    """
    train = what.rows(what.train)
    if len(train) > _MOST_TRAINED:
        train = train.sample(_MOST_TRAINED, random_state=0)
    test = what.rows(what.test).head(_MOST_EXPLAINED)
    known = categories([train, test], what.categorical)
    learned, asked = encoded(train, known), encoded(test, known)
    aims, real = _aims(what, train), _aims(what, test)
    places = [what.seen.index(name) for name in known]
    local, intercept, fidelity = [], [], []
    for aim, truth in zip(aims, real, strict=True):
        stand_in = lightgbm.LGBMRegressor(n_estimators=200, min_child_samples=5, random_state=0, verbosity=-1)
        stand_in.fit(learned.to_numpy(), aim, categorical_feature=places)
        parts = stand_in.predict(asked.to_numpy(), pred_contrib=True)
        local.append(parts[:, :-1])
        intercept.append(float(parts[0, -1]))
        fidelity.append(r2_score(truth, parts.sum(axis=1)) if len(truth) > 1 else float("nan"))
    if what.is_classified and len(local) == 1:
        # Of two classes, what speaks for one speaks against the other.
        local, intercept = [-local[0], local[0]], [1 - intercept[0], intercept[0]]
    return {
        "local": local if what.is_classified else local[0],
        "global": np.mean([np.abs(each).mean(axis=0) for each in local], axis=0),
        "intercept": intercept if what.is_classified else intercept[0],
        "fidelity": float(np.mean(fidelity)),
    }


def _aims(what: Subject, rows: Any) -> list[Any]:
    """What the stand-ins learn: of two classes the probability of the second one, of more each, else the number."""
    if not what.is_classified:
        return [what.model.predict(rows).astype(float)]
    assert what.columns.classes is not None
    count = len(what.columns.classes)
    if what.model.has_probabilities:
        sure = what.model.probabilities(rows)
    else:
        sure = np.eye(count)[what.encoded(what.model.predict(rows))]
    return [sure[:, 1]] if count == 2 else [sure[:, each] for each in range(count)]
