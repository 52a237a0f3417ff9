"""The trials of a sweep in one answer, for whoever follows it."""

from __future__ import annotations

from typing import Any

from smalt.entities.job.status import JobStatus
from smalt.entities.job.sweep import SweepJob
from smalt.errors import InvalidRequest
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, ok
from smalt.server.jobs import Children
from smalt.server.sweeps import ending, store
from smalt.server.sweeps.kind import SweepKind
from smalt.server.sweeps.policies import Goal
from smalt.server.sweeps.store import Trial
from smalt.server.workspaces import WorkspaceService


class _Handlers:
    def __init__(self, kind: SweepKind, children: Children, workspaces: WorkspaceService) -> None:
        self._kind = kind
        self._children = children
        self._workspaces = workspaces

    def trials(self, call: Call) -> Answer:
        """All trials of a sweep: state, parameters, and the best value of the primary metric so far."""
        workspace = self._workspaces.of(call)
        record = self._children.service.get(call.work, workspace, call.params["name"])
        job = record.entity()
        if not isinstance(job, SweepJob):
            raise InvalidRequest(
                f"Job {record.name!r} is a {record.kind} and has no trials. Name a sweep.", target="name"
            )
        goal = Goal(maximizes=job.objective.goal == "maximize")
        metric = job.objective.primary_metric
        states = self._children.states(call.work, workspace, record)
        found = store.every(call.work.connection, record.id)
        best = record.properties.get(ending.BEST)
        if best is None and (leader := ending.best_of(found, goal)) is not None:
            best = leader.job
        shown = []
        for trial in found:
            value = trial.value
            if not trial.is_over:
                value = goal.best(self._kind.reports(call.work, workspace, trial.job, metric))
            state = states.get(trial.job)
            status = state.status if state is not None else JobStatus.FAILED
            shown.append(_shown(trial, status, value, is_best=trial.job == best))
        return ok({"value": shown, "primaryMetric": metric, "goal": job.objective.goal})


def routes(kind: SweepKind, children: Children, workspaces: WorkspaceService) -> list[Route]:
    """The routes of this slice."""
    table = Routes()
    handlers = _Handlers(kind, children, workspaces)
    table.add("GET", WORKSPACE + "/jobs/{name}/trials", handlers.trials, action="workspaces/jobs/read")
    return table.all


def _shown(trial: Trial, status: JobStatus, value: float | None, *, is_best: bool) -> dict[str, Any]:  # Any: JSON
    return {
        "name": trial.job,
        "status": status.value,
        # JSON has no infinities.
        "value": value if value is None or abs(value) != float("inf") else str(value),
        "hyperparameters": dict(trial.parameters),
        "reason": trial.reason,
        "isBest": is_best,
    }
