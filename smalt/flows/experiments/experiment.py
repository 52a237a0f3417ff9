"""An experiment: a template with copies of its flows, how far it is, and the experiments of this machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from smalt.flows.documents import Documents
from smalt.flows.experiments import graph, template
from smalt.flows.experiments.errors import (
    ExperimentExistsError,
    ExperimentNotFoundError,
    ExperimentStatusError,
    ExperimentValueError,
)
from smalt.flows.experiments.template import ChatGroupNode, CommandNode, FlowNode, Template
from smalt.flows.home import flows_home
from smalt.kit import clock, holding

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_LEFT_OUT = shutil.ignore_patterns(".git", ".runs", ".promptflow", "__pycache__", ".venv", "node_modules", ".env")

Document = dict[str, Any]  # Any: JSON


class ExperimentStatus(StrEnum):
    """How far an experiment is. How each node ended stands in its runs."""

    NOT_STARTED = "NotStarted"
    QUEUING = "Queuing"
    IN_PROGRESS = "InProgress"
    TERMINATED = "Terminated"


@dataclass
class Experiment:
    """An experiment.

    Attributes:
        node_runs: The runs of each node, oldest first, with how they ended and what they were made of.
        error: Why it ended before every node had run.
        pid: The process that works on it.
    """

    name: str
    template: Template
    output_path: str
    status: ExperimentStatus = ExperimentStatus.NOT_STARTED
    created_on: str = ""
    last_start_time: str | None = None
    last_end_time: str | None = None
    node_runs: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    error: str | None = None
    pid: int | None = None
    is_archived: bool = False

    @classmethod
    def from_template(cls, source: Template, name: str | None = None, *, home: Path | None = None) -> Experiment:
        """An experiment of a template. Flows and code are copied, so that later changes do not count.

        Raises:
            ExperimentValueError: The nodes do not fit together, or the name is none.
        """
        graph.check(source)
        made = name or re.sub(r"[^A-Za-z0-9_-]", "_", f"{source.folder_name}_{datetime.now():%Y%m%d_%H%M%S_%f}")
        if not _NAME.fullmatch(made):
            raise ExperimentValueError(
                f"{made!r} cannot be the name of an experiment. Use letters, digits, '_', '-' and '.'."
            )
        folder = (home or flows_home()) / ".exps" / made
        if folder.exists():
            raise ExperimentExistsError(f"There is an experiment {made!r} already. Choose another name, or start it.")
        experiment = cls(made, template.of_document(template.to_document(source), folder, source.source), str(folder))
        experiment.take_snapshot()
        return experiment

    @property
    def folder(self) -> Path:
        """Its files: `snapshots/`, `runs/` and `logs/`."""
        return Path(self.output_path)

    @property
    def is_terminal(self) -> bool:
        """Whether nothing works on it."""
        return self.status in (ExperimentStatus.NOT_STARTED, ExperimentStatus.TERMINATED)

    def take_snapshot(self) -> None:
        """Copy flows and code of the nodes, and let the nodes refer to the copies."""
        snapshots = self.folder / "snapshots"
        shutil.rmtree(snapshots, ignore_errors=True)
        for node in self.template.nodes:
            target = snapshots / node.name
            if isinstance(node, FlowNode):
                node.path = _copied(Path(node.path), target)
            elif isinstance(node, CommandNode):
                node.code = _copied_code(node.code, target)
            else:
                _copy_roles(node, target)

    def take(self) -> TextIO:
        """Hold the experiment; what is returned lets go when it is closed.

        Raises:
            ExperimentStatusError: A process works on it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        held = holding.take(self.folder / ".lock")
        if held is None:
            raise ExperimentStatusError(
                f"Experiment {self.name} is {self.status}, cannot be started repeatedly. Wait for it, or stop it: "
                f"smalt experiment stop --name {self.name}."
            )
        return held

    def is_held(self) -> bool:
        """Whether a process works on it."""
        return holding.is_held(self.folder / ".lock")

    def with_inputs(self, given: Mapping[str, Any]) -> list[str]:  # Any: values of inputs, or paths of data
        """Replace inputs and paths of data; the names that it does not know."""
        inputs = {item.name: item for item in self.template.inputs}
        data = {item.name: item for item in self.template.data}
        for name, value in given.items():
            if name in inputs:
                inputs[name].default = inputs[name].value(value)
            elif name in data:
                data[name].path = str(Path(value).expanduser().absolute())
        return [name for name in given if name not in inputs and name not in data]

    def document(self) -> Document:
        """The experiment as it is shown and kept."""
        return {
            "name": self.name,
            **template.to_document(self.template),
            "source": str(self.template.source) if self.template.source else None,
            "output_path": self.output_path,
            "status": str(self.status),
            "created_on": self.created_on,
            "last_start_time": self.last_start_time,
            "last_end_time": self.last_end_time,
            "node_runs": self.node_runs,
            "error": self.error,
            "pid": self.pid,
            "is_archived": self.is_archived,
        }


