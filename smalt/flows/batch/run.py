"""A run: what was asked, how far it is, and the records of all runs on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from smalt.flows.batch.errors import InvalidRunStatusError, RunExistsError, RunNotFoundError
from smalt.flows.batch.folder import RunFolder
from smalt.flows.connections import SCRUBBED
from smalt.flows.home import flows_home
from smalt.kit import clock

_LOCK = ".lock"
_SECRET = re.compile(r"key|secret|token|password|connection_string", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_SCHEMA = """
create table if not exists runs (
  name text primary key, created text not null, archived integer not null default 0, document text not null
);
create index if not exists runs_by_time on runs (archived, created desc);
"""


class RunStatus(StrEnum):
    """How far a run is."""

    NOT_STARTED = "NotStarted"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass
class Run:
    """A batch run of a flow.

    Attributes:
        flow: The folder or file of the flow, absolute; an entry `module:name` otherwise.
        data: The data, absolute; None for a run over another run.
        run: The run whose outputs it takes.
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
        with (path / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InvalidRunStatusError(
                    f"Run {self.name!r} is being worked on by another process. Wait until it has ended."
                ) from None
            yield

    def is_held(self) -> bool:
        """Whether a process works on it."""
        try:
            with self.alone():
                return False
        except InvalidRunStatusError:
            return True


class RunStore:
    """The runs of this machine: one SQLite file, the folders beside it."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or flows_home()
        self._path = self.home / "runs.sqlite"

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
        try:
            with self._connection() as connection:
                connection.execute(
                    "insert into runs (name, created, archived, document) values (?, ?, 0, ?)",
                    (run.name, run.created_on, _document(run)),
                )
        except sqlite3.IntegrityError:
            raise RunExistsError(
                f"There is a run {run.name!r} already. Choose another name, or resume it: "
                f"smalt run resume --name {run.name}."
            ) from None

    def save(self, run: Run) -> None:
        """Record what has changed."""
        with self._connection() as connection:
            connection.execute(
                "update runs set document = ?, archived = ? where name = ?",
                (_document(run), run.is_archived, run.name),
            )

    def get(self, name: str) -> Run:
        """A run. One that says Running, but whose process is gone, has failed and can be resumed.

        Raises:
            RunNotFoundError: There is none of that name.
        """
        with self._connection() as connection:
            row = connection.execute("select document from runs where name = ?", (name,)).fetchone()
        if row is None:
            raise RunNotFoundError(f"There is no run {name!r} on this machine. See smalt run list.")
        return self._seen(_run(row[0]))

    def list(self, *, max_results: int | None = 50, archived: bool | None = False) -> list[Run]:
        """Runs, newest first.

        Args:
            max_results: At most so many; None for all.
            archived: Only those that are, only those that are not, or both (None).
        """
        where = "" if archived is None else "where archived = ?"
        values: tuple[int, ...] = () if archived is None else (int(archived),)
        with self._connection() as connection:
            rows = connection.execute(
                f"select document from runs {where} order by created desc limit ?",  # noqa: S608 - one of two texts
                (*values, -1 if max_results is None else max_results),
            ).fetchall()
        return [self._seen(_run(row[0])) for row in rows]

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
        with self._connection() as connection:
            connection.execute("delete from runs where name = ?", (name,))

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

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)  # runs may have been given secrets in variables
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
        finally:
            connection.close()


_FIELDS = frozenset(each.name for each in fields(Run))


def _document(run: Run) -> str:
    return json.dumps(asdict(run), ensure_ascii=False, default=str)


def _run(text: str) -> Run:
    document: Mapping[str, Any] = json.loads(text)  # Any: JSON
    values = {key: value for key, value in document.items() if key in _FIELDS}
    return Run(**values | {"status": RunStatus(values["status"])})
