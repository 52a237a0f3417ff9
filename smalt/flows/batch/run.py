"""A run: what was asked, how far it is, and the records of all runs on this machine."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from smalt.flows.batch.errors import InvalidRunStatusError, RunExistsError, RunNotFoundError
from smalt.flows.batch.folder import RunFolder
from smalt.flows.connections import SCRUBBED
from smalt.flows.documents import Documents
from smalt.flows.home import flows_home
from smalt.kit import clock, holding

_LOCK = ".lock"
_SECRET = re.compile(r"key|secret|token|password|connection_string", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


class RunStatus(StrEnum):
    """How far a run is."""

    NOT_STARTED = "NotStarted"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


class RunType(StrEnum):
    """What runs: a flow over lines, a group of flows that talk over lines, or a command of an experiment."""

    BATCH = "batch"
    CHAT_GROUP = "chat_group"
    COMMAND = "command"


@dataclass
class Run:
    """A batch run of a flow.

    Attributes:
        flow: The folder or file of the flow, absolute; an entry `module:name` otherwise.
        data: The data, absolute; None for a run over another run.
        run: The run whose outputs it takes.
        sources: Paths of further rows, by the names that the column mapping knows.
        experiment: The experiment whose node it is.
        command: What is run instead of a flow, and `outputs` where it writes.
        node: The only node that runs; a line has what it refers to.
        lines: How many lines it has, once they are known.
        error: Why the run as a whole failed.
    """

    name: str
    flow: str
    output_path: str
    data: str | None = None
    run: str | None = None
    column_mapping: dict[str, Any] = field(default_factory=dict)  # Any: literals
    variant: str | None = None
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)  # Any: settings of nodes
    environment_variables: dict[str, str] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)  # Any: arguments of classes
    display_name: str | None = None
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    resume_from: str | None = None
    node: str | None = None
    type: RunType = RunType.BATCH
    sources: dict[str, str] = field(default_factory=dict)
    experiment: str | None = None
    command: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    status: RunStatus = RunStatus.NOT_STARTED
    created_on: str = ""
    start_time: str | None = None
    end_time: str | None = None
    lines: int | None = None
    completed_lines: int = 0
    failed_lines: int = 0
    system_metrics: dict[str, Any] = field(default_factory=dict)  # Any: numbers
    error: dict[str, Any] | None = None  # Any: JSON
    is_archived: bool = False

    @property
    def folder(self) -> RunFolder:
        """Its files."""
        return RunFolder(Path(self.output_path))

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.status in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED)

    @property
    def duration_seconds(self) -> float | None:
        """From its start to its end."""
        if self.start_time is None or self.end_time is None:
            return None
        return (clock.from_text(self.end_time) - clock.from_text(self.start_time)).total_seconds()

    def document(self) -> dict[str, Any]:  # Any: JSON
        """The run as it is shown: what looks like a secret among its variables is stars."""
        shown = {key: value for key, value in asdict(self).items() if value not in (None, {}, "")}
        for part in ("environment_variables", "init"):
            if part in shown:
                shown[part] = {key: SCRUBBED if _SECRET.search(key) else value for key, value in shown[part].items()}
        return shown | {"status": str(self.status)}

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the run for as long as this process works on it; a kill lets go.

        Raises:
            InvalidRunStatusError: Another process works on it.
        """
        path = Path(self.output_path)
        path.mkdir(parents=True, exist_ok=True)
        lock = holding.take(path / _LOCK)
        if lock is None:
            raise InvalidRunStatusError(
                f"Run {self.name!r} is being worked on by another process. Wait until it has ended."
            )
        with lock:
            yield

    def is_held(self) -> bool:
        """Whether a process works on it."""
        return holding.is_held(Path(self.output_path) / _LOCK)


class RunStore:
    """The runs of this machine: one SQLite file, the folders beside it."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or flows_home()
        self._documents = Documents("runs", self.home)

    def folder_of(self, name: str, *, parent: Path | None = None) -> Path:
        """Where the files of a run go: `run.output_path` of the settings, or `.runs` of the home."""
        return (parent or self.home / ".runs") / name

    def add(self, run: Run) -> None:
        """Record a new run.

        Raises:
            RunExistsError: There is one of that name.
        """
        if not _NAME.fullmatch(run.name):
            raise InvalidRunStatusError(
                f"{run.name!r} cannot be the name of a run. Use letters, digits, '_', '-' and '.'."
            )
        run.created_on = run.created_on or clock.to_text(clock.now())
        if not self._documents.add(run.name, asdict(run), created=run.created_on):
            raise RunExistsError(
                f"There is a run {run.name!r} already. Choose another name, or resume it: "
                f"smalt run resume --name {run.name}."
            )

    def save(self, run: Run) -> None:
        """Record what has changed."""
        self._documents.save(run.name, asdict(run), is_archived=run.is_archived)

    def get(self, name: str) -> Run:
        """A run. One that says Running, but whose process is gone, has failed and can be resumed.

        Raises:
            RunNotFoundError: There is none of that name.
        """
        document = self._documents.find(name)
        if document is None:
            raise RunNotFoundError(f"There is no run {name!r} on this machine. See smalt run list.")
        return self._seen(_run(document))

    def list(self, *, max_results: int | None = 50, archived: bool | None = False) -> list[Run]:
        """Runs, newest first.

        Args:
            max_results: At most so many; None for all.
            archived: Only those that are, only those that are not, or both (None).
        """
        found = self._documents.list(max_results=max_results, archived=archived)
        return [self._seen(_run(each)) for each in found]

    def delete(self, name: str) -> None:
        """Forget a run and remove its folder.

        Raises:
            RunNotFoundError: There is none of that name.
            InvalidRunStatusError: It is running.
        """
        run = self.get(name)
        if run.status is RunStatus.RUNNING:
            raise InvalidRunStatusError(f"Run {name!r} is running. End it before it is deleted.")
        if (Path(run.output_path) / _LOCK).exists():  # a folder that was only recorded here is its owner's
            shutil.rmtree(run.output_path, ignore_errors=True)
        self._documents.delete(name)

    def _seen(self, run: Run) -> Run:
        if run.status is RunStatus.RUNNING and Path(run.output_path).is_dir() and not run.is_held():
            run.status = RunStatus.FAILED
            done = run.folder.lines().values()
            run.completed_lines = sum(line["status"] == RunStatus.COMPLETED for line in done)
            run.error = {
                "code": "RunInterrupted",
                "message": f"The process that ran it has ended after {run.completed_lines} completed lines. "
                f"Go on where it stopped: smalt run resume --name {run.name}.",
            }
        return run


_FIELDS = frozenset(each.name for each in fields(Run))


def _run(document: Mapping[str, Any]) -> Run:  # Any: JSON
    values = {key: value for key, value in document.items() if key in _FIELDS}
    words = {"status": RunStatus(values["status"]), "type": RunType(values.get("type", RunType.BATCH))}
    return Run(**values | words)
