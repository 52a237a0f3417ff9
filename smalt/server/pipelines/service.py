"""The verbs of pipelines: show how one stands, run one again from where it failed, forget results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from smalt.entities.job.pipeline import PipelineJob
from smalt.errors import Conflict, InvalidRequest, NotFound
from smalt.kit import clock, ids
from smalt.server.jobs import Children, JobRecord
from smalt.server.pipelines import store
from smalt.server.pipelines.graph import Node
from smalt.server.pipelines.outputs import GATHERED
from smalt.server.pipelines.plan import Plan, Plans
from smalt.server.pipelines.store import StepStatus
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

JsonObject = dict[str, Any]  # Any: JSON

FAILED = "failed"
_MOST_LEVELS = 20
_STATES = {
    StepStatus.RUNNING.value: "Running",
    StepStatus.COMPLETED.value: "Completed",
    StepStatus.FAILED.value: "Failed",
}


class PipelineService:
    """Pipelines that were submitted.

    Args:
        children: Finds and submits jobs.
        plans: Pipelines that were read.
    """

    def __init__(self, children: Children, plans: Plans) -> None:
        self._children = children
        self._plans = plans

    def forget_jobs(self, work: Work, job_ids: Sequence[str]) -> None:
        """Remove the steps of jobs that are removed."""
        store.forget_pipelines(work.connection, job_ids)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove what the steps of a workspace left for reuse."""
        store.forget_results(work.connection, workspace_id)

    def graph(self, work: Work, workspace: WorkspaceRecord, name: str) -> JsonObject:
        """Every step of a pipeline with its state, what it waits for, and why it was reused or not.

        Raises:
            NotFound: There is no such job.
            InvalidRequest: It is no pipeline.
        """
        return self._shown(work, workspace, self._pipeline(work, workspace, name), 0)

    def rerun(
        self, work: Work, workspace: WorkspaceRecord, name: str, *, new_name: str | None, start: str
    ) -> JobRecord:
        """Submit a finished pipeline again, keeping the steps that need not run.

        Args:
            work: The unit of work.
            workspace: The workspace.
            name: The pipeline.
            new_name: The name of the new job.
            start: `failed`, to keep every step that has completed; or a step that runs again with all below it.

        Raises:
            Conflict: The pipeline still runs.
            InvalidRequest: There is no such step.
        """
        record = self._pipeline(work, workspace, name)
        if not record.status.is_terminal:
            raise Conflict(f"Pipeline {name!r} is {record.status.value}. Cancel it or wait for its end, then rerun it.")
        kept = self._kept(work, workspace, record, start)
        job = record.entity()
        fresh = {"name": None, "id": None, "status": None, "is_archived": False, "creation_context": None}
        again = job.model_copy(update={**fresh, "properties": {**job.properties, "azureml.rerunOf": record.name}})
        chosen = new_name or ids.readable()
        if not self._children.is_free(work, workspace, chosen):
            raise Conflict(f"The job name {chosen!r} is taken. Choose another one.", target="name")
        draft = self._children.submission.draft(work, workspace, chosen, again)
        parts = {**draft.pinned.get("parts", {}), **kept}
        return self._children.submission.accept(
            work, workspace, chosen, draft.with_pinned({**draft.pinned, "parts": parts})
        )

    def invalidate(self, work: Work, workspace: WorkspaceRecord, name: str, *, step: str | None) -> int:
        """Let nobody take over what a pipeline, or one step of it, has done; how many results that were."""
        record = self._pipeline(work, workspace, name)
        if step is not None and step not in self._plans.of(record).graph.nodes:
            raise _no_step(step, self._plans.of(record))
        jobs = store.children(work.connection, record.id, step)
        for child in [self._children.find(work, workspace, job) for job in jobs]:
            if child is not None and child.kind == "pipeline":
                jobs += store.children(work.connection, child.id)
        return store.invalidate_jobs(work.connection, workspace.id, jobs, now=work.now)

    def invalidate_component(self, work: Work, workspace: WorkspaceRecord, component: str) -> int:
        """Let nobody take over what a component has done; how many results that were."""
        return store.invalidate_component(work.connection, workspace.id, component, now=work.now)

    def _pipeline(self, work: Work, workspace: WorkspaceRecord, name: str) -> JobRecord:
        record = self._children.service.get(work, workspace, name)
        if record.kind != "pipeline":
            raise InvalidRequest(
                f"Job {name!r} is a {record.kind} job and has no steps. Name a pipeline.", target="name"
            )
        return record

    def _kept(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, start: str) -> JsonObject:
        plan = self._plans.of(record)
        again: dict[str, str] = {}
        if start != FAILED:
            if start not in plan.graph.nodes:
                raise _no_step(start, plan)
            again = dict.fromkeys(plan.graph.below(plan.graph.nodes[start].loop or start), start)
        keep: dict[str, str] = {}
        resume: dict[str, JsonObject] = {}
        for row in store.steps(work.connection, record.id):
            if row.child is None or row.key.step in again:
                continue
            if row.status is StepStatus.COMPLETED:
                keep[f"{row.key.step}#{row.key.iteration}"] = row.child
                continue
            nested = self._children.find(work, workspace, row.child)
            if nested is not None and nested.kind == "pipeline":
                resume[row.key.step] = self._kept(work, workspace, nested, FAILED)
        return {"keep": keep, "resume": resume, "again": again}

    def _shown(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, level: int) -> JsonObject:
        plan = self._plans.of(record)
        assert isinstance(plan.job, PipelineJob)
        rows: dict[str, list[RowMapping]] = {}
        for row in store.whole_steps(work.connection, record.id):
            rows.setdefault(row["step"], []).append(row)
        shown = [
            self._step(work, workspace, record, plan.graph.nodes[name], rows.get(name, []), level)
            for name in plan.graph.nodes
            if plan.graph.nodes[name].loop is None
        ]
        # One whose steps are all taken over ends in its first turn, without ever running.
        started = record.started_at or (record.created_at if record.ended_at is not None else None)
        span = _span(started, record.ended_at)
        return {"name": record.name, "status": record.status.value, **span, "steps": shown}

    def _step(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        record: JobRecord,
        node: Node,
        rows: list[RowMapping],
        level: int,
    ) -> JsonObject:
        whole = [row for row in rows if row["iteration"] != GATHERED]
        last = max(rows, key=lambda row: (row["iteration"] == GATHERED, row["iteration"], row["attempt"]), default=None)
        shown = self._run(node, last, record)
        shown["needs"] = sorted(node.needs)
        if node.body is not None:
            states = self._children.states(work, workspace, record, names=[row["child"] for row in whole])
            shown["iterations"] = [
                self._run(node, row, record) | {"iteration": row["iteration"]}
                for row in whole
                if row["child"] in states
            ]
        child = (
            self._children.find(work, workspace, str(shown["job"])) if shown["job"] and level < _MOST_LEVELS else None
        )
        if child is not None:
            shown["status"] = child.status.value
            if child.kind == "pipeline":
                shown["steps"] = self._shown(work, workspace, child, level + 1)["steps"]
        return shown

    def _run(self, node: Node, row: Mapping[str, Any] | RowMapping | None, record: JobRecord) -> JsonObject:
        """One run of a step; without a row, one that was not begun."""
        name = getattr(node.step, "display_name", None) or node.name
        shown: JsonObject = {"name": node.name, "type": node.kind, "displayName": name, "iterations": [], "steps": []}
        if row is None:
            status = "Skipped" if record.status.is_terminal else "NotStarted"
            unknown = dict.fromkeys(("job", "startedAt", "endedAt", "durationSeconds", "error"))
            reuse = {"reused": False, "reason": None, "from": None}
            return {**shown, **unknown, "status": status, "attempt": 0, "reuse": reuse}
        return {
            **shown,
            "status": _STATES[row["status"]],
            "job": row["child"],
            **_span(row["started_at"], row["ended_at"]),
            "error": row["error"],
            "attempt": row["attempt"],
            "reuse": {
                "reused": row["reused_from"] is not None,
                "reason": row["reason"],
                "from": row["reused_from"],
            },
        }


def _span(started: datetime | None, ended: datetime | None) -> JsonObject:
    return {
        "startedAt": clock.to_text(started) if started is not None else None,
        "endedAt": clock.to_text(ended) if ended is not None else None,
        "durationSeconds": (ended - started).total_seconds() if started is not None and ended is not None else None,
    }


def _no_step(name: str, plan: Plan) -> NotFound:
    shown = ", ".join(list(plan.graph.nodes)[:20])
    return NotFound(f"The pipeline has no step {name!r}. Its steps: {shown}.", target="step")
