"""Logged models: what a run has trained, with params, metrics and files of its own, before anyone registers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalt.kit import clock, ids
from smalt.server.http import Page
from smalt.server.tracking import access, artifacts, experiment_store, limits, model_store
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import DoesNotExist, InvalidParameter, InvalidState
from smalt.server.tracking.experiments import Experiments
from smalt.server.tracking.messages import Param
from smalt.server.tracking.model_store import ModelRow
from smalt.server.tracking.runs import Runs, check_tags
from smalt.server.tracking.search import LOGGED_MODELS, Order, parse_filter, parse_order
from smalt.server.work import Work

_STATUSES = (
    "LOGGED_MODEL_STATUS_UNSPECIFIED",
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
)


class LoggedModels:
    """The verbs of logged models."""

    def __init__(self, experiments: Experiments, runs: Runs) -> None:
        self._experiments = experiments
        self._runs = runs

    def create(
        self,
        work: Work,
        workspace: Space,
        *,
        experiment_id: str,
        name: str,
        model_type: str,
        source_run_id: str,
        params: Sequence[Param],
        tags: Sequence[Param],
    ) -> dict[str, Any]:
        """Announce a model whose files are about to be uploaded."""
        experiment = self._experiments.find(work, workspace, experiment_id)
        if experiment.stage != "active":
            raise InvalidState(f"The experiment {experiment.shown_id} must be in the 'active' state; it is deleted.")
        if source_run_id:
            self._runs.find(work, workspace, source_run_id)
        _check_name(name)
        checked_params, checked_tags = _params(params), check_tags(tags)
        limits.check_text("model_type", model_type, 500)
        model_id, now = f"m-{ids.opaque()}", clock.to_millis(work.now)
        values = {
            "model_id": model_id,
            "workspace_id": workspace.id,
            "experiment": experiment.id,
            "name": name or ids.readable(),
            "model_type": model_type or None,
            "status": "LOGGED_MODEL_PENDING",
            "stage": "active",
            "source_run_id": source_run_id or None,
            "artifact_uri": artifacts.model_root(model_id),
            "owner_job": access.owner(work.actor),
            "created_at": now,
            "updated_at": now,
        }
        number = model_store.insert(work.connection, values)
        model_store.add_params(work.connection, number, checked_params)
        model_store.set_tags(work.connection, number, checked_tags)
        return self.get(work, workspace, model_id)

    def find(self, work: Work, workspace: Space, model_id: str) -> ModelRow:
        """The logged model of this id, when the actor may see it.

        Raises:
            DoesNotExist: There is none.
        """
        access.check_space(work.actor, workspace)
        row = model_store.find(work.connection, workspace.id, model_id)
        if row is None:
            raise DoesNotExist(f"Logged model with ID '{model_id[:100]}' not found. Find it with logged-models/search.")
        access.check_owned(work.actor, row, model_id)
        return row

    def get(self, work: Work, workspace: Space, model_id: str) -> dict[str, Any]:
        """A logged model as MLflow shows it."""
        return self._shown(work, [self.find(work, workspace, model_id)])[0]

    def finalize(self, work: Work, workspace: Space, model_id: str, status: str | int) -> dict[str, Any]:
        """Say that the upload is finished or has failed."""
        row = self.find(work, workspace, model_id)
        text = _STATUSES[int(status)] if str(status).isdigit() and int(status) < len(_STATUSES) else str(status)
        if text not in _STATUSES[1:]:
            raise limits.invalid("status", status, f"One of {', '.join(_STATUSES[1:])} is expected.")
        self._change(work, row, status=text)
        return self.get(work, workspace, model_id)

    def delete(self, work: Work, workspace: Space, model_id: str) -> None:
        """Take a logged model out of sight; its files stay."""
        self._change(work, self.find(work, workspace, model_id), stage="deleted")

    def set_tags(self, work: Work, workspace: Space, model_id: str, tags: Sequence[Param]) -> dict[str, Any]:
        """Set tags."""
        row = self.find(work, workspace, model_id)
        model_store.set_tags(work.connection, row.id, check_tags(tags))
        self._change(work, row)
        return self.get(work, workspace, model_id)

    def delete_tag(self, work: Work, workspace: Space, model_id: str, key: str) -> None:
        """Take a tag away."""
        row = self.find(work, workspace, model_id)
        if not model_store.remove_tag(work.connection, row.id, key):
            raise DoesNotExist(f"No tag with key '{key[:250]}' found for logged model '{model_id}'. See its tags.")

    def log_params(self, work: Work, workspace: Space, model_id: str, params: Sequence[Param]) -> None:
        """Add params; one that is there keeps its value."""
        row = self.find(work, workspace, model_id)
        wanted = _params(params)
        present = model_store.params(work.connection, row.id)
        changed = [key for key, value in wanted.items() if present.get(key, value) != value]
        if changed:
            raise InvalidParameter(f"Changing param values is not allowed. Already logged: {changed}.")
        new = {key: value for key, value in wanted.items() if key not in present}
        model_store.add_params(work.connection, row.id, new)

    def search(
        self,
        work: Work,
        workspace: Space,
        *,
        experiment_ids: Sequence[str],
        filter_text: str,
        datasets: Sequence[Mapping[str, Any]],
        order_by: Sequence[Mapping[str, Any]],
        offset: int,
        limit: int,
    ) -> Page[dict[str, Any]]:
        """Logged models that match; the position after a page is its offset."""
        access.check_space(work.actor, workspace)
        found = model_store.search(
            work.connection,
            workspace.id,
            experiment_numbers=experiment_store.numbers(work.connection, workspace.id, experiment_ids),
            clauses=parse_filter(filter_text, LOGGED_MODELS),
            datasets=[_dataset(entry) for entry in datasets],
            orders=[_order(entry) for entry in order_by],
            owner_job=access.owner(work.actor),
            offset=offset,
            limit=limit + 1,
        )
        after = offset + limit if len(found) > limit else None
        return Page(self._shown(work, found[:limit]), after)

    def key_of_run(self, work: Work, workspace: Space, run_id: str, path: str) -> str | None:
        """The key of `runs:/<run>/<path>` where that is a logged model, which newer clients keep beside the run."""
        name, _, rest = path.strip("/").partition("/")
        found = model_store.of_run(work.connection, workspace.id, run_id, name) if name else None
        if found is None:
            return None
        return artifacts.join(artifacts.key_of(found.artifact_uri) or "", artifacts.normal(rest))

    def _shown(self, work: Work, rows: Sequence[ModelRow]) -> list[dict[str, Any]]:
        details = model_store.details(work.connection, [row.id for row in rows])
        shown: list[dict[str, Any]] = []
        for row in rows:
            tags, params, metrics = details[row.id]
            head: dict[str, Any] = {
                "model_id": row.model_id,
                "experiment_id": experiment_store.shown_id(row.experiment, is_default=row.in_default),
                "name": row.name,
                "creation_timestamp_ms": row.created_at,
                "last_updated_timestamp_ms": row.updated_at,
                "artifact_uri": row.artifact_uri,
                "status": row.status,
                "tags": tags,
            }
            head |= {field: value for field in ("model_type", "source_run_id") if (value := getattr(row, field))}
            shown.append({"info": head, "data": {"params": params, "metrics": metrics}})
        return shown

    def _change(self, work: Work, row: ModelRow, **values: Any) -> None:
        model_store.change(work.connection, row.id, updated_at=clock.to_millis(work.now), **values)


def _check_name(name: str) -> None:
    limits.check_text("name", name, 500)
    bad = [char for char in "/:.%\"'" if char in name]
    if bad:
        raise InvalidParameter(f"Invalid model name ('{name}') provided. Model name must not contain {' '.join(bad)}")


def _params(params: Sequence[Param]) -> dict[str, str]:
    for param in params:
        limits.check_key(param.key)
        limits.check_text(param.key, param.value, limits.PARAM_LENGTH)
    return {param.key: param.value for param in params}


def _dataset(entry: Mapping[str, Any]) -> tuple[str, str]:
    name = entry.get("dataset_name")
    if not isinstance(name, str) or not name:
        raise InvalidParameter("`dataset_name` in the `datasets` clause must be specified. Send it.")
    return name, str(entry.get("dataset_digest") or "")


def _order(entry: Mapping[str, Any]) -> tuple[Order, str, str]:
    field = entry.get("field_name")
    if not isinstance(field, str):
        raise limits.missing("order_by.field_name")
    # A metric's name comes bare here, so it is quoted for the grammar.
    prefix, dot, rest = field.partition(".")
    text = f"{prefix}.`{rest}`" if dot and "`" not in rest and '"' not in rest else field
    found = parse_order([text], LOGGED_MODELS)[0]
    ascending = entry.get("ascending", True) is not False
    order = Order(found.kind, found.key, ascending)
    return order, str(entry.get("dataset_name") or ""), str(entry.get("dataset_digest") or "")
