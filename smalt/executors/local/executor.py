"""The local executor: starts supervisors, finds them again, and reads what they wrote."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from smalt.errors import NotFound, Unavailable
from smalt.executors.base import STD_LOG, Executor, Handle, Phase, Plan, Reason, Workload, WorkloadState
from smalt.executors.local import planning
from smalt.executors.local.folder import JobFolder, to_state
from smalt.executors.local.forkserver import Forkserver, ForkserverLost
from smalt.executors.local.watcher import Watcher
from smalt.kit import ids


class LocalExecutor(Executor):
    """Runs every workload under a supervisor process of its own on this Linux machine.

    A handle is the workload's name. Several executors may share a root, one after another or at once.

    Args:
        root: Folder of all job folders.
        on_change: Called with a handle, in a thread of the executor, whenever its workload may have changed.
        inherit: Patterns of the variables that jobs get from this process's environment.
    """

    def __init__(
        self,
        root: Path,
        on_change: Callable[[Handle], None] | None = None,
        *,
        inherit: Iterable[str] = planning.INHERITED,
    ) -> None:
        self._root = root.absolute()
        self._root.mkdir(parents=True, exist_ok=True)
        self._machine = planning.inherited(os.environ, inherit)
        self._on_change = on_change
        self._forkserver = Forkserver(self._machine)
        self._watcher = Watcher(self._root / ".watch" / ids.opaque(), self._note_change, self._note_end)

    def close(self) -> None:
        """Stop watching. What runs goes on running."""
        self._watcher.close()
        self._forkserver.close()

    def plan(self, workload: Workload) -> Plan:
        """See `Executor.plan`."""
        return planning.plan(workload, root=self._root, machine=self._machine)

    def start(self, plan: Plan) -> Handle:
        """See `Executor.start`."""
        planning.check_name(plan.name)
        path = self._root / plan.name
        path.mkdir(mode=0o700, exist_ok=True)
        folder = JobFolder(path)
        with folder.exclusive():
            try:
                try:
                    self._start_once(plan, folder)
                except ForkserverLost:
                    # It may have forked before it ended: the folder knows, and a new server starts what is missing.
                    self._start_once(plan, folder)
            except (OSError, ForkserverLost) as failure:
                raise _not_started(plan.name, failure) from failure
        return Handle(plan.name)

    def find(self, name: str) -> Handle | None:
        """See `Executor.find`."""
        planning.check_name(name)
        path = self._root / name
        if not path.is_dir():
            return None
        folder = JobFolder(path)
        if folder.fields():
            return Handle(name)
        with folder.exclusive():
            return Handle(name) if folder.has_supervisor() or folder.fields() else None

    def state(self, handle: Handle) -> WorkloadState:
        """See `Executor.state`."""
        folder = self._folder(handle)
        fields = folder.fields()
        if fields is None:
            return self._state_before_record(handle, folder)
        if fields["phase"] in (Phase.ENDED, Phase.LOST):
            return to_state(fields)
        if folder.has_supervisor():
            self._watcher.add(handle, fields["pid"])
            return to_state(fields)
        return self._state_without_supervisor(folder)

    def logs(self, handle: Handle, name: str = STD_LOG, *, offset: int = 0, limit: int = 4 << 20) -> bytes:
        """See `Executor.logs`."""
        fields = self._folder(handle).fields()
        if fields is None:
            return b""
        return read_below(fields["artifacts"], name, offset=offset, limit=limit, job=handle)

    def stop(self, handle: Handle, *, grace_seconds: float | None = None) -> None:
        """See `Executor.stop`."""
        folder = self._folder(handle)
        if self.state(handle).is_over:
            return
        # First the word, then the signal: a supervisor too young to have told its pid will find the word.
        folder.write("stop.json", json.dumps({"grace_seconds": grace_seconds}))
        fields = folder.fields()
        if fields is None:
            return
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(fields["pid"])
            try:
                if folder.has_supervisor():  # Else the number may be somebody else's by now.
                    signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            finally:
                os.close(descriptor)

    def kept(self) -> Iterable[str]:
        """Names of the workloads whose folders are on this machine."""
        return [entry.name for entry in self._root.iterdir() if not entry.name.startswith(".") and entry.is_dir()]

    def forget(self, name: str) -> bool:
        """Remove the folder of a workload, artifacts excluded; False when it still runs."""
        planning.check_name(name)
        path = self._root / name
        if not path.is_dir():
            return True
        folder = JobFolder(path)
        with folder.exclusive():
            if folder.has_supervisor():
                return False
            shutil.rmtree(path, ignore_errors=True)
        return True

    def _start_once(self, plan: Plan, folder: JobFolder) -> None:
        """Start the supervisor, unless this job has or had one.

        Raises:
            OSError: Nothing was started.
            ForkserverLost: Nobody knows; the lock does.
        """
        lock = None if folder.fields() else folder.take_life_lock()
        if lock is None:
            return
        try:
            for name, text in plan.files.items():
                folder.write(name, text)
            self._supervise(plan, folder.path, lock)
        finally:
            os.close(lock)

    def _supervise(self, plan: Plan, path: Path, lock: int) -> None:
        """Start the supervisor, and watch it.

        Raises:
            OSError: Nothing was started.
            ForkserverLost: Nobody knows; the lock does.
        """
        with (path / "supervisor.log").open("ab") as log:
            if plan.environment == self._forkserver.environment:
                pid, handle = self._forkserver.start(path, lock=lock, log=log.fileno())
                self._watcher.add(plan.name, pid, handle)
                return
            # Made by a server with other variables, which a fork would not have.
            child = subprocess.Popen(
                [*plan.argv, str(lock)],
                env=dict(plan.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=(lock,),
                start_new_session=True,
            )
        self._watcher.add(plan.name, child.pid, child=child)

    def _folder(self, handle: Handle) -> JobFolder:
        planning.check_name(handle)
        path = self._root / handle
        if not path.is_dir():
            raise NotFound(f"No job {handle!r} was started on this machine.", target="name")
        return JobFolder(path)

    def _state_before_record(self, handle: Handle, folder: JobFolder) -> WorkloadState:
        with folder.exclusive():
            if folder.has_supervisor():
                return WorkloadState(Phase.PREPARING)
            fields = folder.fields()
            if fields:
                return to_state(fields)
        if not (folder.path / "supervisor.log").exists():
            raise NotFound(f"No job {handle!r} was started on this machine.", target="name")
        return self._state_without_supervisor(folder)

    def _state_without_supervisor(self, folder: JobFolder) -> WorkloadState:
        with folder.exclusive():
            # Read again: the supervisor may have ended in good order since.
            fields = folder.fields() or {"artifacts": "", "reason": Reason.LOST}
            if fields.get("phase") in (Phase.ENDED, Phase.LOST):
                return to_state(fields)
            return to_state(folder.bury(fields))

    def _note_change(self, name: str) -> None:
        with contextlib.suppress(NotFound):
            self.state(Handle(name))  # Buries a job whose supervisor died, whoever else looks.
        self._note_end(name)

    def _note_end(self, name: str) -> None:
        if self._on_change is not None:
            self._on_change(Handle(name))


def _not_started(name: str, failure: Exception) -> Unavailable:
    return Unavailable(f"Job {name!r} could not be started: {failure}. Try again later.")


def read_below(artifacts: str, name: str, *, offset: int, limit: int, job: str) -> bytes:
    """A piece of a log below an artifact root; empty when there is no more, or not yet.

    Raises:
        NotFound: The name leads elsewhere, or to something that is no regular file.
    """
    try:
        descriptor = _open_below(artifacts, name)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError):
        raise NotFound(f"Job {job!r} has no log {name!r}.", target="name") from None
    try:
        return os.pread(descriptor, limit, offset)
    finally:
        os.close(descriptor)


def _open_below(root: str, name: str) -> int:
    """Open a regular file below a folder, following no link on the way.

    Raises:
        ValueError: The name leads elsewhere, or to something that is no regular file.
    """
    parts = name.split("/")
    if not root or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise ValueError(name)
    opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for index, part in enumerate(parts):
        kind = os.O_NONBLOCK if index == len(parts) - 1 else os.O_DIRECTORY
        try:
            deeper = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=opened)
        finally:
            os.close(opened)
        opened = deeper
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise ValueError(name)
    return opened
