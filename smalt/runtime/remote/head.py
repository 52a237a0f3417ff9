"""What the cluster starts for a job: `python head.py`, in the folder of the package with the job's plan.

It puts a node process on each machine of the job, tells the server how far they are, and ends with an exit code that
the cluster shows. The server believes what this process has told it, once the cluster says that the job is over.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

# Behind the standard library and what the interpreter has is where the package belongs.
sys.path.append(os.path.abspath(__file__).rsplit(os.sep, 4)[0])

from smalt.runtime import blob
from smalt.runtime.failure import Failure, Refused, Unreachable
from smalt.runtime.remote.leash import Leash
from smalt.runtime.remote.mirror import until_taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    class Machine(Protocol):
        """A node of the job, held from here."""

        name: str
        is_over: bool
        fields: dict[str, Any]

        def look(self, patience_seconds: float) -> dict[str, Any]:
            """What is known of it; waits a little for news."""

        def stop(self, grace_seconds: float | None) -> None:
            """Ask for its end."""


STATES = "system_logs/cluster"
"""Where, among the artifacts, the state of the job and the wish to stop it are."""

_LOOK_SECONDS = 0.1


class Head:
    """Brings a job to its end.

    Args:
        plan: The job's plan.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._store = blob.Folder(
            f"{plan['remote']['artifacts_url'].rstrip('/')}/{STATES}",
            token=plan["token"],
            server=plan["server"],
            what="The state of the job",
        )
        self._is_asked_to_stop = False
        self._is_stopping = False
        self._ends_peers_at: float | None = None
        self._told: dict[str, Any] = {}
        self._tell_again_at = 0.0
        signal.signal(signal.SIGTERM, self._note_stop)

    def run(self) -> int:
        """An exit code: 0 for a job that is completed."""
        try:
            machines = self._machines()
            while not all(machine.is_over for machine in machines):
                for machine in machines:
                    machine.look(_LOOK_SECONDS / len(machines))
                self._steer(machines)
                self._tell(merged([machine.fields for machine in machines]))
            last = verdict(machines)
        except Failure as failure:
            last = {"phase": "ENDED", "reason": "FAILED", "error": str(failure)}
        if self._is_asked_to_stop and last["reason"] == "LOST":
            last = {**last, "reason": "CANCELED", "error": "The job was canceled."}
        last["ended_at"] = last.get("ended_at") or time.time()
        try:
            until_taken(lambda: self._write(last))
        except Failure as failure:
            print(f"The end of the job could not be told to the server: {failure}", flush=True)
            return 1
        print(f"The job is over: {last['reason']}. {last.get('error') or ''}", flush=True)
        return 0 if last["reason"] == "COMPLETED" else int(last.get("exit_code") or 1)

    def _machines(self) -> Sequence[Machine]:
        if self._plan["instance_count"] > 1:
            try:
                from smalt.runtime.remote.crew import crew  # The only place that needs ray.
            except ImportError as failure:
                raise Failure(
                    f"A job of several nodes is held together by Ray, and {sys.executable} on the node cannot import "
                    f"it ({failure}). Install it there (pip install 'smalt[ray]'), and have its Python first on the "
                    "PATH of ray start."
                ) from None
            return crew(self._plan, is_stopped=lambda: self._is_asked_to_stop, note_stop=self._note_stop)
        return [_Here(self._plan)]

    def _steer(self, machines: Sequence[Machine]) -> None:
        """Pass a stop on, and end the others when the head is done or anyone has failed."""
        if self._is_stopping:
            return
        over = [machine for machine in machines if machine.is_over]
        failed = [machine for machine in over if machine.fields.get("reason") != "COMPLETED"]
        if self._is_asked_to_stop:
            self._stop(machines, self._asked_grace())
        elif failed and len(over) < len(machines):
            self._stop(machines, self._plan["grace_seconds"])
        elif machines[0].is_over and len(over) < len(machines):
            now = time.monotonic()
            self._ends_peers_at = self._ends_peers_at or now + self._plan["peer_grace_seconds"]
            if now >= self._ends_peers_at:
                self._stop(machines, self._plan["grace_seconds"])

    def _stop(self, machines: Sequence[Machine], grace_seconds: float | None) -> None:
        self._is_stopping = True
        for machine in machines:
            if not machine.is_over:
                machine.stop(grace_seconds)

    def _asked_grace(self) -> float | None:
        try:
            found = self._store.read("stop.json")
        except Failure:
            return None
        return json.loads(found)["grace_seconds"] if found else None

    def _tell(self, fields: dict[str, Any]) -> None:
        """Tell how far the job is, unless the server has heard that; later, if it is away."""
        now = time.monotonic()
        if fields == self._told or fields.get("phase") == "ENDED" or now < self._tell_again_at:
            return
        try:
            self._write(fields)
            self._told = fields
        except Unreachable:
            self._tell_again_at = now + 2.0
        except Refused:
            self._is_asked_to_stop = True

    def _write(self, fields: dict[str, Any]) -> None:
        self._store.write("state.json", json.dumps(fields).encode())

    def _note_stop(self, number: int, frame: object) -> None:
        self._is_asked_to_stop = True


