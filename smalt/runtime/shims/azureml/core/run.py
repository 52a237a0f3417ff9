"""The run a script is part of: metrics, tags and files, sent to tracking."""

from __future__ import annotations

import json
import numbers
import os
import shutil
import tempfile
import time
import uuid

from . import _tracking
from .experiment import Experiment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_INPUT = "AZURE_ML_INPUT_"


class RunEnvironmentException(Exception):
    """There is no run here, and the caller wanted one."""


class Run:
    """One run of an experiment. Scripts get theirs by `Run.get_context()`."""

    def __init__(self, experiment: Experiment, run_id: str, **_: Any) -> None:  # Any: options that mean nothing here
        self.experiment = experiment
        self.id = run_id

    @classmethod
    def get_context(cls, allow_offline: bool = True, **_: Any) -> Run:  # Any: as above
        """The run of the running job; outside a job one that only prints."""
        run_id = os.environ.get("MLFLOW_RUN_ID") or os.environ.get("AZUREML_RUN_ID")
        if run_id and _tracking.tracking_uri():
            return cls(Experiment.of_job(), run_id)
        if not allow_offline:
            raise RunEnvironmentException("This script does not run in a job, so there is no run to give.")
        return _OfflineRun(Experiment.of_job(), f"OfflineRun_{uuid.uuid4()}")

    @property
    def parent(self) -> Run | None:
        """The run that this one is a step or trial of."""
        parent = self.tags.get("mlflow.parentRunId")
        return type(self)(self.experiment, parent) if parent else None

    @property
    def tags(self) -> dict[str, str]:
        """All tags."""
        return _pairs(self._run()["data"].get("tags", []))

    @property
    def input_datasets(self) -> Mapping[str, str]:
        """Paths of the job's data inputs by name."""
        return {name[len(_INPUT) :]: path for name, path in os.environ.items() if name.startswith(_INPUT)}

    def get_tags(self) -> dict[str, str]:
        """All tags."""
        return self.tags

    def get_status(self) -> str:
        """How far the run is, in MLflow's words."""
        return str(self._run()["info"]["status"])

    def get_metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return {metric["key"]: metric["value"] for metric in self._run()["data"].get("metrics", [])}

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:  # Any: a scalar
        """Record a number as a metric, anything else as a tag."""
        if isinstance(value, numbers.Number) or hasattr(value, "__float__"):
            self._metric(name, float(value), step or 0)
        else:
            self.tag(name, str(value))

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:  # Any: numbers
        """Record a series under one name."""
        for step, each in enumerate(value):
            self.log(name, each, step=step)

    def log_row(self, name: str, description: str | None = None, **columns: Any) -> None:  # Any: scalars
        """Record one row of a table, a metric per column."""
        for column, each in columns.items():
            self.log(f"{name}.{column}", each)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:  # Any: columns
        """Keep a table as a JSON file of the run."""
        self._keep_json(name, dict(value))

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:  # Any: a matrix document
        """Keep a confusion matrix as a JSON file of the run."""
        self._keep_json(name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:  # Any: a table document
        """Keep an accuracy table as a JSON file of the run."""
        self._keep_json(name, value)

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        """Keep an image file, or a matplotlib figure (Any: its library may be missing), with the run."""
        if path is not None:
            self.upload_file(name if os.path.splitext(name)[1] else name + os.path.splitext(path)[1], path)
            return
        with tempfile.TemporaryDirectory() as folder:
            drawn = os.path.join(folder, "plot.png")
            plot.savefig(drawn)
            self.upload_file(name if name.endswith(".png") else f"{name}.png", drawn)

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag."""
        _tracking.post("runs/set-tag", run_id=self.id, key=key, value="" if value is None else str(value))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set several tags."""
        for key, value in tags.items():
            self.tag(key, value)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Set properties, which tracking keeps as tags."""
        self.set_tags(properties)

    def upload_file(self, name: str, path_or_stream: Any, **_: Any) -> None:  # Any: a path or an open file
        """Keep a file with the run under a name."""
        target = _artifact(name)
        if hasattr(path_or_stream, "read"):
            content = path_or_stream.read()
            with open(target, "wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
        elif os.path.abspath(path_or_stream) != target:
            shutil.copyfile(path_or_stream, target)

    def upload_folder(self, name: str, path: str, **_: Any) -> None:  # Any: as above
        """Keep every file of a folder with the run."""
        for parent, _folders, files in os.walk(path):
            for each in files:
                source = os.path.join(parent, each)
                self.upload_file(os.path.join(name, os.path.relpath(source, path)), source)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing waits: every call above has reached tracking when it returns."""

    def complete(self, **_: Any) -> None:  # Any: as above
        """Nothing to do: the job closes its run when its command ends."""

    def wait_for_completion(self, **_: Any) -> None:  # Any: as above
        """Nothing to wait for from inside the run."""

    def _metric(self, name: str, value: float, step: int) -> None:
        moment = int(time.time() * 1000)
        _tracking.post("runs/log-metric", run_id=self.id, key=name, value=value, timestamp=moment, step=step)

    def _run(self) -> Any:  # Any: JSON
        return _tracking.get("runs/get", run_id=self.id)["run"]

    def _keep_json(self, name: str, document: Any) -> None:  # Any: JSON, perhaps with arrays
        with open(_artifact(f"{name}.json"), "w", encoding="utf-8") as stream:
            json.dump(document, stream, default=_plain)

    def __repr__(self) -> str:
        return f"Run(Experiment: {self.experiment.name}, Id: {self.id})"


class _OfflineRun(Run):
    """Prints what a run would record."""

    @property
    def tags(self) -> dict[str, str]:
        return {}

    def get_status(self) -> str:
        return "Running"

    def get_metrics(self) -> dict[str, float]:
        return {}

    def tag(self, key: str, value: str | None = None) -> None:
        print(f"Attempted to set tag {key}: {value}")

    def _metric(self, name: str, value: float, step: int) -> None:
        print(f"Attempted to log scalar metric {name}: {value}")


def _artifact(name: str) -> str:
    """Path of an artifact of the job, its folder made."""
    root = os.environ.get("SMALT_ARTIFACTS") or os.getcwd()
    inner = os.path.normpath(name)
    if os.path.isabs(inner) or inner.split(os.sep)[0] == "..":
        raise ValueError(f"{name!r} leads out of the run; give a relative name such as 'outputs/plot.png'.")
    path = os.path.join(root, inner)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def _pairs(listed: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in listed}


def _plain(value: Any) -> Any:  # Any: a numpy array or number
    return value.tolist() if hasattr(value, "tolist") else str(value)
