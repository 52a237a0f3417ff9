"""The end of an AutoML job: the best model is handed over, looked at with the test data, and explained."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.runtime.automl import metrics, written
from smalt.runtime.automl.charts import charts
from smalt.runtime.automl.data import Data, Rows, load
from smalt.runtime.automl.entry import entered
from smalt.runtime.automl.judging import measure
from smalt.runtime.automl.models import Model, StackModel, VotingModel

_MOST_ROWS = 1000


def main(settings: Mapping[str, Any]) -> None:  # Any: JSON
    """Write the report."""
    best = Path(settings["inputs"]["best_trial"], written.MODEL)
    shutil.copytree(best, settings["outputs"]["best_model"], dirs_exist_ok=True)
    folder = Path(settings["outputs"]["report"])
    folder.mkdir(parents=True, exist_ok=True)
    _table(folder / "leaderboard.json", settings["board"])
    data = load(settings)
    model = written.load_model(best)
    if data.test is not None:
        _tested(settings, data, model, folder)
    if settings["explain"]:
        _explained(settings, data, model, folder)
    print(f"The best of {len(settings['board'])} models is {settings['board'][0]['algorithm']}.")


def _tested(settings: Mapping[str, Any], data: Data, model: Model, folder: Path) -> None:
    """Metrics and charts of the test data on this child's run, predictions as a file."""
    test = data.test
    assert test is not None
    numbers = model.numbers(test.table)
    written.log(
        metrics=measure(test.target, numbers, test.weight, data, settings),
        charts=charts(test.target, numbers, data.classes),
    )
    shown = test.table.copy()
    shown[settings["target"]] = test.target if data.classes is None else data.classes[test.target]
    shown["predicted"] = numbers if data.classes is None else data.classes[numbers.argmax(axis=1)]
    if data.classes is not None:
        for number, each in enumerate(data.classes):
            shown[f"share_{each}"] = numbers[:, number]
    shown.to_csv(folder / "predictions.csv", index=False)


def _explained(settings: Mapping[str, Any], data: Data, model: Model, folder: Path) -> None:
    """How much worse the model gets when a column is shuffled."""
    import pandas as pd

    found = _explainable(data, model, settings)
    if found is None:
        return
    rows, judged = found
    sample = rows.at(
        pd.Series(range(len(rows.target))).sample(min(_MOST_ROWS, len(rows.target)), random_state=0).to_numpy()
    )
    score = _score(settings, data, judged)
    whole = score(sample.table, sample.target)
    losses = {}
    for name in sample.table.columns:
        shuffled = sample.table.assign(**{name: sample.table[name].sample(frac=1, random_state=0).to_numpy()})
        losses[str(name)] = whole - score(shuffled, sample.target)
    ranked = sorted(losses.items(), key=lambda each: -each[1])
    _table(folder / "explanation.json", [{"feature": name, "importance": loss} for name, loss in ranked])


def _explainable(data: Data, model: Model, settings: Mapping[str, Any]) -> tuple[Rows, Model] | None:
    if settings["task"] != "forecasting":
        return (data.test or data.validation or data.train), model
    members = model.models if isinstance(model, VotingModel | StackModel) else [model]
    for each in members:
        found = each.training_rows()
        if found is not None:
            return Rows(found[0], found[1]), found[2]
    return None


def _score(settings: Mapping[str, Any], data: Data, model: Model) -> Any:  # Any: a function of table and target
    name = settings["metric"]
    sign = -1 if "error" in name else 1

    def score(table: Any, target: Any) -> float:
        return sign * metrics.primary(name, target, model.numbers(table), spread=data.spread)

    return score


def _table(path: Path, rows: list[dict[str, Any]]) -> None:
    """In the form in which MLflow keeps tables."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    path.write_text(json.dumps({"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}))


if __name__ == "__main__":
    entered(main)
