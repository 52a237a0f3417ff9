"""Experiments: named groups of runs in a workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from smalt.kit import clock
from smalt.server.http import Page
from smalt.server.tracking import access, experiment_store, limits
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import AlreadyExists, DoesNotExist, InvalidParameter, InvalidState, NotYours
from smalt.server.tracking.experiment_store import ExperimentRow
from smalt.server.tracking.search import EXPERIMENTS, parse_filter, parse_order
from smalt.server.work import Work

DEFAULT_NAME = "Default"


class Experiments:
    """The verbs of experiments."""

    def ensure_default(self, work: Work, workspace: Space) -> ExperimentRow:
        """The experiment that clients who name none mean; made with the workspace."""
        found = experiment_store.find(work.connection, workspace.id, "0")
        if found is None:
            self._insert(work, workspace, DEFAULT_NAME, is_default=True)
            found = experiment_store.find_by_name(work.connection, workspace.id, DEFAULT_NAME)
        if found is None:
            raise AssertionError("The default experiment was stored and is not there.")
        return found

    def ensure(self, work: Work, workspace: Space, name: str) -> ExperimentRow:
        """The experiment of this name, made when it is new.

        Raises:
            InvalidState: An experiment of this name has been deleted.
        """
        found = experiment_store.find_by_name(work.connection, workspace.id, name)
        if found is None:
            _check_name(name)
            self._insert(work, workspace, name)
            found = experiment_store.find_by_name(work.connection, workspace.id, name)
        if found is None:
            raise AssertionError(f"The experiment {name!r} was stored and is not there.")
        if found.stage != "active":
            raise InvalidState(f"The experiment {name!r} is deleted. Restore it, or use another name.")
        return found

    def create(
        self,
        work: Work,
        workspace: Space,
        name: str,
        *,
        artifact_location: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Make an experiment and return its id.

        Raises:
            AlreadyExists: The name is taken.
        """
        access.check_space(work.actor, workspace)
        _check_name(name)
        _check_location(artifact_location)
        for key, value in (tags or {}).items():
            _check_tag(key, value)
        if not self._insert(work, workspace, name, artifact_location=artifact_location):
            raise AlreadyExists(f"Experiment(name={name}) already exists. Use it, or choose another name.")
        row = experiment_store.find_by_name(work.connection, workspace.id, name)
        if row is None:
            raise AssertionError(f"The experiment {name!r} was stored and is not there.")
        experiment_store.set_tags(work.connection, row.id, tags or {})
        return row.shown_id

    def find(self, work: Work, workspace: Space, experiment_id: str) -> ExperimentRow:
        """The experiment of this id, deleted ones included.

        Raises:
            DoesNotExist: There is none.
        """
        access.check_space(work.actor, workspace)
        found = experiment_store.find(work.connection, workspace.id, experiment_id)
        if found is None:
            raise DoesNotExist(
                f"No Experiment with id={experiment_id[:100]} exists in this workspace. See experiments/search."
            )
        return found

    def numbers(self, work: Work, workspace: Space, shown_ids: Sequence[str]) -> list[int]:
        """Numbers of the experiments of these ids; those of other workspaces are left out."""
        access.check_space(work.actor, workspace)
        return experiment_store.numbers(work.connection, workspace.id, shown_ids)

    def shown_ids(self, work: Work, numbers: Collection[int]) -> dict[int, str]:
        """The ids that clients know, by number."""
        return experiment_store.shown_ids(work.connection, numbers)

    def find_by_name(self, work: Work, workspace: Space, name: str) -> ExperimentRow:
        """The experiment of this name, deleted ones included.

        Raises:
            DoesNotExist: There is none.
        """
        access.check_space(work.actor, workspace)
        found = experiment_store.find_by_name(work.connection, workspace.id, name)
        if found is None:
            raise DoesNotExist(
                f"Could not find experiment with name '{name[:200]}' in this workspace. Create it first."
            )
        return found

    def rename(self, work: Work, workspace: Space, experiment_id: str, name: str) -> None:
        """Give another name."""
        row = self._of_person(work, workspace, experiment_id)
        if row.stage != "active":
            raise InvalidState(f"Cannot rename a non-active experiment: {experiment_id} is deleted.")
        _check_name(name)
        taken = experiment_store.find_by_name(work.connection, workspace.id, name)
        if taken is not None and taken.id != row.id:
            raise AlreadyExists(f"Experiment(name={name}) already exists.")
        self._change(work, row, name=name)

    def delete(self, work: Work, workspace: Space, experiment_id: str) -> None:
        """Hide an experiment until it is restored."""
        row = self._of_person(work, workspace, experiment_id)
        if row.is_default:
            raise InvalidParameter("The default experiment cannot be deleted: clients that name none use it.")
        self._change(work, row, stage="deleted")

    def restore(self, work: Work, workspace: Space, experiment_id: str) -> None:
        """Bring a deleted experiment back."""
        self._change(work, self._of_person(work, workspace, experiment_id), stage="active")

    def set_tag(self, work: Work, workspace: Space, experiment_id: str, key: str, value: str) -> None:
        """Set a tag."""
        _check_tag(key, value)
        row = self._of_person(work, workspace, experiment_id)
        if row.stage != "active":
            raise InvalidState(f"The experiment {experiment_id} is deleted. Restore it before tagging it.")
        experiment_store.set_tags(work.connection, row.id, {key: value})
        self._change(work, row)

    def delete_tag(self, work: Work, workspace: Space, experiment_id: str, key: str) -> None:
        """Take a tag away."""
        row = self._of_person(work, workspace, experiment_id)
        if not experiment_store.remove_tag(work.connection, row.id, key):
            raise DoesNotExist(f"No tag with name: {key[:100]} in experiment with id {experiment_id}.")
        self._change(work, row)

    def search(
        self,
        work: Work,
        workspace: Space,
        *,
        filter_text: str = "",
        order_by: Sequence[str] = (),
        view: str = "ACTIVE_ONLY",
        offset: int = 0,
        limit: int = 1000,
    ) -> Page[dict[str, Any]]:
        """Experiments that match, as MLflow shows them; the position after a page is its offset."""
        access.check_space(work.actor, workspace)
        found = experiment_store.search(
            work.connection,
            workspace.id,
            view=view,
            clauses=parse_filter(filter_text, EXPERIMENTS),
            orders=parse_order(order_by, EXPERIMENTS),
            offset=offset,
            limit=limit + 1,
        )
        after = offset + limit if len(found) > limit else None
        return Page(self.shown(work, found[:limit]), after)

    def datasets(self, work: Work, workspace: Space, experiment_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Which datasets the runs of some experiments have read."""
        access.check_space(work.actor, workspace)
        numbers = experiment_store.numbers(work.connection, workspace.id, experiment_ids)
        return experiment_store.dataset_summaries(work.connection, numbers)

    def shown(self, work: Work, rows: Sequence[ExperimentRow]) -> list[dict[str, Any]]:
        """Experiments as MLflow shows them."""
        tags = experiment_store.tags(work.connection, [row.id for row in rows])
        return [
            {
                "experiment_id": row.shown_id,
                "name": row.name,
                "artifact_location": row.artifact_location or f"mlflow-artifacts:/experiments/{row.id}",
                "lifecycle_stage": row.stage,
                "creation_time": row.created_at,
                "last_update_time": row.updated_at,
                "tags": tags[row.id],
            }
            for row in rows
        ]

    def _insert(
        self, work: Work, workspace: Space, name: str, *, artifact_location: str = "", is_default: bool = False
    ) -> bool:
        now = clock.to_millis(work.now)
        values = {
            "workspace_id": workspace.id,
            "name": name,
            "is_default": is_default,
            "artifact_location": artifact_location,
            "stage": "active",
            "created_at": now,
            "updated_at": now,
        }
        return experiment_store.insert(work.connection, values)

    def _of_person(self, work: Work, workspace: Space, experiment_id: str) -> ExperimentRow:
        if work.actor.grant is not None:
            raise NotYours(f"The token of job {work.actor.grant.job!r} may not change experiments. Use a person's.")
        return self.find(work, workspace, experiment_id)

    def _change(self, work: Work, row: ExperimentRow, **values: Any) -> None:
        experiment_store.change(work.connection, row.id, updated_at=clock.to_millis(work.now), **values)


def _check_name(name: str) -> None:
    if not name:
        raise InvalidParameter("Invalid experiment name: ''. Experiment name cannot be empty.")
    limits.check_text("name", name, limits.EXPERIMENT_NAME_LENGTH)


def _check_tag(key: str, value: str) -> None:
    limits.check_key(key)
    limits.check_text("value", value, limits.EXPERIMENT_TAG_LENGTH)


def _check_location(location: str) -> None:
    if not location:
        return
    limits.check_text("artifact_location", location, 2048)
    scheme = urlsplit(location).scheme
    if scheme in {"", "file"} or len(scheme) == 1:
        raise InvalidParameter(
            f"The artifact location {location!r} is a folder of one machine. "
            "Leave it out, so that artifacts go through this server, or give the URL of an object store."
        )
    if "?" in location or "#" in location or ".." in location.split("/"):
        raise InvalidParameter(f"The artifact location {location!r} must not hold '..', '?' or '#'. Choose another.")
