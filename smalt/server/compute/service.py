"""The verbs of computes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import msgspec

from smalt.entities.compute.amlcompute import AmlCompute
from smalt.entities.compute.base import Compute
from smalt.entities.compute.instance import ComputeInstance
from smalt.entities.compute.local import LocalCompute
from smalt.entities.compute.ray import RayCompute
from smalt.errors import InvalidRequest
from smalt.kit import duration
from smalt.server.compute import store
from smalt.server.compute.errors import ComputeBusy, ComputeNotFound, ComputeStopped, ReservedCompute
from smalt.server.compute.store import ComputeRecord
from smalt.server.vault import Vault
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references

SERVERLESS = "serverless"
"""Not a resource: it means any machine, which here is this one."""

LOCAL = "local"
USER, SCHEDULE, IDLE = "User", "Schedule", "IdleShutdown"
"""Who had a compute instance started or stopped, in the words of ARM."""

_SIZE = "STANDARD_DS3_V2"
_IDLE_SECONDS = 120
_SHORTEST_IDLE, _LONGEST_IDLE = 15 * 60, 3 * 24 * 3600


class ComputeService:
    """Keeps computes.

    Args:
        vault: Seals their secrets.
        slots: How many jobs run at once on this machine; one per core when left out.

    Attributes:
        occupants: Each tells in a sentence what stands on a compute and what to do about it; None where nothing does.
        end_all: Ends every job on a compute; done by who knows of jobs.
        jobs_here: How many jobs have a place on this machine, and how many wait for one; told by who knows of jobs.
    """

    def __init__(self, vault: Vault, *, slots: int | None = None) -> None:
        self._vault = vault
        self.slots = slots or os.cpu_count() or 1
        self.occupants: list[Callable[[Work, WorkspaceRecord, str], str | None]] = []
        self.end_all: Callable[[Work, WorkspaceRecord, str], None] = lambda work, workspace, name: None
        self.jobs_here: Callable[[Work], tuple[int, int]] = lambda work: (0, 0)

    def ensure_defaults(self, work: Work, workspace: WorkspaceRecord) -> None:
        """Create `local`, which is this machine, and `cpu-cluster`, which many examples name."""
        for entity in (LocalCompute(name=LOCAL), AmlCompute(name="cpu-cluster")):
            if store.find(work.connection, workspace.id, str(entity.name)) is None:
                self.put(work, workspace, str(entity.name), entity)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every compute of a workspace."""
        store.delete_all(work.connection, workspace_id)

    def find(self, work: Work, workspace: WorkspaceRecord, name: str) -> ComputeRecord | None:
        """A compute, or None."""
        return store.find(work.connection, workspace.id, name)

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> ComputeRecord:
        """A compute.

        Raises:
            ComputeNotFound: There is none of this name.
        """
        record = self.find(work, workspace, name)
        if record is None:
            raise ComputeNotFound(
                f"No compute {name!r} in this workspace. Use {LOCAL!r}, or create it: smalt compute create -n {name}.",
                target="compute",
            )
        return record

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None, limit: int) -> list[ComputeRecord]:
        """Computes by name."""
        return store.page(work.connection, workspace.id, after=after, limit=limit)

    def put(self, work: Work, workspace: WorkspaceRecord, name: str, entity: Compute) -> tuple[ComputeRecord, bool]:
        """Create a compute, or replace what is settable of one; also whether it is new.

        Secrets that are left out stay as they were.

        Raises:
            ReservedCompute: The name cannot be taken, or not for this type.
            InvalidRequest: It does not say where its cluster is.
            ComputeBusy: Its cluster would be another, and something stands there.
        """
        old = self.find(work, workspace, name)
        self._check_name(name, entity, old)
        filled = _with_defaults(entity, workspace)
        filled.name = old.name if old else name
        if isinstance(filled, RayCompute):
            before = self.with_secrets(old) if old else None
            assert before is None or isinstance(before, RayCompute)
            filled.token = filled.token or (before.token if before else None)
            _check_address(filled)
            if before is not None and before.address != filled.address:
                self._check_free(work, workspace, filled.name)
        if old is None:
            record = ComputeRecord(
                workspace.id,
                name,
                filled,
                "Running",
                "Create",
                "User",
                work.now,
                work.actor.name,
                work.now,
                work.actor.name,
            )
        else:
            record = replace(old, entity=filled, modified_at=work.now, modified_by=work.actor.name)
        record = replace(record, sealed=self._seal(record))
        store.save(work.connection, record)
        return record, old is None

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Remove a compute; whether there was one. Jobs of this machine that were sent to it go on.

        Raises:
            ReservedCompute: It is this machine.
            ComputeBusy: It is a cluster where something stands, of which nobody would hear any more.
        """
        if name.lower() == LOCAL:
            raise ReservedCompute(
                "The compute 'local' is this machine and cannot be deleted. Delete the computes that name it.",
                target="name",
            )
        old = self.find(work, workspace, name)
        if old is not None and isinstance(old.entity, RayCompute):
            self._check_free(work, workspace, str(old.entity.name))
        return store.remove(work.connection, workspace.id, name)

    def with_secrets(self, record: ComputeRecord) -> Compute:
        """The whole compute: for the server itself, which speaks with it."""
        if record.sealed is None:
            return record.entity
        document = msgspec.json.decode(self._vault.open(record.sealed, context=_context(record)))
        return type(record.entity).parse(document)

    def reseal(self, work: Work, fresh: Vault) -> int:
        """Seal every secret with another vault; how many there were."""
        found = store.sealed(work.connection)
        for record in found:
            assert record.sealed is not None
            context = _context(record)
            again = fresh.seal(self._vault.open(record.sealed, context=context), context=context)
            store.reseal(work.connection, record, again)
        return len(found)

    def start(self, work: Work, workspace: WorkspaceRecord, name: str, *, trigger: str = USER) -> None:
        """Let jobs and sessions run on a compute instance again."""
        self._switch(work, workspace, name, state="Running", operation="Start", trigger=trigger)

    def stop(self, work: Work, workspace: WorkspaceRecord, name: str, *, trigger: str = USER) -> None:
        """End what runs on a compute instance, and take nothing more."""
        self._switch(work, workspace, name, state="Stopped", operation="Stop", trigger=trigger)
        self.end_all(work, workspace, name)

    def restart(self, work: Work, workspace: WorkspaceRecord, name: str) -> None:
        """Stop and start: what runs ends."""
        self._switch(work, workspace, name, state="Running", operation="Restart", trigger=USER)
        self.end_all(work, workspace, name)

    def instances(self, work: Work) -> list[ComputeRecord]:
        """Every compute instance, of all workspaces."""
        return store.instances(work.connection)

    def require(self, work: Work, workspace: WorkspaceRecord, reference: str | None) -> str | None:
        """The ARM id of the compute a job names, or None for a job that leaves the choice open.

        Raises:
            ComputeNotFound: There is no such compute.
            ComputeStopped: It is a compute instance that was stopped.
            InvalidRequest: The reference is none of a compute.
        """
        if reference is None or reference.lower() in {SERVERLESS, f"azureml:{SERVERLESS}"}:
            return None
        named = references.parse_asset(reference, "computes")
        if named.name.lower() == SERVERLESS:
            return None
        record = self.get(work, workspace, named.name)
        if not record.is_started:
            raise ComputeStopped(
                f"The compute instance {record.name!r} is stopped. Start it: smalt compute start -n {record.name}.",
                target="compute",
            )
        return f"{workspace.scope}/computes/{record.name}"

    def _seal(self, record: ComputeRecord) -> str | None:
        whole = record.entity.document(secrets=True)
        if whole == record.entity.document():
            return None
        return self._vault.seal(msgspec.json.encode(whole).decode(), context=_context(record))

    def _check_free(self, work: Work, workspace: WorkspaceRecord, name: str) -> None:
        for occupant in self.occupants:
            told = occupant(work, workspace, name)
            if told is not None:
                raise ComputeBusy(told, target="compute")

    def _switch(
        self, work: Work, workspace: WorkspaceRecord, name: str, *, state: str, operation: str, trigger: str
    ) -> None:
        record = self.get(work, workspace, name)
        if not isinstance(record.entity, ComputeInstance):
            raise ReservedCompute(
                f"{record.name!r} is of type {record.entity.type!r}; only compute instances are started and stopped.",
                target="name",
            )
        store.set_state(work.connection, record, state=state, operation=operation, trigger=trigger, now=work.now)

    def _check_name(self, name: str, entity: Compute, old: ComputeRecord | None) -> None:
        if name.lower() == SERVERLESS:
            raise ReservedCompute("'serverless' means any machine and cannot name a compute. Take another name.")
        if (name.lower() == LOCAL) != isinstance(entity, LocalCompute):
            raise ReservedCompute("The name 'local' and the type 'local' belong together: they mean this machine.")
        if old is not None and old.entity.type != entity.type:
            raise ReservedCompute(
                f"The compute {old.name!r} is of type {old.entity.type!r} and cannot become {entity.type!r}. "
                "Delete it first, or take another name.",
                target="properties.computeType",
            )


def _check_address(entity: RayCompute) -> None:
    """Refuse what is no address of a dashboard; credentials in it would be shown to everyone.

    Raises:
        InvalidRequest: It is none.
    """
    parts = urlsplit(entity.address or "")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise InvalidRequest(
            f"The address {entity.address!r} is none of a Ray dashboard. Write http://HOST:8265.",
            target="properties.properties.address",
        )


def _context(record: ComputeRecord) -> str:
    return f"compute/{record.workspace_id}/{record.name.lower()}"


def _with_defaults(entity: Compute, workspace: WorkspaceRecord) -> Compute:
    filled = entity.model_copy(deep=True)
    filled.location = filled.location or workspace.location
    if isinstance(filled, AmlCompute):
        filled.size = filled.size or _SIZE
        filled.tier = filled.tier or "dedicated"
        if filled.idle_time_before_scale_down is None:
            filled.idle_time_before_scale_down = _IDLE_SECONDS
    elif isinstance(filled, RayCompute):
        filled.state = filled.nodes = None  # What a client read and sent back is no setting.
    elif isinstance(filled, ComputeInstance):
        filled.size = filled.size or _SIZE
        _check_idle_time(filled)
    return filled


def _check_idle_time(entity: ComputeInstance) -> None:
    """Spell the time after which an instance stops by itself as ARM does.

    Raises:
        InvalidRequest: It is none, or shorter or longer than clients expect.
    """
    if entity.idle_time_before_shutdown_minutes is not None:
        entity.idle_time_before_shutdown = f"PT{entity.idle_time_before_shutdown_minutes}M"
        entity.idle_time_before_shutdown_minutes = None
    if entity.idle_time_before_shutdown is None:
        return
    try:
        seconds = duration.from_iso(entity.idle_time_before_shutdown)
    except ValueError:
        seconds = 0
    if not _SHORTEST_IDLE <= seconds <= _LONGEST_IDLE:
        raise InvalidRequest(
            f"idle_time_before_shutdown {entity.idle_time_before_shutdown!r} is no time from 15 minutes to 3 days. "
            "Write e.g. PT30M.",
            target="properties.properties.idleTimeBeforeShutdown",
        )
