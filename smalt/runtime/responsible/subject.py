"""What is analysed: rows with their truth, what the model says of them, and what the columns are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from smalt.runtime.responsible import plain
from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.model import AnalysedModel, have_requirements
from smalt.runtime.responsible.reading import read_rows

Frame = Any
"""A DataFrame; pandas brings no types."""

INFO, META = "rai_insights.json", "meta.json"
MODEL, PREDICTIONS, TRAIN, TEST = "model", "predictions", "train", "test"
CLASSIFICATION, REGRESSION = "classification", "regression"


@dataclass(frozen=True)
class Columns:
    """What the columns of the tables are.

    Args:
        target: The one that is predicted.
        task: `classification` or `regression`.
        categorical: Features that are no numbers.
        dropped: Columns that the model does not see.
        labels: The values of the target, if it has classes.
        classes: How they are called, in the same order.
        metadata: As it was given: identity, dates, dropped columns.
    """

    target: str
    task: str
    categorical: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    labels: list[Any] | None = None  # Any: numbers or texts
    classes: list[str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As `meta.json` has it."""
        return {
            "target_column": self.target,
            "task_type": self.task,
            "categorical_features": self.categorical,
            "classes": self.classes,
            "labels": self.labels,
            "feature_metadata": {**self.metadata, "dropped_features": self.dropped or None},
        }

    @staticmethod
    def of(document: dict[str, Any]) -> Columns:
        """What `meta.json` says."""
        metadata = dict(document.get("feature_metadata") or {})
        dropped = metadata.pop("dropped_features", None) or []
        return Columns(
            document["target_column"],
            document["task_type"],
            document["categorical_features"],
            dropped,
            document.get("labels"),
            document.get("classes"),
            metadata,
        )


@dataclass
class Subject:
    """A model with the rows it is judged by.

    Args:
        folder: The output of the constructor.
        columns: What the columns are.
        train: Rows it was trained with.
        test: Rows it is judged by.
    """

    folder: Path
    columns: Columns
    train: Frame
    test: Frame

    @staticmethod
    def open(folder: Path) -> Subject:
        """What the constructor has left.

        Raises:
            AnalysisError: The folder is no output of it.
        """
        if not (folder / META).is_file():
            raise AnalysisError("The input rai_insights_dashboard is no output of rai_tabular_insight_constructor.")
        document = plain.read(folder / META)
        if document["use_model_dependency"]:
            have_requirements(folder / MODEL)
        test = read_rows(str(folder / TEST)).head(document["maximum_rows"]).reset_index(drop=True)
        return Subject(folder, Columns.of(document), read_rows(str(folder / TRAIN)), test)

    @cached_property
    def model(self) -> AnalysedModel:
        """The model."""
        return AnalysedModel.load(self.folder / MODEL)

    @property
    def is_classified(self) -> bool:
        """Whether the target has classes."""
        return self.columns.task == CLASSIFICATION

    @property
    def features(self) -> list[str]:
        """The columns beside the target, in their order."""
        return [str(name) for name in self.test.columns if name != self.columns.target]

    @property
    def seen(self) -> list[str]:
        """Those that the model sees."""
        return [name for name in self.features if name not in self.columns.dropped]

    @property
    def categorical(self) -> list[str]:
        """Those of them that are no numbers."""
        return [name for name in self.seen if name in self.columns.categorical]

    def rows(self, frame: Frame) -> Frame:
        """The part of a table that the model sees."""
        return frame[self.seen]

    @cached_property
    def predicted(self) -> Any:  # Any: an array
        """What the model says of the test rows: positions of classes, or numbers."""
        return np.asarray(plain.read(self.folder / PREDICTIONS / "predict.json"))

    @cached_property
    def probabilities(self) -> Any:  # Any: an array, or None
        """How probable each class is for each test row, if the model tells."""
        file = self.folder / PREDICTIONS / "predict_proba.json"
        return np.asarray(plain.read(file)) if file.is_file() else None

    @cached_property
    def truth(self) -> Any:  # Any: an array
        """What is right of the test rows, in the same terms as what the model says."""
        return self.encoded(self.test[self.columns.target])

    @cached_property
    def errors(self) -> Any:  # Any: an array
        """Which rows are wrong, or by how much."""
        return self.predicted != self.truth if self.is_classified else self.predicted - self.truth

    def encoded(self, values: Any) -> Any:  # Any: a column
        """Values of the target as positions of classes, or as numbers.

        Raises:
            AnalysisError: A value is of no class.
        """
        if not self.is_classified:
            return np.asarray(values, dtype=float)
        assert self.columns.labels is not None
        places = {str(label): place for place, label in enumerate(self.columns.labels)}
        try:
            return np.asarray([places[str(each)] for each in plain.plain(np.asarray(values))])
        except KeyError as failure:
            known = ", ".join(list(places)[:20])
            raise AnalysisError(f"The value {failure} of {self.columns.target!r} is none of: {known}.") from None


def classes_of(values: Any, given: Sequence[str] | None) -> tuple[list[Any], list[str]]:  # Any: a column
    """The values of a target in their order, and how they are called.

    Args:
        values: All of them.
        given: Names that the user has given: the values themselves in another order, or a name for each.

    Raises:
        AnalysisError: There is another number of names.
    """
    labels = plain.plain(np.unique(np.asarray(values)))
    if not given:
        return labels, [str(each) for each in labels]
    by_text = {str(each): each for each in labels}
    if set(given) == set(by_text):
        return [by_text[name] for name in given], list(given)
    if len(given) != len(labels):
        raise AnalysisError(
            f"The input classes has {len(given)} names and the target {len(labels)} values "
            f"({', '.join(list(by_text)[:10])}). Name each of them, in the order of the values."
        )
    return labels, list(given)
