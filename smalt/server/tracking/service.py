"""What the other slices use of tracking: a job is its run, and these calls keep the two in step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from smalt.kit import clock
from smalt.server.tracking import artifacts, experiment_store, limits, run_store
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import AlreadyExists, DoesNotExist
from smalt.server.tracking.experiments import Experiments
from smalt.server.tracking.logged_models import LoggedModels
from smalt.server.tracking.messages import Param
from smalt.server.tracking.metric_store import MetricStore
from smalt.server.tracking.purge import purge
from smalt.server.tracking.run_store import NewRun, RunRow
from smalt.server.tracking.runs import STATUSES, Runs
from smalt.server.work import Work

_PARENT = "mlflow.parentRunId"
_RUN_NAME = "mlflow.runName"


class TrackingService:
    """Experiments, runs and logged models of all workspaces.

    Attributes:
        experiments: The verbs of experiments.
        runs: The verbs of runs.
        models: The verbs of logged models.
        metric_store: The rows of metrics.
    """

    def __init__(self) -> None:
        self.metric_store = MetricStore()
        self.experiments = Experiments()
        self.runs = Runs(self.experiments, self.metric_store)
        self.models = LoggedModels(self.experiments, self.runs)

    def prepare_workspace(self, work: Work, workspace: Space) -> None:
        """For `WorkspaceService.on_created`: the experiment that MLflow clients call "0"."""
        self.experiments.ensure_default(work, workspace)

    def purge(self, work: Work, workspace_id: str) -> bool:
        """Remove some of what a workspace holds; True when nothing is left."""
        return purge(work.connection, workspace_id)

    def experiment_id(self, work: Work, workspace: Space, name: str) -> str:
        """The id of the experiment of this name, which is made when it is new.

        Raises:
            InvalidState: An experiment of this name has been deleted.
        """
        return self.experiments.ensure(work, workspace, name).shown_id

    def start_run(
        self,
        work: Work,
        workspace: Space,
        *,
        run_id: str,
        experiment_name: str,
        display_name: str,
        user: str,
        started_at: datetime,
        tags: Mapping[str, str],
        properties: Mapping[str, str] | None = None,
        parent_run_id: str | None = None,
        takes_over: str | None = None,
    ) -> None:
        """Make the run of a job; asked again for the same job, it changes nothing.

        Properties show as tags, as in Azure, unless a tag of the same key says otherwise. With `takes_over` the run
        is finished from the start and shows the artifacts, params and metrics of another job's.

        Raises:
            AlreadyExists: A client has made a run of this id.
        """
        limits.check_run_id(run_id)
        experiment = work.once(
            ("experiment", workspace.id, experiment_name),
            lambda: self.experiments.ensure(work, workspace, experiment_name),
        )
        new = NewRun(
            workspace_id=workspace.id,
            run_id=run_id,
            experiment=experiment.id,
            name=display_name or run_id,
            user_id=user,
            status="RUNNING" if takes_over is None else "FINISHED",
            started_at=clock.to_millis(started_at),
            # A job's outputs and logs stand there whatever the experiment says.
            artifact_uri=artifacts.run_root(takes_over or run_id),
            owner_job=run_id,
        )
        number = run_store.insert(work.connection, new)
        if number is None:
            if self._run(work, workspace, run_id).owner_job != run_id:
                raise AlreadyExists(f"The run {run_id!r} exists and is no job's. Choose another job name.")
            return
        values = {**(properties or {}), **tags, _RUN_NAME: new.name, "mlflow.user": user}
        if parent_run_id is not None:
            values[_PARENT] = parent_run_id
        run_store.set_tags(work.connection, number, _shortened(values))
        if takes_over is not None:
            source = self._run(work, workspace, takes_over).id
            run_store.change(work.connection, number, ended_at=new.started_at)
            run_store.copy_params(work.connection, source, number)
            self.metric_store.copy(work.connection, source, number, experiment.id)

    def set_status(self, work: Work, workspace: Space, run_id: str, status: str) -> None:
        """Set a run's status: RUNNING, SCHEDULED, FINISHED, FAILED or KILLED."""
        if status not in STATUSES:
            raise limits.invalid("status", status)
        run_store.change(work.connection, self._run(work, workspace, run_id).id, status=status)

    def close_run(self, work: Work, workspace: Space, run_id: str, *, status: str, ended_at: datetime) -> None:
        """End a job's run, and every run the job has made and left open: nobody else will."""
        if status not in {"FINISHED", "FAILED", "KILLED"}:
            raise limits.invalid("status", status)
        ended = clock.to_millis(ended_at)
        run_store.change(work.connection, self._run(work, workspace, run_id).id, status=status, ended_at=ended)
        run_store.close_owned(work.connection, workspace.id, run_id, status=status, ended_at=ended)

    def set_tags(self, work: Work, workspace: Space, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags, over old ones of the same key."""
        number = self._run(work, workspace, run_id).id
        if tags:
            run_store.set_tags(work.connection, number, _shortened(tags))

    def log_params(self, work: Work, workspace: Space, run_id: str, params: Mapping[str, str]) -> None:
        """Add params.

        Raises:
            InvalidParameter: A param has another value already.
        """
        items = [Param(key, value[: limits.PARAM_LENGTH]) for key, value in params.items()]
        for start in range(0, len(items), limits.PARAMS_PER_BATCH):
            self.runs.log(work, workspace, run_id, params=items[start : start + limits.PARAMS_PER_BATCH])

    def complete_params(self, work: Work, workspace: Space, run_id: str, params: Mapping[str, str]) -> None:
        """Add those params that the run has not logged by itself, in its own spelling."""
        number = self._run(work, workspace, run_id).id
        present = run_store.params(work.connection, number)
        missing = {key: value[: limits.PARAM_LENGTH] for key, value in params.items() if key not in present}
        if missing:
            run_store.add_params(work.connection, number, missing)

    def set_display_name(self, work: Work, workspace: Space, run_id: str, name: str) -> None:
        """Give a run another name."""
        number = self._run(work, workspace, run_id).id
        run_store.change(work.connection, number, name=name)
        run_store.set_tags(work.connection, number, _shortened({_RUN_NAME: name}))

    def hide(self, work: Work, workspace: Space, run_id: str) -> None:
        """Leave an archived job's run out of searches for active runs; it may still be read and written."""
        run_store.change(work.connection, self._run(work, workspace, run_id).id, hidden=True)

    def unhide(self, work: Work, workspace: Space, run_id: str) -> None:
        """Show a restored job's run again."""
        run_store.change(work.connection, self._run(work, workspace, run_id).id, hidden=False)

    def metrics(self, work: Work, workspace: Space, run_id: str) -> dict[str, float]:
        """The newest value of every metric of a run; NaN and infinities as floats."""
        number = self._run(work, workspace, run_id).id
        points = self.metric_store.latest(work.connection, [number])[number]
        return {point["key"]: float(point["value"]) for point in points}

    def reports(self, work: Work, workspace: Space, run_id: str, metric: str) -> list[float]:
        """All values of one metric in the order they were measured; NaN and infinities as floats."""
        page = self.runs.history(work, workspace, run_id, metric)
        return [float(point["value"]) for point in page.items]

    def artifact_key(self, work: Work, workspace: Space, run_id: str, path: str) -> str | None:
        """The key of `runs:/<run>/<path>` where it is a logged model, which newer clients keep beside the run."""
        return self.models.key_of_run(work, workspace, run_id, path)

    def experiment_name(self, work: Work, workspace: Space, experiment_id: str) -> str:
        """The name of an experiment.

        Raises:
            DoesNotExist: There is no such experiment.
        """
        row = experiment_store.find(work.connection, workspace.id, experiment_id)
        if row is None:
            raise DoesNotExist(
                f"No Experiment with id={experiment_id[:100]} exists in this workspace. See experiments/search."
            )
        return row.name

    def _run(self, work: Work, workspace: Space, run_id: str) -> RunRow:
        row = run_store.find(work.connection, workspace.id, run_id)
        if row is None:
            raise DoesNotExist(f"Run with id={run_id[:256]} not found. Find it with runs/search.")
        return row


def _shortened(tags: Mapping[str, str]) -> dict[str, str]:
    return {key[: limits.KEY_LENGTH]: value[: limits.TAG_LENGTH] for key, value in tags.items()}
