"""The kind `automl`: it lives by its trials, which are ordinary child jobs, and ends with a report on the best one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from smalt.entities.job.automl import AutoMLJob
from smalt.entities.job.base import Job
from smalt.entities.job.outputs import JobOutput
from smalt.entities.job.status import JobStatus
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest, SmaltError, Unsupported
from smalt.server.automl import children as made
from smalt.server.automl import learners
from smalt.server.automl.search import Result, Search, Trial, next_step, visible
from smalt.server.jobs import (
    Changes,
    Children,
    ChildState,
    JobRecord,
    JobService,
    ParentLike,
    Pinned,
    Pinner,
    Problems,
    Progress,
    artifact_uri,
)
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

BEST_CHILD = "automl_best_child_run_id"
_MINUTES = 360
_LONGEST_PARAMS = 500


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn looks at."""

    work: Work
    workspace: WorkspaceRecord
    record: JobRecord
    job: AutoMLJob
    search: Search


class AutoMLKind(ParentLike):
    """Searches for a model.

    Args:
        children: Submits trials.
        service: Changes the job's tags.
        pinner: Looks references up.
        tracking: Has the scores of trials.
    """

    type: ClassVar[str] = "automl"

    def __init__(self, children: Children, service: JobService, pinner: Pinner, tracking: TrackingService) -> None:
        self._children = children
        self._service = service
        self._pinner = pinner
        self._tracking = tracking

    def refusals(self, job: Job) -> Iterable[InvalidRequest]:
        """See `ParentLike.refusals`."""
        assert isinstance(job, AutoMLJob)
        return [Unsupported(message, target=field) for field, message in learners.refusals(job)]

    def pin(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: Job, problems: Problems
    ) -> tuple[Job, Pinned]:
        """See `ParentLike.pin`."""
        assert isinstance(job, AutoMLJob)
        if problems.refuse(self.refusals(job)):
            return job, Pinned()
        for output in job.outputs.keys() - {made.BEST_MODEL}:
            with problems.at(f"outputs.{output}"):
                raise Unsupported(f"An AutoML job writes only {made.BEST_MODEL!r}. Leave {output!r} out.")
        whole = job.model_copy(update={"outputs": _outputs(job)})
        pinned = self._pin_tables(work, workspace, name, whole, problems)
        return _with_assets(whole, pinned), pinned

    def advance(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Progress:
        """See `ParentLike.advance`."""
        job = record.entity()
        assert isinstance(job, AutoMLJob)
        search = made.search_of(job, learners.choose(job))
        turn = _Turn(work, workspace, record, job, search)
        states = self._children.states(work, workspace, record)
        report = states.pop(made.report_name(record.name), None)
        if report is not None:
            return _ended(report)
        started, results = self._trials(turn, states)
        step = next_step(search, started, results, in_time=not _is_late(turn))
        if step.failure:
            return Progress(JobStatus.FAILED, step.failure)
        if step.is_over:
            self._report(turn, results)
        elif _is_late(turn):
            self._children.cancel(work, workspace, record)
        for trial in step.start:
            seen = results if trial.is_ensemble else visible(search, trial.number, results)
            child = made.trial_job(job, record.name, trial, search, seen)
            self._children.submit(work, workspace, record, made.trial_name(record.name, trial.number), child)
        return Progress(JobStatus.RUNNING)

    def _pin_tables(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: AutoMLJob, problems: Problems
    ) -> Pinned:
        """Pin what the children will read and write, as the last of them names most of it."""
        own = Problems()
        pinned = self._pinner.pin(work, workspace, name, made.sample_job(job), own)
        try:
            own.raise_any()
        except SmaltError as error:
            # A table that is not there also leaves a gap in the settings; that is not worth a second sentence.
            about_tables = [each for each in error.details if (each.target or "").startswith("inputs.")]
            for detail in about_tables or error.details:
                with problems.at((detail.target or "").removeprefix("inputs.")):
                    raise detail from None
        return pinned

    def _trials(self, turn: _Turn, states: dict[str, ChildState]) -> tuple[list[Trial], list[Result]]:
        """The trials that were started, and the results of those that ended, by number."""
        started: list[Trial] = []
        results: list[Result] = []
        # Somebody may have hung further jobs under this one; only its own are trials.
        for number in itertools.count():
            state = states.get(made.trial_name(turn.record.name, number))
            if state is None:
                return started, results
            trial = Trial(number, self._learner(turn, state.name))
            started.append(trial)
            if not state.is_active:
                child = self._tracking.runs.get(turn.work, turn.workspace, state.name)["data"]
                results.append(_result(turn, trial, state, child))
        raise AssertionError("Counting does not end.")

    def _learner(self, turn: _Turn, name: str) -> str:
        """What a trial trains. Its document says so, which nobody can change."""
        record = self._children.find(turn.work, turn.workspace, name)
        if record is None:
            raise InvalidRequest(f"The trial {name!r} was deleted while its search went on. Submit the job again.")
        settings = json.loads(record.document["environment_variables"][made.SETTINGS])
        return str(settings["learner"])

    def _report(self, turn: _Turn, results: Sequence[Result]) -> None:
        """Say which trial is the best, and start the child that hands its model over."""
        work, workspace, record, search = turn.work, turn.workspace, turn.record, turn.search
        best = search.best(results)
        assert best is not None
        child = made.trial_name(record.name, best.number)
        self._service.change(work, workspace, record.name, Changes(tags={BEST_CHILD: child}))
        report = made.report_job(
            turn.job,
            record.name,
            best,
            search.ranked(results),
            best_model=record.pinned["outputs"][made.BEST_MODEL],
            artifacts=artifact_uri(record.name),
        )
        self._children.submit(work, workspace, record, made.report_name(record.name), report)


def _result(
    turn: _Turn,
    trial: Trial,
    state: ChildState,
    child: dict[str, Any],  # Any: JSON
) -> Result:
    tags = {each["key"]: each["value"] for each in child.get("tags", [])}
    metrics = {each["key"]: each["value"] for each in child.get("metrics", [])}
    score = metrics.get(made.RUN_METRICS[turn.job.metric])
    if state.status is JobStatus.COMPLETED and score is not None:
        return Result(trial.number, trial.learner, float(score), _params(tags.get("automl.settings")))
    message = tags.get("automl.failure") or (state.error or {}).get("message") or "It gave no score."
    return Result(trial.number, trial.learner, None, failure=f"Trial {state.name}: {message}")


def _params(text: str | None) -> dict[str, Any]:  # Any: numbers and words
    """What a trial says its settings were; its run may be written by others, who may say anything."""
    if text is None or len(text) > _LONGEST_PARAMS:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _ended(report: ChildState) -> Progress:
    if report.is_active:
        return Progress(JobStatus.RUNNING)
    if report.status is JobStatus.COMPLETED:
        return Progress(JobStatus.COMPLETED)
    message = (report.error or {}).get("message", "")
    return Progress(report.status, f"The best model could not be handed over by {report.name}. {message}".strip())


def _is_late(turn: _Turn) -> bool:
    limits = turn.job.limits
    minutes = (limits.timeout_minutes if limits else None) or _MINUTES
    started = turn.record.started_at
    return started is not None and turn.work.now - started >= timedelta(minutes=minutes)


def _outputs(job: AutoMLJob) -> dict[str, JobOutput]:
    given = job.outputs.get(made.BEST_MODEL)
    if given is None:
        return {made.BEST_MODEL: JobOutput(type=AssetType.MLFLOW_MODEL)}
    return {made.BEST_MODEL: given}


def _with_assets(job: AutoMLJob, pinned: Pinned) -> AutoMLJob:
    """The job with its references replaced by what they were pinned to."""
    changes: dict[str, Any] = {  # Any: values of fields
        name: table.model_copy(update={"path": pinned.inputs[name]["asset"]})
        for name, table in job.tables().items()
        if "asset" in pinned.inputs.get(name, {})
    }
    return job.model_copy(update=changes | ({"compute": pinned.compute} if pinned.compute else {}))
