"""The kind of jobs that are sweeps: asks for trials, judges those that run, tells how those that ended have done."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from smalt.entities.component import Component
from smalt.entities.job.base import Job
from smalt.entities.job.command import Trial as TrialSettings
from smalt.entities.job.status import JobStatus
from smalt.entities.job.sweep import SweepJob
from smalt.entities.job.sweep_rules import mistakes
from smalt.entities.job.trial import with_component
from smalt.errors import Conflict, InvalidRequest, NotFound, SmaltError
from smalt.executors import OutputState
from smalt.server.assets import AssetService
from smalt.server.jobs import Changes, Children, ChildState, JobRecord, ParentLike, Pinned, Pinner, Problems, Progress
from smalt.server.sweeps import ending, spaces, store
from smalt.server.sweeps.policies import Course, Goal, Policy, policy_of
from smalt.server.sweeps.samplers import Sampler, Told, sampler_of
from smalt.server.sweeps.store import Trial
from smalt.server.sweeps.trials import command_of, sample_of, trial_name
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_LONGEST_NAME = 250
_USUAL_LOOK = timedelta(seconds=10)
_POLICY_LOOK = timedelta(seconds=1)
_OF_TRIAL = frozenset({"command", "code", "environment", "environment_variables", "resources"})
STOPPED = "early_termination"
"""The property of a trial that a policy has stopped: why."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn over one sweep."""

    work: Work
    workspace: WorkspaceRecord
    record: JobRecord
    job: SweepJob

    @property
    def goal(self) -> Goal:
        return Goal(maximizes=self.job.objective.goal == "maximize")

    @property
    def metric(self) -> str:
        return self.job.objective.primary_metric

    @property
    def time_left(self) -> timedelta | None:
        """Until the timeout of the whole sweep, where it has one."""
        timeout = self.job.limits.timeout if self.job.limits is not None else None
        begun = self.record.started_at or self.work.now
        return None if timeout is None else begun + timedelta(seconds=timeout) - self.work.now