class _Here(Leash):
    """The one machine of a job that has one: this one."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.name = "the node"
        super().__init__(os.path.join(plan["remote"]["root"], "jobs", plan["name"]), plan, os.environ)


def merged(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How far a job is whose machines are so far: as far as the one that is furthest behind, running once one runs."""
    phases = [state.get("phase") for state in states]
    begun = [state["started_at"] for state in states if state.get("started_at")]
    if all(phase in ("FINALIZING", "ENDED") for phase in phases):
        return {"phase": "FINALIZING", "started_at": min(begun, default=None)}
    if begun:
        return {"phase": "RUNNING", "started_at": min(begun)}
    return {"phase": "PREPARING"}


def verdict(machines: Sequence[Machine]) -> dict[str, Any]:
    """How a job ended whose machines are over.

    The head's success is the job's. Else the first failure that is one counts: what was stopped for it did not fail.
    """
    head = machines[0].fields
    if len(machines) == 1:
        return head
    begun = [machine.fields["started_at"] for machine in machines if machine.fields.get("started_at")]
    facts = {"phase": "ENDED", "started_at": min(begun, default=None), "outputs": _outputs(machines)}
    causes = [machine for machine in machines if machine.fields.get("reason") not in ("COMPLETED", "CANCELED")]
    if causes:
        causes.sort(key=lambda machine: machine.fields.get("reason") == "LOST", reverse=True)
        cause = causes[0].fields
        error = f"On {causes[0].name}: {cause.get('error')}"
        return {**facts, "reason": cause["reason"], "exit_code": cause.get("exit_code"), "error": error}
    return {**facts, **{name: head.get(name) for name in ("reason", "exit_code", "error")}}


def _outputs(machines: Sequence[Machine]) -> dict[str, Any]:
    """The outputs of all machines. One that several have written to has no digest, since nobody has seen all of it."""
    found: dict[str, Any] = {}
    for machine in machines:
        for name, output in machine.fields.get("outputs", {}).items():
            if output.get("digest") is None:
                found.setdefault(name, output)
            elif found.get(name, {}).get("digest") is None and not found.get(name, {}).get("is_shared"):
                found[name] = output
            else:
                found[name] = {"path": output["path"], "is_shared": True}
    for output in found.values():
        output.pop("is_shared", None)
    return found


def _node_root(asked: str | None) -> str:
    """The folder of this machine that jobs share."""
    if asked is not None:
        return asked
    home = os.path.expanduser("~")
    return os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".smalt-node")  # noqa: S108  (made for its owner)


def main() -> int:
    """Read the plan, and leave no copy of it for others to read."""
    with open("plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    os.unlink("plan.json")
    plan["remote"]["root"] = _node_root(plan["remote"]["root"])
    authority = plan["remote"]["authority"]
    if authority is not None:
        blob.trust(authority)
    return Head(plan).run()


if __name__ == "__main__":
    sys.exit(main())
