"""One trial: settings are chosen, a model is trained and judged, and written down."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smalt.runtime.automl import ensembles, forecaster, written
from smalt.runtime.automl.charts import charts
from smalt.runtime.automl.data import Data, load
from smalt.runtime.automl.entry import entered
from smalt.runtime.automl.forecaster import Forecaster
from smalt.runtime.automl.judging import Judged, joined, judge, primary, score
from smalt.runtime.automl.learners import propose
from smalt.runtime.automl.models import Model, TabularModel, VotingModel

JUDGED = "validation.npz"


def main(settings: Mapping[str, Any]) -> None:  # Any: JSON
    """Run the trial."""
    data = load(settings)
    if settings["task"] == "forecasting":
        series = forecaster.with_series(settings["forecasting"], data.train.table)
        settings = {**settings, "forecasting": series}
        print(f"Series are told apart by: {', '.join(series.get('time_series_id_column_names') or ['nothing'])}")
    params: dict[str, Any] = {}
    if settings["members"]:
        model, judged = _combined(settings, data)
    else:
        params = propose(
            settings["learner"],
            [(each[0], each[1]) for each in settings["history"]],
            seed=settings["seed"] + settings["number"],
            maximise=settings["maximise"],
        )
        model, judged = _trained(settings, data, params)
    found = score(judged, data, settings)
    folder = Path("outputs")
    folder.mkdir(exist_ok=True)
    judged.save(folder / JUDGED)
    written.save_model(model, _example(model, data), folder / written.MODEL)
    written.log(
        metrics=found,
        params={"algorithm": settings["learner"], **params},
        tags={"automl.settings": json.dumps(params), "score": repr(found[settings["metric"]])},
        charts=charts(judged.truth, judged.numbers, data.classes),
    )
    print(f"{settings['learner']} {json.dumps(params)}: {settings['metric']} {found[settings['metric']]:.6f}")


def _trained(settings: Mapping[str, Any], data: Data, params: Mapping[str, Any]) -> tuple[Model, Judged]:
    make = _maker(settings, data, params)
    if settings["task"] != "forecasting":
        return judge(data, settings, make)
    if data.validation is not None:
        # A forecast begins where the known past ends, so the model for later use must know the validation rows.
        return make().fit(*_whole(data)), judge(data, settings, make)[1]
    parts = []
    for number, (past, rest) in enumerate(forecaster.folds(settings, data.train.table)):
        model = make().fit(data.train.table.iloc[past], data.train.target[past])
        rows = data.train.at(rest)
        parts.append(Judged(rows.target, model.numbers(rows.table), rest * 0 + number))
    return make().fit(data.train.table, data.train.target), joined(parts)


def _maker(settings: Mapping[str, Any], data: Data, params: Mapping[str, Any]) -> Callable[[], Any]:
    featurization, seed, cores = settings["featurization"], settings["seed"], settings["cores"]

    def make() -> Any:
        if settings["task"] == "forecasting":
            return Forecaster(
                settings["learner"], params, settings["forecasting"], featurization, settings["target"], seed, cores
            )
        return TabularModel(settings["task"], settings["learner"], params, featurization, seed, cores, data.classes)

    return make


def _combined(settings: Mapping[str, Any], data: Data) -> tuple[Model, Judged]:
    folders = [Path(settings["inputs"][name]) for name in settings["members"]]
    models = [written.load_model(folder / written.MODEL) for folder in folders]
    judged = [Judged.load(folder / JUDGED) for folder in folders]
    if settings["learner"] == "stack_ensemble":
        return ensembles.stack(models, judged, settings)
    sign = 1 if settings["maximise"] else -1
    return ensembles.vote(models, judged, lambda each: sign * primary(each, data, settings))


def _whole(data: Data) -> tuple[Any, Any]:  # Any: a DataFrame and an array
    """Training and validation rows."""
    import numpy as np
    import pandas as pd

    assert data.validation is not None
    table = pd.concat([data.train.table, data.validation.table], ignore_index=True)
    return table, np.concatenate([data.train.target, data.validation.target])


def _example(model: Any, data: Data) -> Any:  # Any: a model; a DataFrame
    """Rows that the model can be asked about."""
    first = model.models[0] if isinstance(model, VotingModel) else model
    return first.next_rows(data.train.table) if isinstance(first, Forecaster) else data.train.table


if __name__ == "__main__":
    entered(main)
