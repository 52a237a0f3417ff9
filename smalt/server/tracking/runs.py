"""Runs: what training writes down. A job is its run; clients also make runs of their own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from smalt.kit import clock, ids
from smalt.server.http import Page
from smalt.server.tracking import access, artifacts, experiment_store, limits, model_store, run_store
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import DoesNotExist, InvalidParameter, InvalidState
from smalt.server.tracking.events import RunLogged
from smalt.server.tracking.experiment_store import ExperimentRow, shown_id
from smalt.server.tracking.experiments import Experiments
from smalt.server.tracking.messages import CreateRun, Metric, Param
from smalt.server.tracking.metric_store import MetricStore, Point
from smalt.server.tracking.run_search import RunQuery, search
from smalt.server.tracking.run_store import NewRun, RunRow, Target
from smalt.server.tracking.search import RUNS, parse_filter, parse_order
from smalt.server.work import Work

STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_RUN_NAME = "mlflow.runName"
_LOGGED_MODELS = "mlflow.log-model.history"
_ROOT = "mlflow.rootRunId"

R = TypeVar("R", RunRow, Target)


class Runs:
    """The verbs of runs."""

    def __init__(self, experiments: Experiments, metrics: MetricStore) -> None:
        self._experiments = experiments
        self._metrics = metrics

    def create(self, work: Work, workspace: Space, wanted: CreateRun) -> dict[str, Any]:
        """Start a run for a client; a job's token owns the runs it starts.

        Raises:
            DoesNotExist: There is no such experiment.
        """
        access.check_space(work.actor, workspace)
        experiment = self._experiment(work, workspace, wanted.experiment_id)
        tags = check_tags(wanted.tags)
        named = tags.get(_RUN_NAME, "")
        if wanted.run_name and named and wanted.run_name != named:
            raise InvalidParameter(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                f"(run_name='{wanted.run_name}', mlflow.runName='{named}'). Send one of them."
            )
        limits.check_text("run_name", wanted.run_name, limits.TAG_LENGTH)
        limits.check_text("user_id", wanted.user_id, 256)
        tags[_RUN_NAME] = name = wanted.run_name or named or ids.readable()
        run_id = ids.opaque()
        new = NewRun(
            workspace_id=workspace.id,
            run_id=run_id,
            experiment=experiment.id,
            name=name,
            user_id=wanted.user_id,
            status="RUNNING",
            started_at=clock.to_millis(work.now) if wanted.start_time is None else wanted.start_time,
            artifact_uri=_artifact_uri(experiment, run_id),
            owner_job=access.owner(work.actor),
        )
        run_store.add(work, new, tags)
        row = RunRow(
            0,  # Not known before it is stored, and not shown.
            run_id,
            experiment.id,
            experiment.is_default,
            name,
            new.user_id,
            new.status,
            "active",
            False,
            new.started_at,
            None,
            new.artifact_uri,
            new.owner_job,
        )
        shown_tags = [{"key": key, "value": value} for key, value in tags.items()]
        return {"info": info(row), "data": {"metrics": [], "params": [], "tags": shown_tags}, "inputs": {}}

    def find(self, work: Work, workspace: Space, run_id: str) -> RunRow:
        """The run of this id, when the actor may see it.

        Raises:
            DoesNotExist: There is none.
        """
        return _found(work, workspace, run_id, lambda: run_store.find(work.connection, workspace.id, run_id))

    def find_readable(self, work: Work, workspace: Space, run_id: str) -> RunRow:
        """The run of this id, when the actor may look at it: a job also at the runs of its family.

        Raises:
            DoesNotExist: There is none.
        """
        access.check_space(work.actor, workspace)
        row = run_store.find(work.connection, workspace.id, run_id) if "\x00" not in run_id else None
        if row is None or work.actor.grant is None:
            return self.find(work, workspace, run_id)
        root = run_store.tag(work.connection, row.id, _ROOT)
        access.check_readable(work.actor, row, run_id, root=root)
        return row

    def find_active(self, work: Work, workspace: Space, run_id: str) -> Target:
        """The run of this id, when it may be written to.

        Raises:
            InvalidParameter: It is deleted.
        """
        row = _found(
            work,
            workspace,
            run_id,
            lambda: work.recall(
                ("run", workspace.id, run_id), lambda: run_store.find_target(work.connection, workspace.id, run_id)
            ),
        )
        if row.stage != "active":
            # MLflow gives this the code of a bad parameter.
            raise InvalidParameter(f"The run {run_id} must be in the 'active' state. Current state is {row.stage}.")
        return row

    def get(self, work: Work, workspace: Space, run_id: str) -> dict[str, Any]:
        """A run as MLflow shows it."""
        return self.shown(work, [self.find_readable(work, workspace, run_id)])[0]

    def update(
        self,
        work: Work,
        workspace: Space,
        run_id: str,
        *,
        status: str | int | None = None,
        ended_at: int | None = None,
        name: str = "",
    ) -> dict[str, Any]:
        """Change status, end or name; what is left out stays. Returns the run's info."""
        row = self.find_active(work, workspace, run_id)
        values: dict[str, Any] = {}
        if status is not None:
            values["status"] = _status(status)
        if ended_at is not None:
            values["ended_at"] = ended_at
        if name:
            limits.check_text("run_name", name, limits.TAG_LENGTH)
            values["name"] = name
            run_store.set_tags(work.connection, row.id, {_RUN_NAME: name})
        if values:
            run_store.change(work.connection, row.id, **values)
        return info(self.find(work, workspace, run_id))

    def delete(self, work: Work, workspace: Space, run_id: str) -> None:
        """Hide a run until it is restored."""
        run_store.change(work.connection, self.find(work, workspace, run_id).id, stage="deleted")

    def restore(self, work: Work, workspace: Space, run_id: str) -> None:
        """Bring a deleted run back."""
        run_store.change(work.connection, self.find(work, workspace, run_id).id, stage="active")

    def log(
        self,
        work: Work,
        workspace: Space,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[Param] = (),
    ) -> None:
        """Add metrics, params and tags to a run: all of them or, when one is refused, none.

        Raises:
            InvalidParameter: A name or value breaks a rule, or a param has another value already.
        """
        limits.check_batch(metrics, params, tags)
        for metric in metrics:
            limits.check_key(metric.key, "name")
        wanted = _check_params(params)
        checked_tags = check_tags(tags)
        row = self.find_active(work, workspace, run_id)
        self._add_params(work, row, wanted)
        if checked_tags:
            run_store.set_tags(work.connection, row.id, checked_tags)
            if _RUN_NAME in checked_tags:
                run_store.change(work.connection, row.id, name=checked_tags[_RUN_NAME])
        if metrics:
            keys = self._metrics.key_ids(work, {metric.key for metric in metrics})
            points = [_point(keys[metric.key], metric) for metric in metrics]
            self._metrics.append(work, row.id, row.experiment, points)
            self._add_to_models(work, workspace, row, metrics)
        work.publish(RunLogged(workspace.id, run_id))

    def delete_tag(self, work: Work, workspace: Space, run_id: str, key: str) -> None:
        """Take a tag away.

        Raises:
            DoesNotExist: The run has no such tag.
        """
        row = self.find_active(work, workspace, run_id)
        if run_store.tag(work.connection, row.id, key) is None:
            raise DoesNotExist(f"No tag with name: {key[:250]} in run with id {run_id}")
        run_store.remove_tag(work.connection, row.id, key)

    def log_inputs(
        self, work: Work, workspace: Space, run_id: str, *, datasets: Sequence[Mapping[str, Any]], models: Sequence[str]
    ) -> None:
        """Say which datasets and logged models a run has read."""
        row = self.find_active(work, workspace, run_id)
        for entry in datasets:
            dataset, tags = _dataset(entry)
            number = run_store.add_dataset(work.connection, row.experiment, dataset)
            run_store.add_input(work.connection, row.id, number, tags)
        for model_id in models:
            limits.check_text("model_id", model_id, 256)
            run_store.add_model(work.connection, row.id, model_id, direction="input", step=0)

    def log_outputs(self, work: Work, workspace: Space, run_id: str, models: Sequence[tuple[str, int]]) -> None:
        """Say which logged models a run has made, and at which step."""
        row = self.find_active(work, workspace, run_id)
        for model_id, step in models:
            limits.check_text("model_id", model_id, 256)
            run_store.add_model(work.connection, row.id, model_id, direction="output", step=step)

    def log_model(self, work: Work, workspace: Space, run_id: str, model: Mapping[str, Any]) -> None:
        """Add a model to the list that clients before MLflow 3 keep in a tag."""
        row = self.find_active(work, workspace, run_id)
        history = run_store.tag(work.connection, row.id, _LOGGED_MODELS)
        text = json.dumps([*(json.loads(history) if history else []), dict(model)])
        limits.check_text(_LOGGED_MODELS, text, 1_000_000)
        run_store.set_tags(work.connection, row.id, {_LOGGED_MODELS: text})

    def history(
        self, work: Work, workspace: Space, run_id: str, key: str, *, offset: int = 0, limit: int | None = None
    ) -> Page[dict[str, Any]]:
        """All values of one metric in the order they were measured; the position after a page is its offset."""
        row = self.find_readable(work, workspace, run_id)
        number = self._metrics.find_key(work.connection, key) if "\x00" not in key else None
        if number is None:
            return Page([])
        more = None if limit is None else limit + 1
        points = self._metrics.history(work.connection, row.id, number, offset=offset, limit=more)
        after = None if limit is None or len(points) <= limit else offset + limit
        return Page([_shown_point(key, point) for point in points[:limit]], after)

    def samples(
        self, work: Work, workspace: Space, run_ids: Sequence[str], key: str, *, steps: tuple[int, int], limit: int
    ) -> list[dict[str, Any]]:
        """Values of one metric of several runs, at most `limit` of each, evenly spread over the steps."""
        rows = [self.find(work, workspace, run_id) for run_id in run_ids]
        number = self._metrics.find_key(work.connection, key) if "\x00" not in key else None
        if number is None:
            return []
        return [
            _shown_point(key, point) | {"run_id": row.run_id}
            for row in rows
            for point in self._metrics.sample(work.connection, row.id, number, steps=steps, limit=limit)
        ]

    def search(
        self,
        work: Work,
        workspace: Space,
        *,
        experiment_ids: Sequence[str],
        filter_text: str = "",
        order_by: Sequence[str] = (),
        view: str = "ACTIVE_ONLY",
        offset: int = 0,
        limit: int = 1000,
    ) -> Page[dict[str, Any]]:
        """Runs that match, as MLflow shows them; a job finds its own. The position after a page is its offset."""
        access.check_space(work.actor, workspace)
        query = RunQuery(
            workspace_id=workspace.id,
            experiments=experiment_store.numbers(work.connection, workspace.id, experiment_ids),
            view=view,
            owner_job=access.owner(work.actor),
            clauses=parse_filter(filter_text, RUNS),
            orders=parse_order(order_by, RUNS),
        )
        numbers = search(
            work.connection,
            query,
            lambda name: self._metrics.find_key(work.connection, name),
            offset=offset,
            limit=limit + 1,
        )
        after = offset + limit if len(numbers) > limit else None
        return Page(self.shown(work, run_store.rows(work.connection, numbers[:limit])), after)

    def shown(self, work: Work, rows: Sequence[RunRow]) -> list[dict[str, Any]]:
        """Runs as MLflow shows them."""
        numbers = [row.id for row in rows]
        metrics = self._metrics.latest(work.connection, numbers)
        params = run_store.pairs(work.connection, "run_params", numbers)
        tags = run_store.pairs(work.connection, "run_tags", numbers)
        datasets = run_store.inputs(work.connection, numbers)
        read = run_store.models(work.connection, numbers, "input")
        made = run_store.models(work.connection, numbers, "output")
        return [
            {
                "info": info(row),
                "data": {"metrics": metrics[row.id], "params": params[row.id], "tags": tags[row.id]},
                "inputs": {"dataset_inputs": datasets.get(row.id, []), "model_inputs": read.get(row.id, [])},
                "outputs": {"model_outputs": made.get(row.id, [])},
            }
            for row in rows
        ]

    def _experiment(self, work: Work, workspace: Space, experiment_id: str) -> ExperimentRow:
        if experiment_id in {"", "0"}:
            return work.recall(
                ("experiment", workspace.id, "0"), lambda: self._experiments.ensure_default(work, workspace)
            )
        found = work.recall(
            ("experiment", workspace.id, experiment_id),
            lambda: self._experiments.find(work, workspace, experiment_id),
        )
        if found.stage != "active":
            raise InvalidState(f"The experiment {found.shown_id} must be in the 'active' state; it is deleted.")
        return found

    def _add_params(self, work: Work, row: Target, wanted: Mapping[str, str]) -> None:
        if not wanted:
            return
        present = run_store.params_of(work.connection, row.id, wanted)
        changed = [
            {"key": key, "old_value": present[key], "new_value": value}
            for key, value in wanted.items()
            if present.get(key, value) != value
        ]
        if changed:
            raise InvalidParameter(
                f"Changing param values is not allowed. Params were already logged='{changed}' "
                f"for run ID='{row.run_id}'. Log the new value in another run, or as a tag."
            )
        new = {key: value for key, value in wanted.items() if key not in present}
        if new:
            run_store.add_params(work.connection, row.id, new)

    def _add_to_models(self, work: Work, workspace: Space, row: Target, metrics: Sequence[Metric]) -> None:
        by_model: dict[str, list[Metric]] = {}
        for metric in metrics:
            if metric.model_id:
                by_model.setdefault(metric.model_id, []).append(metric)
        for model_id, points in by_model.items():
            model = model_store.find(work.connection, workspace.id, model_id)
            if model is None:
                raise DoesNotExist(
                    f"Logged model with ID '{model_id[:100]}' not found. Find it with logged-models/search."
                )
            values = [
                {
                    "model": model.id,
                    "key": point.key,
                    "at": point.timestamp,
                    "step": point.step,
                    "run_id": row.run_id,
                    "value": 0.0 if math.isnan(point.value) else point.value,
                    "is_nan": int(math.isnan(point.value)),
                    "dataset_name": point.dataset_name or None,
                    "dataset_digest": point.dataset_digest or None,
                }
                for point in points
            ]
            model_store.add_metrics(work.connection, values)


