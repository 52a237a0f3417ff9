"""Which executor runs the jobs of a compute, and how many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from smalt.entities.compute.ray import RayCompute
from smalt.errors import SmaltError
from smalt.executors import Executor
from smalt.executors.ray import ClusterNode, RayExecutor
from smalt.server.compute.service import ComputeService
from smalt.server.compute.store import ComputeRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_DEFAULT_SLOTS = 4


@dataclass(frozen=True, slots=True)
class Site:
    """Where jobs run.

    Args:
        key: Names it among all of an installation; None is the machine of whoever asks.
        name: As messages call it.
        executor: Runs them.
        slots: How many at once.
        base_url: Where jobs that run there reach this server.
    """

    key: str | None
    name: str
    executor: Executor
    slots: int
    base_url: str

    @property
    def is_remote(self) -> bool:
        """Whether its machines do not see this server's files."""
        return self.key is not None


class Sites:
    """Finds the site of a compute. What is attached is spoken with by one executor for as long as it stays the same.

    Args:
        computes: Knows computes, and opens what is sealed of them.
        here: This machine.
        connect: Makes the executor of a cluster.
        public_url: Where machines elsewhere reach this server.
    """

    def __init__(
        self,
        computes: ComputeService,
        here: Site,
        *,
        connect: Callable[[RayCompute], RayExecutor] | None = None,
        public_url: str = "",
    ) -> None:
        self._computes = computes
        self.here = here
        self._connect = connect
        self._public_url = public_url
        self._guard = threading.Lock()
        self._connected: dict[str, tuple[dict[str, Any], RayExecutor]] = {}

    def close(self) -> None:
        """Let go of every cluster. What runs there goes on running."""
        with self._guard:
            for _, executor in self._connected.values():
                executor.close()
            self._connected.clear()

    def of(self, work: Work, workspace: WorkspaceRecord, compute_id: str | None) -> Site:
        """The site of a compute by its ARM id; this machine for a job that leaves the choice open."""
        if compute_id is None:
            return self.here
        record = self._computes.find(work, workspace, compute_id.rsplit("/", 1)[-1])
        if record is None or not isinstance(record.entity, RayCompute):
            return self.here
        return Site(
            key=_key(record),
            name=record.name,
            executor=self._executor(record),
            slots=record.entity.max_concurrent_jobs or _DEFAULT_SLOTS,
            base_url=self._public_url,
        )

    def nodes(self, record: ComputeRecord) -> tuple[str, Sequence[ClusterNode]]:
        """Whether a cluster answers, and its machines, asked now."""
        try:
            return "Running", self._executor(record).nodes()
        except SmaltError as error:
            return f"Unreachable: {error.message}", []

    def _executor(self, record: ComputeRecord) -> RayExecutor:
        assert self._connect is not None, "This server connects to no clusters."
        entity = self._computes.with_secrets(record)
        assert isinstance(entity, RayCompute)
        key = _key(record)
        wanted = entity.document(secrets=True)
        with self._guard:
            known = self._connected.get(key)
            if known is not None and known[0] == wanted:
                return known[1]
            if known is not None:
                known[1].close()
            executor = self._connect(entity)
            self._connected[key] = (wanted, executor)
            return executor


def _key(record: ComputeRecord) -> str:
    return f"{record.workspace_id}/{record.name.lower()}"
