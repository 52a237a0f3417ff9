"""Bookkeeping of a random sweep: ask, write down and tell, each trial against the database; beside Optuna's storage.

Ours is whole turns of a sweep, each in a transaction of its own: the trials that have ended are told with the metric
that tracking has, the next ones are asked for and written down; one trial a turn, and ten. What would start processes
is scripted. Optuna does the same with its own storage on SQLite: ask for three parameters, tell a value.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalt.entities.job.status import JobStatus
from smalt.entities.job.sweep import SweepJob
from smalt.server import sweeps
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.jobs import ChildState
from smalt.server.tracking import TrackingService
from smalt.server.tracking.messages import Metric
from smalt.server.work import SYSTEM, Works
from smalt.server.workspaces import WorkspaceService

SPACE = {
    "lr": {"type": "loguniform", "min_value": -9, "max_value": -1},
    "dropout": {"type": "uniform", "min_value": 0, "max_value": 1},
    "units": {"type": "choice", "values": [16, 32, 64]},
}


@dataclass
class Script:
    """Children that complete as soon as they are looked at, in place of the jobs slice."""

    ended: set[str] = field(default_factory=set)

    def submit(self, work: Any, workspace: Any, parent: Any, name: str, job: Any) -> None:
        self.ended.add(name)

    def states(self, work: Any, workspace: Any, parent: Any, *, names: list[str]) -> dict[str, ChildState]:
        return {name: ChildState(name, JobStatus.COMPLETED, False, None, None, None) for name in names}


@dataclass
class Record:
    """As much of a job's row as a turn reads."""

    document: dict[str, Any]
    id: str = "sweep"
    name: str = "sweep"
    started_at: None = None
    pinned: dict[str, Any] = field(default_factory=lambda: {"parts": {"seed": 7}})

    def entity(self) -> SweepJob:
        return SweepJob.parse(self.document)


@dataclass(frozen=True)
class Rate:
    """Trials a second, by the clock and by the time that the processor gave us."""

    wall: float
    cpu: float


class Stopwatch:
    """Begins when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def rate(self, count: int) -> Rate:
        return Rate(count / (time.perf_counter() - self._wall), count / (time.process_time() - self._cpu))


def ours(count: int, folder: Path, *, at_a_time: int) -> Rate:
    """Our trials."""
    database = Database.at(folder / f"smalt-{at_a_time}.db")
    database.prepare()
    works = Works(database, Events())
    rooms, tracking, script = WorkspaceService(works), TrackingService(), Script()
    with works.write(SYSTEM) as work:
        room = rooms.ensure_default(work, subscription="s", group="g", name="bench")
        for number in range(count):
            tracking.start_run(work, room, run_id=f"sweep_{number}", experiment_name="e", display_name="", user="u",
                               started_at=work.now, tags={})  # fmt: skip
            tracking.runs.log(work, room, f"sweep_{number}", metrics=[Metric("loss", number, 1, 0)])
    kind = sweeps.SweepKind(script, None, None, tracking)  # type: ignore[arg-type]  # scripted
    record = Record(
        {
            "trial": {"command": "python train.py ${{search_space.lr}}", "environment": "e:1"},
            "search_space": SPACE,
            "objective": {"goal": "minimize", "primary_metric": "loss"},
            "limits": {"max_total_trials": count, "max_concurrent_trials": at_a_time},
        }
    )
    watch = Stopwatch()
    while len(script.ended) < count:
        with works.write(SYSTEM) as work:
            kind.advance(work, room, record)  # type: ignore[arg-type]  # as much of a row as is read
    found = watch.rate(count)
    database.close()
    return found


def peer(count: int, folder: Path) -> Rate:
    """Optuna's."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=7)
    study = optuna.create_study(storage=f"sqlite:///{folder}/optuna.db", sampler=sampler)
    watch = Stopwatch()
    for number in range(count):
        trial = study.ask()
        trial.suggest_float("lr", 1e-4, 0.4, log=True)
        trial.suggest_float("dropout", 0, 1)
        trial.suggest_categorical("units", [16, 32, 64])
        study.tell(trial, float(number))
    return watch.rate(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000, help="ours; Optuna does a tenth")
    count = parser.parse_args().trials
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="smalt-bench-") as name:
        optuna = peer(count // 10, Path(name))
        rates = {at_a_time: ours(count, Path(name), at_a_time=at_a_time) for at_a_time in (1, 10)}
    for at_a_time, smalt in rates.items():
        for clock in ("wall", "cpu"):
            mine, theirs = getattr(smalt, clock), getattr(optuna, clock)
            print(
                f"random sweep, {at_a_time} at a time, trials per {clock} second (ask, record, tell): "
                f"smalt {mine:,.0f}, optuna {theirs:,.0f}, ratio {mine / theirs:.1f}"
            )


if __name__ == "__main__":
    main()