def _found(work: Work, workspace: Space, run_id: str, look: Callable[[], R | None]) -> R:
    access.check_space(work.actor, workspace)
    if not run_id:
        raise limits.missing("run_id")
    row = look() if "\x00" not in run_id else None
    if row is None:
        raise DoesNotExist(f"Run with id={run_id[:256]} not found. Find it with runs/search.")
    access.check_owned(work.actor, row, run_id)
    return row


def info(row: RunRow) -> dict[str, Any]:
    """The head of a run, as MLflow shows it."""
    shown: dict[str, Any] = {
        "run_id": row.run_id,
        "run_uuid": row.run_id,
        "run_name": row.name,
        "experiment_id": shown_id(row.experiment, is_default=bool(row.in_default)),
        "user_id": row.user_id,
        "status": row.status,
        "start_time": row.started_at or 0,
        "artifact_uri": row.artifact_uri,
        "lifecycle_stage": row.stage,
    }
    if row.ended_at is not None:
        shown["end_time"] = row.ended_at
    return shown


def check_tags(tags: Sequence[Param]) -> dict[str, str]:
    """Tags by key; of a repeated one the last."""
    for tag in tags:
        limits.check_key(tag.key)
        limits.check_text(tag.key, tag.value, limits.TAG_LENGTH)
    return {tag.key: tag.value for tag in tags}


