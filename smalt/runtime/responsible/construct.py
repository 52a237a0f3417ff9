"""The first step: model and rows are brought together, and the model is asked once."""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from smalt.runtime.responsible import history, model, plain, subject
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.options import listed, mapping
from smalt.runtime.responsible.reading import read_rows
from smalt.runtime.responsible.subject import CLASSIFICATION, REGRESSION, Columns, Subject

_METADATA = ("identity_feature_name", "datetime_features", "time_series_id_features")


def construct(given: Namespace) -> None:
    """Write what the analyses begin with.

    Raises:
        AnalysisError: Model and rows do not go together, or something is not done here.
    """
    if given.task_type not in (CLASSIFICATION, REGRESSION):
        raise AnalysisError(
            f"task_type {given.task_type!r} is not analysed here: write {CLASSIFICATION} or {REGRESSION}. "
            "Forecasts of AutoML jobs have their own page in the studio."
        )
    folder = Path(given.output_path)
    model_id, place = _model(given)
    shutil.copytree(place, folder / subject.MODEL, dirs_exist_ok=True)
    if given.use_model_dependency:
        model.have_requirements(folder / subject.MODEL)
    for source, name in ((given.train_dataset, subject.TRAIN), (given.test_dataset, subject.TEST)):
        _copy(Path(source), folder / name)
    columns = _columns(given, read_rows(given.train_dataset), read_rows(given.test_dataset))
    rows = {**columns.document(), "maximum_rows": given.maximum_rows_for_test_dataset}
    plain.write(folder / subject.META, {**rows, "use_model_dependency": given.use_model_dependency})
    _ask(Subject.open(folder))
    arguments = {name: str(value) for name, value in vars(given).items() if value is not None}
    plain.write(
        folder / subject.INFO,
        {
            "rai_insights_parent_run_id": os.environ.get("MLFLOW_RUN_ID"),
            "model_id": model_id,
            "constructor_args": columns.document(),
            "train_dataset_id": Path(given.train_dataset).name,
            "test_dataset_id": Path(given.test_dataset).name,
            "dashboard_title": given.title,
            "rai_insight_input_args": arguments,
        },
    )
    history.tell({"type": "construction", "model_id": model_id, "dashboard_title": given.title})


def _model(given: Namespace) -> tuple[str, Path]:
    if given.model_info_path:
        model_id = model.identifier(given.model_info_path)
        return model_id, model.fetch(model_id)
    if given.model_info:
        return given.model_info, Path(given.model_input) if given.model_input else model.fetch(given.model_info)
    raise AnalysisError("No model is given. Set model_info_path, or model_info with model_input.")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target / source.name)


def _columns(given: Namespace, train: Any, test: Any) -> Columns:
    target = given.target_column_name
    missing = [name for name in train.columns if name not in test.columns]
    if target not in train.columns or missing:
        wrong = ", ".join(map(str, missing)) or target
        raise AnalysisError(
            f"Train and test rows need the same columns, with the target {target!r} among them; missing: {wrong}. "
            f"There are: {', '.join(map(str, test.columns))[:1000]}."
        )
    if not len(test):
        raise AnalysisError("The test dataset has no rows. Give rows that the model was not trained with.")
    metadata = mapping(given.feature_metadata, "feature_metadata")
    dropped = metadata.get("dropped_features") or []
    categorical = listed(given.categorical_column_names, "categorical_column_names")
    unknown = [name for name in (*categorical, *dropped) if name not in train.columns]
    if unknown:
        raise AnalysisError(f"There is no column {', '.join(map(repr, unknown))}. Name columns of the train dataset.")
    labels: list[Any] | None = None
    names: list[str] | None = None
    if given.task_type == CLASSIFICATION:
        every = np.concatenate([np.asarray(train[target]), np.asarray(test[target])])
        labels, names = subject.classes_of(every, listed(given.classes, "classes"))
    # Text that nobody has declared cannot be measured as a number either.
    texts = [name for name in train.columns if train[name].dtype.kind not in "biufc" and name != target]
    return Columns(
        target,
        given.task_type,
        sorted({*categorical, *map(str, texts)} - {target}, key=list(map(str, train.columns)).index),
        list(dropped),
        labels,
        names,
        {name: metadata.get(name) for name in _METADATA},
    )


def _ask(what: Subject) -> None:
    """Ask the model about the test rows and keep what it says."""
    rows = what.rows(what.test)
    folder = what.folder / subject.PREDICTIONS
    try:
        said = what.model.predict(rows)
        sure = what.model.probabilities(rows) if what.is_classified and what.model.has_probabilities else None
    except Exception as failure:  # user code raises anything
        raise AnalysisError(
            f"The model could not be asked about the test rows: {type(failure).__name__}: {failure}. It was given "
            f"the columns {', '.join(what.seen)[:1000]}."
        ) from failure
    plain.write(folder / "predict.json", what.encoded(said))
    if sure is not None:
        plain.write(folder / "predict_proba.json", sure)
    wrong = what.errors
    how = f"{np.mean(wrong):.1%} of them wrong" if what.is_classified else f"off by {np.mean(np.abs(wrong)):.4g}"
    print(f"The model was asked about {len(rows)} rows: {how}.", flush=True)