class SweepKind(ParentLike):
    """Sweeps.

    Args:
        children: Submits and cancels the trials.
        pinner: Looks references up.
        assets: Where components are.
        tracking: Where trials report.
    """

    type: ClassVar[str] = "sweep"

    def __init__(self, children: Children, pinner: Pinner, assets: AssetService, tracking: TrackingService) -> None:
        self._children = children
        self._pinner = pinner
        self._assets = assets
        self._tracking = tracking

    def refusals(self, job: Job) -> Iterable[InvalidRequest]:
        """See `ParentLike.refusals`."""
        assert isinstance(job, SweepJob)
        return mistakes(job)

    def pin(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: Job, problems: Problems
    ) -> tuple[Job, Pinned]:
        """See `ParentLike.pin`."""
        assert isinstance(job, SweepJob)
        if len(name) > _LONGEST_NAME:
            text = f"The name has {len(name)} characters. Use at most {_LONGEST_NAME}, as trials add their number."
            problems.add(InvalidRequest(text, target="name"))
        with problems.at("trial"):
            job = self._with_component(work, workspace, job)
        pinned = self._pinner.ports(work, workspace, name, job, problems)
        pinned.parts = {"seed": secrets.randbelow(2**31)}
        if not problems.refuse(self.refusals(job)) and isinstance(job.trial, TrialSettings):
            with problems.at("sampling_algorithm"):
                sampler_of(job, seed=0)
            job = self._pin_trial(work, workspace, name, job, problems)
        return job, pinned

    def forget_jobs(self, work: Work, job_ids: Sequence[str]) -> None:
        """Remove the trials of jobs that are removed."""
        store.forget(work.connection, job_ids)

    def advance(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Progress:
        """See `ParentLike.advance`."""
        job = record.entity()
        assert isinstance(job, SweepJob)
        turn = _Turn(work, workspace, record, job)
        running = store.running(work.connection, record.id)
        states = self._children.states(work, workspace, record, names=[trial.job for trial in running])
        running = [trial for trial in running if not self._close(turn, trial, states.get(trial.job))]
        left = turn.time_left
        if left is not None and left <= timedelta(0):
            if self._children.cancel(work, workspace, record):
                return Progress(JobStatus.RUNNING)
            return self._end(turn, "The sweep ran into its timeout (limits.timeout) and was canceled.")
        policy = policy_of(job.early_termination, turn.goal)
        if policy is not None:
            self._judge(turn, policy, running)
        if self._ask(turn, len(running)) == 0:
            return self._end(turn)
        usual = _USUAL_LOOK if policy is None else _POLICY_LOOK
        return Progress(JobStatus.RUNNING, look_again=usual if left is None else min(usual, left))

    def reports(self, work: Work, workspace: WorkspaceRecord, trial: str, metric: str) -> list[float]:
        """What a trial has reported of a metric so far."""
        try:
            return self._tracking.reports(work, workspace, trial, metric)
        except NotFound:
            return []  # Its run was deleted, or it could not be submitted.

    def _with_component(self, work: Work, workspace: WorkspaceRecord, job: SweepJob) -> SweepJob:
        if not isinstance(job.trial, str):
            return job
        component = self._assets.resolve(work, workspace, "components", job.trial).entity
        assert isinstance(component, Component)
        return with_component(job, component)

    def _pin_trial(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: SweepJob, problems: Problems
    ) -> SweepJob:
        """Try a trial on, so that what would fail in each of them is refused here, and keep what it was pinned to."""
        assert isinstance(job.trial, TrialSettings)
        try:
            sample = sample_of(job, trial_name(name, 0))
        except InvalidRequest as error:
            problems.add(InvalidRequest(error.message, target="trial.command"))
            return job
        try:
            found = self._children.submission.draft(work, workspace, trial_name(name, 0), sample).job.document()
        except SmaltError as error:
            for detail in error.details or (error,):
                # What is about inputs, outputs and the compute was found before, as the sweep's own.
                if (detail.target or "").partition(".")[0] in _OF_TRIAL:
                    with problems.at(f"trial.{detail.target}"):
                        raise detail from None
            return job
        trial: dict[str, object] = {
            **job.trial.document(),
            **{key: found[key] for key in ("code", "environment") if key in found},
        }
        inputs = {key: found["inputs"][key] for key in job.inputs}
        return SweepJob.parse({**job.document(), "trial": trial, "inputs": inputs, "compute": found.get("compute")})

    def _close(self, turn: _Turn, trial: Trial, state: ChildState | None) -> bool:
        """Write down how a trial has ended; False while it has not."""
        if state is not None and state.is_active:
            return False
        value = turn.goal.best(self.reports(turn.work, turn.workspace, trial.job, turn.metric))
        status = JobStatus.FAILED if state is None else state.status
        told = state.error["message"] if state is not None and state.error is not None else None
        if status is JobStatus.COMPLETED and value is None:
            told = f"It did not log {turn.metric!r}."
        store.close(turn.work.connection, trial, outcome=status.value, value=value, reason=trial.reason or told)
        if state is not None:
            # Only now, as code that logs its own parameters in another spelling would otherwise be refused.
            params = spaces.texts(trial.parameters)
            self._tracking.complete_params(turn.work, turn.workspace, trial.job, params)
        return True

    def _judge(self, turn: _Turn, policy: Policy, running: Sequence[Trial]) -> None:
        """Stop the running trials that the policy is against."""
        courses = {trial.number: self._course(turn, trial) for trial in running if trial.reason is None}
        reached = [
            (trial, policy.due(courses[trial.number], judged=trial.judged))
            for trial in running
            if trial.number in courses
        ]
        due = [(trial, intervals) for trial, intervals in reached if intervals]
        if not due:
            return
        everyone = [
            courses.get(trial.number) or self._course(turn, trial)
            for trial in store.every(turn.work.connection, turn.record.id)
        ]
        for trial, intervals in due:
            found = (policy.verdict(courses[trial.number], everyone, interval) for interval in intervals)
            reason = next((text for text in found if text is not None), None)
            store.judge(turn.work.connection, trial, judged=intervals[-1], reason=reason)
            if reason is not None:
                self._stop(turn, trial, reason)

    def _course(self, turn: _Turn, trial: Trial) -> Course:
        return Course(
            trial.number, self.reports(turn.work, turn.workspace, trial.job, turn.metric), is_over=trial.is_over
        )

    def _stop(self, turn: _Turn, trial: Trial, reason: str) -> None:
        service = self._children.service
        try:
            service.cancel(turn.work, turn.workspace, trial.job)
        except Conflict:
            return  # It has ended by itself meanwhile.
        service.change(turn.work, turn.workspace, trial.job, Changes(properties={STOPPED: reason}))

    def _ask(self, turn: _Turn, running: int) -> int:
        """Fill the places with new trials; how many are taken then.

        A trial is written down in the transaction that submits it, so that a kill leaves both or none.
        """
        connection, record, job = turn.work.connection, turn.record, turn.job
        sampler: Sampler | None = None
        number = store.asked(connection, record.id)
        while running < job.max_concurrent_trials and number < job.max_total_trials:
            sampler = sampler or self._sampler(turn)
            values = sampler.ask(number)
            if values is None:
                break
            trial = Trial(record.id, number, trial_name(record.name, number), values)
            store.add(connection, trial)
            is_submitted = self._submit(turn, trial)
            sampler.tell(Told(number, values, is_over=not is_submitted))
            running += is_submitted
            number += 1
        return running

    def _sampler(self, turn: _Turn) -> Sampler:
        sampler = sampler_of(turn.job, seed=turn.record.pinned["parts"]["seed"])
        if sampler.learns:
            for trial in store.every(turn.work.connection, turn.record.id):
                sampler.tell(Told(trial.number, trial.parameters, is_over=trial.is_over, value=trial.value))
        return sampler

    def _submit(self, turn: _Turn, trial: Trial) -> bool:
        """Submit a trial; one that is refused is over, and the others go on."""
        job = command_of(turn.job, trial.job, trial.parameters)
        try:
            with turn.work.connection.begin_nested():
                self._children.submit(turn.work, turn.workspace, turn.record, trial.job, job)
        except SmaltError as error:
            if error.status >= 500:
                raise
            failed = JobStatus.FAILED.value
            store.close(turn.work.connection, trial, outcome=failed, value=None, reason=error.message)
            return False
        return True

    def _end(self, turn: _Turn, timed_out: str | None = None) -> Progress:
        trials = store.every(turn.work.connection, turn.record.id)
        best = ending.best_of(trials, turn.goal)
        written = self._expose(turn, best) if best is not None else {}
        if timed_out is not None:
            return Progress(JobStatus.CANCELED, timed_out)
        if best is None:
            return Progress(JobStatus.FAILED, ending.failure(trials, turn.metric, self._logged(turn, trials)))
        return Progress(JobStatus.COMPLETED, outputs=written)

    def _expose(self, turn: _Turn, best: Trial) -> Mapping[str, OutputState]:
        """Name the best trial on the sweep, and make its outputs the sweep's; what was written to them."""
        work, workspace, record = turn.work, turn.workspace, turn.record
        named = {ending.BEST: best.job}
        self._children.service.change(work, workspace, record.name, Changes(properties=named))
        self._tracking.set_tags(work, workspace, record.name, named)
        result = self._children.results(work, workspace, [best.job]).get(best.job)
        if result is None:
            return {}
        own = {name: uri for name, uri in result.outputs.items() if name in turn.job.outputs}
        self._children.move_outputs(work, record, own)
        return {name: OutputState(**facts) for name, facts in result.written.items() if name in own}

    def _logged(self, turn: _Turn, trials: Sequence[Trial]) -> list[str]:
        """Names of the metrics that the first trial that completed has logged."""
        completed = next((trial for trial in trials if trial.outcome == JobStatus.COMPLETED), None)
        if completed is None:
            return []
        return sorted(self._tracking.metrics(turn.work, turn.workspace, completed.job))
