"""The data of a job: tables read, target and weights taken out, classes numbered, test rows set apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smalt.runtime.automl.failure import DataError
from smalt.runtime.automl.table import read_table

Array = Any  # of numpy, which is not installed where mypy runs
Frame = Any  # of pandas, which is not installed where mypy runs


@dataclass
class Rows:
    """Rows of one table.

    Attributes:
        table: The columns to predict from.
        target: Numbers, or the numbers of classes.
        weight: Of each row.
    """

    table: Frame
    target: Array
    weight: Array | None = None

    def at(self, positions: Array) -> Rows:
        """Some of the rows."""
        weight = None if self.weight is None else self.weight[positions]
        return Rows(self.table.iloc[positions].reset_index(drop=True), self.target[positions], weight)


@dataclass
class Data:
    """Everything a job has.

    Attributes:
        train: To train with, and to judge by where there is nothing else.
        validation: To judge by.
        test: Looked at once, at the end.
        flags: Columns that say which rows of `train` belong to which split.
        classes: The classes in order; None where the target is a number.
        spread: Between the least and the greatest number of the target.
    """

    train: Rows
    validation: Rows | None
    test: Rows | None
    flags: Frame | None
    classes: Array | None
    spread: float


def load(settings: Mapping[str, Any]) -> Data:
    """Read what a job names.

    Raises:
        DataError: It does not fit the job.
    """
    paths = settings["inputs"]
    frames = {
        name: _known(read_table(paths[f"{name}_data"]), settings, name)
        for name in ("training", "validation", "test")
        if f"{name}_data" in paths
    }
    classes = _classes(frames, settings) if settings["task"] == "classification" else None
    flags = None
    if settings.get("split_columns"):
        flags = _taken(frames["training"], settings["split_columns"])
        frames["training"] = frames["training"].drop(columns=settings["split_columns"])
    rows = {name: _rows(frame, settings, classes) for name, frame in frames.items()}
    train, test = rows["training"], rows.get("test")
    if settings.get("test_size"):
        train, test = _set_apart(train, settings)
    target = train.target
    spread = float(target.max() - target.min()) if classes is None else 0.0
    return Data(train, rows.get("validation"), test, flags, classes, spread)


def positive_of(settings: Mapping[str, Any], classes: Array | None) -> int | None:
    """The number of the class that binary metrics are about.

    Raises:
        DataError: There is no such class.
    """
    label = settings.get("positive_label")
    if label is None or classes is None:
        return None
    found = [number for number, each in enumerate(classes) if str(each) == label]
    if not found:
        raise DataError(f"positive_label {label!r} is no class. There are: {', '.join(map(str, classes[:20]))}.")
    return found[0]


def _known(frame: Frame, settings: Mapping[str, Any], name: str) -> Frame:
    target = settings["target"]
    if target not in frame.columns:
        columns = ", ".join(map(str, list(frame.columns)[:20]))
        raise DataError(f"The {name} data has no column {target!r}, the target. It has: {columns}.")
    frame = frame[frame[target].notna()].reset_index(drop=True)
    if not len(frame):
        raise DataError(f"The {name} data has no row with a value in {target!r}.")
    return frame


def _classes(frames: Mapping[str, Frame], settings: Mapping[str, Any]) -> Array:
    found = pd.concat([frame[settings["target"]] for frame in frames.values()]).unique().tolist()
    if len(found) < 2:
        raise DataError(f"The target {settings['target']!r} has one class only, {found[0]!r}. There must be two.")
    if len({type(each) for each in found}) > 1:
        raise DataError(f"The target {settings['target']!r} mixes kinds of values. Make them all text, or all numbers.")
    return np.array(sorted(found))


def _taken(frame: Frame, names: list[str]) -> Frame:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(f"The training data has no column {missing[0]!r}, which the job names.")
    return frame[names]


def _rows(frame: Frame, settings: Mapping[str, Any], classes: Array | None) -> Rows:
    target = frame[settings["target"]]
    table = frame.drop(columns=[settings["target"]])
    weight = None
    if settings.get("weight"):
        if settings["weight"] not in table.columns:
            raise DataError(f"The data has no column {settings['weight']!r}, the weight.")
        weight = table.pop(settings["weight"]).to_numpy(dtype=float)
    if classes is not None:
        return Rows(table, np.searchsorted(classes, target.to_numpy(dtype=classes.dtype)), weight)
    numbers = pd.to_numeric(target, errors="coerce")
    if numbers.isna().any():
        example = target[numbers.isna()].iloc[0]
        raise DataError(f"The target {settings['target']!r} holds {example!r}, which is no number.")
    return Rows(table, numbers.to_numpy(dtype=float), weight)


def _set_apart(train: Rows, settings: Mapping[str, Any]) -> tuple[Rows, Rows]:
    if settings["task"] == "forecasting":
        moments = pd.to_datetime(train.table[settings["forecasting"]["time_column_name"]], format="mixed")
        late = (moments > moments.quantile(1 - settings["test_size"])).to_numpy()
        return train.at(np.flatnonzero(~late)), train.at(np.flatnonzero(late))
    order = np.random.default_rng(settings["seed"]).permutation(len(train.target))
    count = max(int(len(order) * settings["test_size"]), 1)
    return train.at(np.sort(order[count:])), train.at(np.sort(order[:count]))
