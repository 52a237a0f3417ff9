"""The Ray executor: submits jobs to a cluster, finds them again, and reads what their nodes have told the server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smalt.errors import NotFound, Unavailable
from smalt.executors.base import STD_LOG, Executor, Handle, Plan, Workload, WorkloadState
from smalt.executors.local import planning as local_planning
from smalt.executors.local.executor import read_below
from smalt.executors.local.folder import JobFolder
from smalt.executors.ray import package, planning
from smalt.executors.ray.cluster import Cluster, ClusterNode
from smalt.executors.ray.planning import NodeTerms
from smalt.executors.ray.reports import Report, judge
from smalt.executors.ray.watcher import Watcher

_STATES = "system_logs/cluster"
_SUBMITTED = "submitted"
_STOP = "stop.json"
_LAST = "last.json"


class RayExecutor(Executor):
    """Runs every workload as a submitted job of a Ray cluster, over HTTP.

    A handle is the workload's name, which is also its submission id. What must outlive this process and the cluster's
    memory is in a folder for each workload: where its artifacts are, whether it was stopped, its last state.

    Args:
        root: Folder of those folders.
        address: Of the cluster's dashboard.
        token: Its token, if it asks for one.
        on_change: Called with a handle, in a thread of the executor, whenever its workload may have changed.
        terms: How its machines are used.
    """

    def __init__(
        self,
        root: Path,
        address: str,
        token: str | None = None,
        on_change: Callable[[Handle], None] | None = None,
        *,
        terms: NodeTerms | None = None,
    ) -> None:
        self._root = root.absolute()
        self._root.mkdir(parents=True, exist_ok=True)
        self._terms = terms or NodeTerms()
        self._cluster = Cluster(address, token)
        self._watcher = Watcher(self._look_at, on_change or (lambda handle: None))

    def close(self) -> None:
        """Stop watching. What runs goes on running."""
        self._watcher.close()
        self._cluster.close()

    def nodes(self) -> list[ClusterNode]:
        """The cluster's machines, asked now.

        Raises:
            Unavailable: It does not answer.
        """
        return self._cluster.nodes()

    def plan(self, workload: Workload) -> Plan:
        """See `Executor.plan`."""
        return planning.plan(workload, self._terms)

    def start(self, plan: Plan) -> Handle:
        """See `Executor.start`."""
        local_planning.check_name(plan.name)
        path = self._root / plan.name
        path.mkdir(mode=0o700, exist_ok=True)
        folder = JobFolder(path)
        with folder.exclusive():
            if not (path / _SUBMITTED).exists():
                self._submit(plan, folder)
        self._watcher.add(Handle(plan.name))
        return Handle(plan.name)

    def find(self, name: str) -> Handle | None:
        """See `Executor.find`."""
        local_planning.check_name(name)
        path = self._root / name
        if not (path / planning.FACTS_FILE).exists():
            return None
        if not (path / _SUBMITTED).exists():  # Perhaps it was, and nobody lived to write that down.
            if self._cluster.job(name) is None:
                return None
            (path / _SUBMITTED).touch()
        return Handle(name)

    def state(self, handle: Handle) -> WorkloadState:
        """See `Executor.state`."""
        path = self._path(handle)
        folder = JobFolder(path)
        last = _read(path / _LAST)
        if last is None:
            report = self._report(handle, path)
            state = judge(report)
            if not state.is_over:
                self._watcher.add(handle)
                return state
            folder.write(_LAST, json.dumps(report.to_fields()))
            last = report.to_fields()
        return judge(Report.from_fields(last))

    def logs(self, handle: Handle, name: str = STD_LOG, *, offset: int = 0, limit: int = 4 << 20) -> bytes:
        """See `Executor.logs`."""
        artifacts = self._facts(self._path(handle))["artifacts"]
        return read_below(artifacts, name, offset=offset, limit=limit, job=handle)

    def stop(self, handle: Handle, *, grace_seconds: float | None = None) -> None:
        """See `Executor.stop`."""
        path = self._path(handle)
        if self.state(handle).is_over:
            return
        words = json.dumps({"grace_seconds": grace_seconds})
        JobFolder(path).write(_STOP, words)
        # First the word, then the signal: the node asks for the word when it is signalled.
        states = Path(self._facts(path)["artifacts"]) / _STATES
        states.mkdir(parents=True, exist_ok=True)
        (states / _STOP).write_text(words)
        self._cluster.stop(handle)

    def _submit(self, plan: Plan, folder: JobFolder) -> None:
        folder.write(planning.FACTS_FILE, plan.files[planning.FACTS_FILE])
        if self._cluster.job(plan.name) is None:
            content = package.pack(plan.files[planning.PLAN_FILE])
            name = f"_ray_pkg_{hashlib.sha256(content).hexdigest()[:32]}.zip"
            request = json.loads(plan.files[planning.REQUEST_FILE])
            request["runtime_env"]["working_dir"] = self._cluster.send_package(name, content)
            self._cluster.submit(request)
        (folder.path / _SUBMITTED).touch()

    def _report(self, handle: Handle, path: Path) -> Report:
        facts = self._facts(path)
        # Asked first: what the cluster calls over has told its last word before.
        job = self._cluster.job(handle)
        told = _read(Path(facts["artifacts"]) / _STATES / "state.json") or {}
        return Report(job, told, tuple(facts["outputs"]), was_stopped=(path / _STOP).exists())

    def _look_at(self, handle: Handle, *, ask_cluster: bool) -> object:
        """Something that differs when the workload may have changed."""
        path = self._root / handle
        try:
            facts = self._facts(path)
            told = (Path(facts["artifacts"]) / _STATES / "state.json").stat()
            seen: object = (told.st_mtime_ns, told.st_size)
        except (OSError, NotFound):
            seen = None
        if not ask_cluster:
            return seen, None
        try:
            job = self._cluster.job(handle)
        except Unavailable:
            return seen, "unavailable"
        return seen, "gone" if job is None else job.status

    def _path(self, handle: Handle) -> Path:
        local_planning.check_name(handle)
        path = self._root / handle
        if not (path / _SUBMITTED).exists():
            raise NotFound(f"No job {handle!r} was started on this cluster.", target="name")
        return path

    def _facts(self, path: Path) -> dict[str, Any]:  # Any: JSON that we wrote
        facts = _read(path / planning.FACTS_FILE)
        if facts is None:
            raise NotFound(f"Nothing is known of job {path.name!r} here.", target="name")
        return facts


def _read(path: Path) -> dict[str, Any] | None:  # Any: JSON
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None
