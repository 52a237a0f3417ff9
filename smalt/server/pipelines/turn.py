"""One turn of a running pipeline: see what became of its steps, start those that are ready, tell how it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from smalt.entities.job.status import JobStatus
from smalt.errors import InvalidRequest, SmaltError
from smalt.executors import OutputState
from smalt.kit import ids
from smalt.server.assets import DataLocator
from smalt.server.jobs import Children, ChildState, JobRecord, Progress, artifact_uri
from smalt.server.pipelines import bindings, child, control, loops, store
from smalt.server.pipelines.bindings import ParentOutput
from smalt.server.pipelines.diary import Diary
from smalt.server.pipelines.graph import Node
from smalt.server.pipelines.outputs import Outputs
from smalt.server.pipelines.plan import Plan
from smalt.server.pipelines.reuse import Reuse
from smalt.server.pipelines.store import StepKey, StepRow, StepStatus
from smalt.server.pipelines.values import Value, Values, of_pipeline
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_LONGEST_NAME = 240
_MOST_STARTS = 100
_MOST_NAMED = 5
_LONGEST_REASON = 500


class Outcome(StrEnum):
    """How a step stands in its pipeline."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of it."""
        return self in _FINAL


_FINAL = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.SKIPPED})
_OUTCOMES = {
    StepStatus.RUNNING: Outcome.RUNNING,
    StepStatus.COMPLETED: Outcome.DONE,
    StepStatus.FAILED: Outcome.FAILED,
}


