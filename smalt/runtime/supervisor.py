"""The supervisor of one job.

It fetches inputs, runs the user's command, stores outputs and writes what happened to `state.json`. It outlives the
server that started it: the lock it was handed stays held until the very end, so that any server can tell a living
supervisor from a dead one.
"""

from __future__ import annotations

import json
import os
import signal
import time

from smalt.runtime import folders, processes
from smalt.runtime.failure import Failure, Stopped
from smalt.runtime.log import Log
from smalt.runtime.mounts import Mounts
from smalt.runtime.record import Record
from smalt.runtime.watch import Outcome, watch
from smalt.runtime.workplace import VARIABLES, Workplace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STOP = "stop.json"
"""Written before the supervisor is signalled: says that it was asked for, and with how much grace."""


def supervise(folder: str) -> None:
    """Run the job whose plan lies in `folder`, from its inputs to its last state."""
    with open(os.path.join(folder, "plan.json"), encoding="utf-8") as stream:
        plan = json.load(stream)
    signal.signal(signal.SIGTERM, _raise_stopped)
    mark = os.urandom(16).hex()
    record = Record(folder, name=plan["name"], pid=os.getpid(), mark=mark, artifacts=plan["artifacts"], outputs={})
    processes.adopt_orphans()
    job = _Job(folder, plan, record, mark)
    try:
        record.begin()
        outcome = job.run()
    except Stopped:
        outcome = Outcome.stopped(folder)
    except Failure as failure:
        outcome = Outcome("FAILED", error=str(failure))
        job.log.say(str(failure))
    except OSError as failure:
        outcome = Outcome("FAILED", error=f"The job could not be run here: {failure}.")
        job.log.say(str(outcome.error))
    except Exception as failure:
        # The rim: whatever went wrong, the job must not be left without an end.
        processes.signal_descendants(signal.SIGKILL)
        outcome = Outcome("FAILED", error=f"The job could not be run here: {type(failure).__name__}: {failure}.")
        job.log.say(str(outcome.error))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    job.log.close()
    record.end(reason=outcome.reason, exit_code=outcome.exit_code, error=outcome.error)
    job.clean()


class _Job:
    def __init__(self, folder: str, plan: dict[str, Any], record: Record, mark: str) -> None:
        self._folder = folder
        self._plan = plan
        self._record = record
        self._mark = mark
        self.log = Log(plan["artifacts"])
        self._mounts = Mounts(plan["mounts"], folder=folder, token=plan["token"], server=plan["server"])

    def run(self) -> Outcome:
        """Prepare, run, finalize."""
        if os.path.exists(os.path.join(self._folder, STOP)):  # Asked for before there was anybody to signal.
            raise Stopped
        place = Workplace(self._folder, self._plan, mark=self._mark)
        ranks = place.processes()
        self.log.open(ranks[0].log)
        self.log.head(self._plan["header"])
        self._mounts.prepare()
        self.log.head([*place.make(self._plan["token"]), *self._mounts.notes])
        commands = [place.command(rank, self._mounts) for rank in ranks]
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
        self._record.fields["started_at"] = time.time()
        outcome = watch(
            self._folder, self._plan, commands, logs=self.log, on_start=self._started, container=place.container
        )
        if self._mounts.are_carried:  # Else the end comes at once, and whoever waits is told of that alone.
            self._record.write(phase="FINALIZING", exit_code=outcome.exit_code)
        return self._publish(outcome)

    def clean(self) -> None:
        """Free the disk; what is kept is the state, and no secret."""
        self._mounts.clean()
        told = [name for name in os.listdir(self._folder) if name.startswith(VARIABLES)]
        for name in ("plan.json", "wd", "data", "out", *told):
            folders.remove_tree(os.path.join(self._folder, name))

    def _started(self) -> None:
        self._record.write(phase="RUNNING")

    def _publish(self, outcome: Outcome) -> Outcome:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            published, failures = self._mounts.publish()
        except Stopped:
            return outcome if outcome.reason != "COMPLETED" else Outcome.stopped(self._folder)
        self._record.fields["outputs"] = published
        for failure in failures:
            self.log.say(failure)
        if not failures:
            return outcome
        if outcome.reason != "COMPLETED":
            return Outcome(
                outcome.reason, exit_code=outcome.exit_code, error="\n".join([str(outcome.error), *failures])
            )
        return Outcome("FAILED", exit_code=outcome.exit_code, error="\n".join(failures))


def _raise_stopped(number: int, frame: object) -> None:
    raise Stopped
