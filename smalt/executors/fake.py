"""An executor that runs nothing: what becomes of a command is written down beforehand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from smalt.errors import InvalidRequest, NotFound
from smalt.executors.base import (
    STD_LOG,
    Executor,
    Handle,
    OutputState,
    Phase,
    Plan,
    Reason,
    Workload,
    WorkloadState,
)


@dataclass(frozen=True, slots=True)
class Script:
    """What becomes of a command.

    Args:
        exit_code: How it exits.
        logs: Content of its log files by name.
        outputs: Where its outputs lie.
        waits: It runs until it is stopped, or until the test calls `finish`.
    """

    exit_code: int = 0
    logs: Mapping[str, bytes] = field(default_factory=dict)
    outputs: Mapping[str, OutputState] = field(default_factory=dict)
    waits: bool = False


class FakeWorld:
    """Where fake workloads live on when their executor is gone, as real ones do."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.plans: dict[str, Plan] = {}
        self.states: dict[str, WorkloadState] = {}


class FakeExecutor(Executor):
    """Plays scripts.

    Args:
        scripts: What becomes of each command; any other one succeeds at once and prints nothing.
        world: Shared by executors that should find each other's workloads.
        on_change: Called with a handle after every change.
    """

    def __init__(
        self,
        scripts: Mapping[str, Script] | None = None,
        *,
        world: FakeWorld | None = None,
        on_change: Callable[[Handle], None] | None = None,
    ) -> None:
        self.scripts = dict(scripts or {})
        self.world = world or FakeWorld()
        self._on_change = on_change

    @property
    def started(self) -> list[Plan]:
        """The plans that were started, in order, each once."""
        return list(self.world.plans.values())

    def plan(self, workload: Workload) -> Plan:
        """See `Executor.plan`."""
        if not workload.name or "/" in workload.name:
            raise InvalidRequest(f"The job name {workload.name!r} cannot be used here.", target="name")
        variables = dict(workload.environment_variables)
        return Plan(workload.name, ("fake", workload.command), variables, {"header": json.dumps(workload.header)})

    def start(self, plan: Plan) -> Handle:
        """See `Executor.start`."""
        with self.world.lock:
            if plan.name in self.world.plans:
                return Handle(plan.name)
            self.world.plans[plan.name] = plan
            self.world.states[plan.name] = WorkloadState(Phase.RUNNING, started_at=datetime.now(UTC))
        self._tell(plan.name)
        if not self._script(plan.name).waits:
            self.finish(Handle(plan.name))
        return Handle(plan.name)

    def finish(self, handle: Handle, *, exit_code: int | None = None) -> None:
        """Let a running workload end, as its script says or with another exit code."""
        script = self._script(handle)
        code = script.exit_code if exit_code is None else exit_code
        if code:
            error = f"The command exited with code {code}."
            self._end(handle, Reason.FAILED, exit_code=code, error=error, outputs=script.outputs)
        else:
            self._end(handle, Reason.COMPLETED, exit_code=0, outputs=script.outputs)

    def lose(self, handle: Handle) -> None:
        """Let a running workload vanish, as when its machine dies."""
        self._end(handle, Reason.LOST, phase=Phase.LOST, error="The job was lost: its supervisor died without a word.")

    def find(self, name: str) -> Handle | None:
        """See `Executor.find`."""
        return Handle(name) if name in self.world.plans else None

    def state(self, handle: Handle) -> WorkloadState:
        """See `Executor.state`."""
        try:
            return self.world.states[handle]
        except KeyError:
            raise NotFound(f"No job {handle!r} was started here.", target="name") from None

    def logs(self, handle: Handle, name: str = STD_LOG, *, offset: int = 0, limit: int = 4 << 20) -> bytes:
        """See `Executor.logs`."""
        self.state(handle)
        if any(part in ("", ".", "..") for part in name.split("/")):
            raise NotFound(f"Job {handle!r} has no log {name!r}.", target="name")
        return self._script(handle).logs.get(name, b"")[offset : offset + limit]

    def stop(self, handle: Handle, *, grace_seconds: float | None = None) -> None:
        """See `Executor.stop`."""
        if not self.state(handle).is_over:
            self._end(handle, Reason.CANCELED, error="The job was canceled.")

    def _script(self, name: str) -> Script:
        return self.scripts.get(self.world.plans[name].argv[1], Script())

    def _end(
        self,
        handle: Handle,
        reason: Reason,
        *,
        phase: Phase = Phase.ENDED,
        exit_code: int | None = None,
        error: str | None = None,
        outputs: Mapping[str, OutputState] | None = None,
    ) -> None:
        with self.world.lock:
            before = self.world.states[handle]
            if before.is_over:
                return
            self.world.states[handle] = replace(
                before,
                phase=phase,
                reason=reason,
                exit_code=exit_code,
                error=error,
                outputs=outputs or {},
                ended_at=datetime.now(UTC),
            )
        self._tell(handle)

    def _tell(self, name: str) -> None:
        if self._on_change is not None:
            self._on_change(Handle(name))