def _check_params(params: Sequence[Param]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for param in params:
        limits.check_key(param.key)
        limits.check_text(param.key, param.value, limits.PARAM_LENGTH)
        if wanted.setdefault(param.key, param.value) != param.value:
            raise InvalidParameter(
                f"Duplicate parameter keys have been submitted: ['{param.key}']. Please ensure the request contains "
                "only one param value per param key."
            )
    return wanted


def _point(key: int, metric: Metric) -> Point:
    is_nan = metric.value != metric.value
    return Point(key, metric.step, metric.timestamp, 0.0 if is_nan else metric.value, int(is_nan))


def _shown_point(key: str, point: Point) -> dict[str, Any]:
    return {"key": key, "value": point.shown, "timestamp": point.at, "step": point.step}


def _status(status: str | int) -> str:
    text = str(status)
    if text.isdigit() and 1 <= int(text) <= len(STATUSES):
        return STATUSES[int(text) - 1]
    if text not in STATUSES:
        raise limits.invalid("status", text, f"One of {', '.join(STATUSES)} is expected.")
    return text


def _artifact_uri(experiment: ExperimentRow, run_id: str) -> str:
    if not experiment.artifact_location:
        return artifacts.run_root(run_id)
    return f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts"


def _dataset(entry: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    given = entry.get("dataset")
    if not isinstance(given, dict):
        raise limits.missing("datasets.dataset")
    dataset: dict[str, Any] = {}
    bounds = {
        "name": 500,
        "digest": 36,
        "source_type": 250,
        "source": 65_535,
        "schema": 1_048_575,
        "profile": 16_777_215,
    }
    for field, bound in bounds.items():
        value = given.get(field)
        if value is None and field in {"schema", "profile"}:
            continue
        if not isinstance(value, str) or (not value and field in {"name", "digest"}):
            raise limits.missing(f"datasets.dataset.{field}")
        limits.check_text(field, value, bound)
        dataset[field] = value
    tags = entry.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise limits.invalid("datasets.tags", tags, "A list of {key, value} is expected.")
    pairs = [{"key": str(tag.get("key", "")), "value": str(tag.get("value", ""))} for tag in tags]
    for pair in pairs:
        limits.check_text("key", pair["key"], 255)
        limits.check_text("value", pair["value"], 500)
    return dataset, pairs