class Turn:
    """One turn.

    Args:
        plan: The pipeline as it was pinned.
        record: Its job.
        work: The unit of work.
        workspace: The workspace.
        children: Submits steps.
        locator: Finds bytes.
    """

    def __init__(
        self,
        plan: Plan,
        record: JobRecord,
        work: Work,
        workspace: WorkspaceRecord,
        *,
        children: Children,
        locator: DataLocator,
    ) -> None:
        self.plan = plan
        self.record = record
        self.work = work
        self.workspace = workspace
        self.children = children
        self.rows: dict[str, list[StepRow]] = {}
        for row in store.steps(work.connection, record.id):
            self.rows.setdefault(row.key.step, []).append(row)
        self.outputs = Outputs(plan, self.rows, work, workspace, children=children, locator=locator)
        self.values = Values(of_pipeline(plan.job, record), self.outputs, plan.steps)
        self._reuse = Reuse(plan, work, workspace, children=children, locator=locator)
        self._locator = locator
        place = locator.locate(work, workspace, artifact_uri(record.name))
        self._diary = Diary(work, place.local_path, is_loop=lambda step: plan.graph.nodes[step].body is not None)
        self._starts = 0

    def take(self) -> Progress:
        """Take the turn."""
        self._observe()
        stops = self.plan.settings.continue_on_step_failure is False
        if stops and any(self._failed_row(name) for name in self.plan.graph.order):
            if self.children.cancel(self.work, self.workspace, self.record):
                return Progress(JobStatus.RUNNING)
            return Progress(JobStatus.FAILED, self._why({name: self._own_outcome(name) for name in self.rows}))
        outcomes: dict[str, Outcome] = {}
        for name in self.plan.graph.order:
            outcomes[name] = self._outcome(self.plan.graph.nodes[name], outcomes)
        if self.is_full:
            return Progress(JobStatus.RUNNING, has_more=True)
        if not all(outcome.is_final for outcome in outcomes.values()):
            return Progress(JobStatus.RUNNING)
        if any(outcome is Outcome.FAILED for outcome in outcomes.values()):
            return Progress(JobStatus.FAILED, self._why(outcomes))
        return Progress(JobStatus.COMPLETED, outputs=self._written())

    def last(self, name: str, iteration: int = 0) -> StepRow | None:
        """The newest attempt at a step, or at one iteration of a loop."""
        rows = self.rows.get(name, ())
        if len(rows) == 1:
            return rows[0] if rows[0].key.iteration == iteration else None
        mine = [row for row in rows if row.key.iteration == iteration]
        return max(mine, key=lambda row: row.key.attempt, default=None)

    def start(
        self,
        node: Node,
        *,
        iteration: int = 0,
        attempt: int = 1,
        of: Node | None = None,
        overrides: Mapping[str, Value] | None = None,
    ) -> StepRow:
        """Start a step, or one iteration of a loop whose body is `of`; what cannot be started has failed."""
        self._starts += 1
        what = of or node
        key = StepKey(node.name, iteration, attempt)
        name = self._child_name(key)
        places = self.record.pinned["outputs"]
        around = child.Surroundings(
            self.values,
            places,
            {name: output.type.value for name, output in self.plan.job.outputs.items()},
            self.plan.settings,
            self.plan.job.compute,
            self.plan.job.identity,
        )
        try:
            self.outputs.fetch(what.needs)
            component = self.plan.component(what.step)
            job = child.build(what.name, what.step, component, around, overrides=overrides)
            draft = self.children.draft(self.work, self.workspace, self.record, name, job)
            chosen = self._reuse.choose(
                key,
                what,
                component,
                draft,
                self.values,
                overrides or {},
                own_places={places[output] for output in self.plan.unplaced if output in places},
            )
        except SmaltError as error:
            if error.status >= 500:
                raise
            return self._write(key, StepStatus.FAILED, error=error.message, ended_at=self.work.now)
        if chosen.adopted is None:
            self.children.accept(self.work, self.workspace, self.record, name, chosen.draft)
            self._diary.note(key, f"started as job {name}, not reused", chosen.reason)
            return self._write(
                key,
                StepStatus.RUNNING,
                child=name,
                reason=chosen.reason,
                fingerprint=chosen.fingerprint,
                parts=chosen.parts,
            )
        properties = {"azureml.isreused": "true", "azureml.reusedrunid": chosen.adopted.name}
        self.children.adopt(
            self.work, self.workspace, self.record, name, chosen.draft, of=chosen.adopted, properties=properties
        )
        self._follow_outputs(what, name)
        self._diary.note(key, f"reused {chosen.adopted.name}", chosen.reason)
        return self._write(
            key,
            StepStatus.COMPLETED,
            child=name,
            reason=chosen.reason,
            reused_from=chosen.adopted.name,
            fingerprint=chosen.fingerprint,
            parts=chosen.parts,
            value=self.outputs.plain_values(what, name),
            ended_at=self.work.now,
        )

    @property
    def is_full(self) -> bool:
        """Whether enough was started for one transaction."""
        return self._starts >= _MOST_STARTS

    def begin_items(self, key: StepKey, *, value: Any = None, error: str | None = None) -> StepRow:  # Any: JSON
        """Write down the items of a loop, or why they cannot be had."""
        if error is not None:
            return self._write(key, StepStatus.FAILED, error=error, ended_at=self.work.now)
        return self._write(key, StepStatus.RUNNING, value=value)

    def gather(self, row: StepRow, value: Any) -> None:  # Any: JSON
        """Write down that all items of a loop are done, and what they have come to."""
        self._change(row, StepStatus.COMPLETED, value=value)

    def write_table(self, name: str, text: str) -> dict[str, str]:
        """Store a table of what several jobs have written; how it is found."""
        uri = f"azureml://datastores/workspaceblobstore/paths/azureml/{self.record.name}/{name}/"
        place = self._locator.locate(self.work, self.workspace, f"{uri}MLTable")
        assert place.store is not None
        place.store.write(place.key, [text.encode()])
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return {"uri": uri, "identity": digest, "type": "mltable"}

    def decide(self, node: Node, value: Any) -> StepRow:  # Any: JSON
        """Write down what a step without a job has come to."""
        return self._write(StepKey(node.name, 0, 1), StepStatus.COMPLETED, value=value, ended_at=self.work.now)

    def fail(self, node: Node, message: str) -> StepRow:
        """Write down that a step without a job could not be done."""
        return self._write(StepKey(node.name, 0, 1), StepStatus.FAILED, error=message, ended_at=self.work.now)

    def _observe(self) -> None:
        """Write down the ends of children."""
        running = [row for rows in self.rows.values() for row in rows if row.status is StepStatus.RUNNING and row.child]
        if not running:
            return
        names = [str(row.child) for row in running]
        states = self.children.states(self.work, self.workspace, self.record, names=names)
        for row in running:
            state = states.get(str(row.child))
            if state is None:
                self._change(row, StepStatus.FAILED, error=f"The job {row.child!r} was deleted.")
            elif not state.is_active:
                self._end(row, state)

    def _end(self, row: StepRow, state: ChildState) -> None:
        node = self._runs(self.plan.graph.nodes[row.key.step])
        if state.status is not JobStatus.COMPLETED:
            message = (state.error or {}).get("message") or f"The job is {state.status.value}."
            self._change(row, StepStatus.FAILED, error=message)
            if state.status is JobStatus.FAILED and row.key.attempt <= _retries(node):
                loop = self.plan.graph.nodes[row.key.step]
                overrides = loops.overrides(self, loop, row.key.iteration) if loop is not node else None
                self.start(
                    loop,
                    iteration=row.key.iteration,
                    attempt=row.key.attempt + 1,
                    of=node if loop is not node else None,
                    overrides=overrides,
                )
            return
        try:
            value = self.outputs.plain_values(node, str(row.child))
        except InvalidRequest as error:
            self._change(row, StepStatus.FAILED, error=error.message)
            return
        self._change(row, StepStatus.COMPLETED, value=value)
        self._follow_outputs(node, str(row.child))
        self._reuse.offer(row, node, self.record, str(row.child))

    def _outcome(self, node: Node, outcomes: Mapping[str, Outcome]) -> Outcome:
        """How a step stands, after starting it if it is ready."""
        present = self._own_outcome(node.name)
        if present.is_final or (present is Outcome.RUNNING and node.body is None):
            return present
        is_last = node.name == self.plan.settings.on_finalize
        needs = [outcomes[need] for need in node.needs if need in outcomes]
        if not all(need.is_final for need in needs):
            return present
        if not is_last and any(need is not Outcome.DONE for need in needs):
            return Outcome.SKIPPED
        if node.gate is not None and self._taken(node) is not node.gate.way:
            return Outcome.SKIPPED
        if self.is_full:
            return present
        if node.kind == "if_else":
            self._branch(node)
        elif node.body is not None:
            loops.advance(self, node)
        else:
            self.start(node)
        return self._own_outcome(node.name)

    def _own_outcome(self, name: str) -> Outcome:
        node = self.plan.graph.nodes[name]
        if node.body is not None:
            return Outcome(loops.outcome(self, node))
        row = self.last(name)
        return Outcome.WAITING if row is None else _OUTCOMES[row.status]

    def _failed_row(self, name: str) -> bool:
        return name in self.rows and self._own_outcome(name) is Outcome.FAILED

    def _branch(self, node: Node) -> None:
        try:
            self.outputs.fetch(node.needs)
            given = control.condition_of(node)
            binding = bindings.whole(given)
            self.decide(node, control.truth(given if binding is None else self.values.bound(binding)))
        except InvalidRequest as error:
            self.fail(node, error.message)

    def _taken(self, node: Node) -> object:
        assert node.gate is not None
        row = self.last(node.gate.decision)
        return None if row is None else row.value

    def _runs(self, node: Node) -> Node:
        """The node whose step a child of this one runs: a loop's is its body."""
        return self.plan.graph.nodes[node.body] if node.body is not None else node

    def _follow_outputs(self, node: Node, child: str) -> None:
        """Let outputs of the pipeline be where the step that is bound to them has left them.

        That is elsewhere when the step has taken over another job's work, or chosen the best of several.
        """
        present = self.record.pinned["outputs"]
        moved = {}
        for name, output in node.step.outputs.items():
            binding = bindings.whole(output.path)
            place = self.outputs.place(child, name) if isinstance(binding, ParentOutput) else None
            if isinstance(binding, ParentOutput) and place is not None and place != present.get(binding.name):
                moved[binding.name] = place
        if moved:
            self.children.move_outputs(self.work, self.record, moved)
            outputs = {**self.record.pinned["outputs"], **moved}
            self.record = replace(self.record, pinned={**self.record.pinned, "outputs": outputs})

    def _written(self) -> dict[str, OutputState]:
        """What stands at the pipeline's own outputs, from the steps that wrote it."""
        found: dict[str, OutputState] = {}
        for name in self.plan.graph.order:
            node = self._runs(self.plan.graph.nodes[name])
            bound = {
                output: binding.name
                for output, given in node.step.outputs.items()
                if isinstance(binding := bindings.whole(given.path), ParentOutput)
            }
            written = self.outputs.written(name) if bound else {}
            found |= {own: OutputState(**written[output]) for output, own in bound.items() if output in written}
        return found

    def _why(self, outcomes: Mapping[str, Outcome]) -> str:
        failed = [name for name, outcome in outcomes.items() if outcome is Outcome.FAILED]
        shown = []
        errors = {row["step"]: row for row in store.whole_steps(self.work.connection, self.record.id) if row["error"]}
        for name in failed[:_MOST_NAMED]:
            row = errors.get(name)
            job = f" (job {row['child']})" if row is not None and row["child"] else ""
            reason = str(row["error"])[:_LONGEST_REASON] if row is not None else "it failed"
            shown.append(f"step {name!r}{job}: {reason}")
        more = f" And {len(failed) - _MOST_NAMED} more." if len(failed) > _MOST_NAMED else ""
        return f"{len(failed)} of {len(self.plan.steps)} steps failed. " + "; ".join(shown) + more

    def _child_name(self, key: StepKey) -> str:
        base = f"{self.record.name}_{key.step}"
        base += f"_{key.iteration}" if key.iteration or self.plan.graph.nodes[key.step].body else ""
        base += f"_retry{key.attempt - 1}" if key.attempt > 1 else ""
        if len(base) <= _LONGEST_NAME and self.children.is_free(self.work, self.workspace, base):
            return base
        return f"{base[: _LONGEST_NAME - 10]}_{ids.opaque()[:8]}"

    def _write(self, key: StepKey, status: StepStatus, **values: Any) -> StepRow:  # Any: values of columns
        store.add_step(
            self.work.connection, self.record.id, key, status=status.value, started_at=self.work.now, **values
        )
        if status is StepStatus.FAILED:
            self._diary.note(key, "failed", values.get("error"))
        row = StepRow(key, status, values.get("child"), values.get("value"), values.get("fingerprint"))
        self.rows.setdefault(key.step, []).append(row)
        return row

    def _change(self, row: StepRow, status: StepStatus, **values: Any) -> None:  # Any: values of columns
        store.change_step(
            self.work.connection, self.record.id, row.key, status=status.value, ended_at=self.work.now, **values
        )
        self._diary.note(row.key, status.value, values.get("error"))
        rows = self.rows[row.key.step]
        rows[rows.index(row)] = replace(row, status=status, value=values.get("value", row.value))


def _retries(node: Node) -> int:
    settings = (node.step.model_extra or {}).get("retry_settings")
    if node.kind != "command" or not isinstance(settings, dict):
        return 0
    count = str(settings.get("max_retries"))
    return int(count) if count.isdecimal() else 0