class ExperimentStore:
    """The experiments of this machine."""

    def __init__(self, home: Path | None = None) -> None:
        self._documents = Documents("experiments", home)

    def add(self, experiment: Experiment) -> None:
        """Record a new experiment.

        Raises:
            ExperimentExistsError: There is one of that name.
        """
        experiment.created_on = experiment.created_on or clock.to_text(clock.now())
        if not self._documents.add(experiment.name, experiment.document(), created=experiment.created_on):
            raise ExperimentExistsError(f"There is an experiment {experiment.name!r} already. Choose another name.")

    def save(self, experiment: Experiment) -> None:
        """Record what has changed."""
        self._documents.save(experiment.name, experiment.document(), is_archived=experiment.is_archived)

    def get(self, name: str) -> Experiment:
        """An experiment. One whose process is gone has ended.

        Raises:
            ExperimentNotFoundError: There is none of that name.
        """
        document = self._documents.find(name)
        if document is None:
            raise ExperimentNotFoundError(f"There is no experiment {name!r} here. See smalt experiment list.")
        return _experiment(document)

    def list(self, *, max_results: int | None = 50, archived: bool | None = False) -> list[Experiment]:
        """Experiments, newest first: archived ones, others, or both (None)."""
        return [_experiment(each) for each in self._documents.list(max_results=max_results, archived=archived)]

    def delete(self, name: str) -> None:
        """Forget an experiment and its files. Its runs are forgotten with them by whoever keeps runs.

        Raises:
            ExperimentNotFoundError: There is none of that name.
            ExperimentStatusError: A process works on it.
        """
        experiment = self.get(name)
        with experiment.take():
            self._documents.delete(name)
        shutil.rmtree(experiment.folder, ignore_errors=True)


def _experiment(document: Document) -> Experiment:
    folder = Path(document["output_path"])
    source = Path(document["source"]) if document.get("source") else None
    experiment = Experiment(
        document["name"],
        template.of_kept(document, source),
        str(folder),
        ExperimentStatus(document["status"]),
        document["created_on"],
        document["last_start_time"],
        document["last_end_time"],
        document["node_runs"],
        document["error"],
        document["pid"],
        bool(document["is_archived"]),
    )
    if not experiment.is_terminal and not experiment.is_held():
        experiment.status, experiment.pid = ExperimentStatus.TERMINATED, None
        for noted in (each for runs in experiment.node_runs.values() for each in runs):
            noted["status"] = "Failed" if noted["status"] == "InProgress" else noted["status"]
        experiment.error = (
            "The process that worked on it has ended. Go on where it stopped: "
            f"smalt experiment start --name {experiment.name}."
        )
    return experiment


def _copied(path: Path, target: Path) -> str:
    from smalt.flows.serving.packing import copy_flow

    copy_flow(path, target)
    return str(target / path.name if path.suffix == ".prompty" else target)


def _copied_code(code: str | None, target: Path) -> str:
    if code is None:
        target.mkdir(parents=True)
    elif Path(code).is_dir():
        shutil.copytree(code, target, ignore=_LEFT_OUT)
    else:
        target.mkdir(parents=True)
        shutil.copy(code, target)
    return str(target)


def _copy_roles(node: ChatGroupNode, target: Path) -> None:
    for role in node.roles:
        role["path"] = _copied(Path(role["path"]), target / str(role["role"]))
    node.code = str(target)
