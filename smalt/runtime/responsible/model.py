"""The model that is looked at: found, loaded, asked."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from smalt.runtime.responsible import plain
from smalt.runtime.responsible.failure import AnalysisError

INFO = "model_info.json"
_INSTALLED = "SMALT_MODEL_REQUIREMENTS"


def identifier(path: str) -> str:
    """The id that a training step has written down.

    Args:
        path: Its output: a folder with `model_info.json`, or that file.

    Raises:
        AnalysisError: There is none.
    """
    place = Path(path)
    file = place / INFO if place.is_dir() else place
    try:
        return str(plain.read(file)["id"])
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise AnalysisError(
            f"The input model_info_path tells no model ({failure}). Write {INFO} with "
            f'{{"id": "<name>:<version>"}} into that output of the training step.'
        ) from None


def fetch(model_id: str) -> Path:
    """The folder of a registered model, brought here.

    Raises:
        AnalysisError: It cannot be fetched.
    """
    import mlflow

    name, _, version = model_id.removeprefix("azureml:").rpartition(":")
    if not name:
        name, version = version, "latest"
    try:
        return Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version}", dst_path=tempfile.mkdtemp()))
    except Exception as failure:  # MLflow raises what its store does
        raise AnalysisError(f"Model {model_id!r} could not be fetched: {failure}") from None


def have_requirements(folder: Path) -> None:
    """Install what a model was trained with, into the private layer of this job, and begin the step anew with it.

    Packages that are loaded already would stay as they are.

    Raises:
        AnalysisError: It cannot be installed.
    """
    if _INSTALLED in os.environ:
        return
    listed = folder / "requirements.txt"
    if not listed.is_file():
        raise AnalysisError("use_model_dependency is true and the model has no requirements.txt. Set it to false.")
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "-r", listed], check=False)
    if done.returncode != 0:
        raise AnalysisError(
            "What the model was trained with could not be installed beside what analyses need; pip says why above. "
            "Set use_model_dependency to false, or train in the environment responsibleai-tabular."
        )
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, _INSTALLED: "1"})  # noqa: S606  (as it was)


class AnalysedModel:
    """A model as a function of rows.

    Args:
        inner: Has `predict`, and perhaps `predict_proba`.
    """

    def __init__(self, inner: Any) -> None:  # Any: whatever MLflow has loaded
        self._inner = inner

    @classmethod
    def load(cls, folder: Path) -> AnalysedModel:
        """The model of a folder in MLflow's layout.

        Raises:
            AnalysisError: It cannot be loaded.
        """
        described = folder / "MLmodel"
        if not described.is_file():
            raise AnalysisError("The model has no MLmodel file. Save it with MLflow, e.g. mlflow.sklearn.save_model.")
        flavors = (yaml.safe_load(described.read_text(encoding="utf-8")) or {}).get("flavors") or {}
        try:
            return cls(_loaded(folder, flavors))
        except Exception as failure:  # a pickle raises anything
            raise AnalysisError(
                f"The model could not be loaded here: {type(failure).__name__}: {failure}. It was saved with other "
                "packages than these: set use_model_dependency to true, or train in the environment "
                "responsibleai-tabular."
            ) from failure

    @property
    def has_probabilities(self) -> bool:
        """Whether it tells how sure it is."""
        return hasattr(self._inner, "predict_proba")

    def predict(self, rows: Any) -> Any:  # Any: a DataFrame, an array
        """What it says of each row."""
        found = np.asarray(self._inner.predict(rows))
        return found.reshape(len(rows), -1)[:, 0] if found.ndim > 1 else found

    def probabilities(self, rows: Any) -> Any:  # Any: as above
        """How probable each class is, in the order of the classes."""
        return np.asarray(self._inner.predict_proba(rows))


def _loaded(folder: Path, flavors: dict[str, Any]) -> Any:
    import mlflow

    if "sklearn" in flavors:
        # As itself: the wrapper of MLflow has no probabilities.
        return mlflow.sklearn.load_model(str(folder))
    return mlflow.pyfunc.load_model(str(folder))
