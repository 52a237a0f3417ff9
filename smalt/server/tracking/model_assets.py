"""The model registry of MLflow, kept as the model assets of the workspace: one truth, two spellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smalt.entities.base import AssetContainer
from smalt.entities.model import Model
from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.kit import clock
from smalt.server.assets import EXTERNAL, AssetService, AssetVersion, ContainerRecord, DataLocator, Location
from smalt.server.tracking.access import Space
from smalt.server.tracking.registry import Registered, Version
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_KIND = "models"
_ALL = 10_000
_SOURCE, _RUN_LINK, _MODEL_ID = "mlflow.source", "mlflow.run_link", "mlflow.model_id"


class ModelAssets:
    """What `Registry` asks for, answered by the assets slice."""

    def __init__(self, assets: AssetService, locator: DataLocator) -> None:
        self._assets = assets
        self._locator = locator

    def models(self, work: Work, workspace: Space) -> Sequence[Registered]:
        """All that are not archived."""
        page = self._assets.containers(work, _owner(workspace), _KIND, archived=False, after=None, limit=_ALL)
        return [_registered(found) for found in page.items]

    def find_model(self, work: Work, workspace: Space, name: str) -> Registered | None:
        """The model of this name, unless it is archived."""
        try:
            found = self._assets.container(work, _owner(workspace), _KIND, name)
        except NotFound:
            return None
        return None if found.is_archived else _registered(found)

    def put_model(self, work: Work, workspace: Space, model: Registered) -> Registered:
        """Store a model without versions, or its description, tags and aliases anew."""
        owner = _owner(workspace)
        changes = {"description": model.description or None, "tags": dict(model.tags), "is_archived": False}
        try:
            held = self._assets.container(work, owner, _KIND, model.name).entity.document()
        except NotFound:
            held = {}
        entity = AssetContainer.parse({**held, "name": model.name, **changes})
        found, _ = self._assets.put_container(work, owner, _KIND, model.name, entity, labels=model.aliases)
        return _registered(found)

    def delete_model(self, work: Work, workspace: Space, name: str) -> None:
        """Remove a model with its versions; their files stay."""
        self._assets.delete_container(work, _owner(workspace), _KIND, name)

    def versions(self, work: Work, workspace: Space, name: str | None) -> Sequence[Version]:
        """All versions of one model or, for None, of all models."""
        page = self._assets.versions(work, _owner(workspace), _KIND, name, archived=False, limit=_ALL)
        return [_version(found) for found in page.items]

    def find_version(self, work: Work, workspace: Space, name: str, version: str) -> Version | None:
        """One version."""
        found = self._find(work, workspace, name, version)
        return _version(found) if found is not None else None

    def add_version(self, work: Work, workspace: Space, version: Version) -> Version:
        """Register a new version under the next number; the given number is ignored."""
        owner = _owner(workspace)
        type_ = "mlflow_model" if self._holds_mlmodel(work, owner, version.path) else "custom_model"
        properties = {_SOURCE: version.source, _RUN_LINK: version.run_link, _MODEL_ID: version.model_id}
        entity = Model.parse(
            {
                "name": version.name,
                "type": type_,
                "path": version.path,
                "description": version.description or None,
                "tags": dict(version.tags),
                "stage": None if version.stage == "None" else version.stage,
                "job_name": version.run_id or None,
                "properties": {key: value for key, value in properties.items() if value},
            }
        )
        return _version(self._assets.register(work, owner, _KIND, version.name, None, entity))

    def put_version(self, work: Work, workspace: Space, version: Version) -> Version:
        """Store description, tags and stage of a version anew."""
        found = self._assets.get(work, _owner(workspace), _KIND, version.name, version.version)
        changes: dict[str, Any] = {
            "description": version.description or None,
            "tags": dict(version.tags),
            "stage": None if version.stage == "None" else version.stage,
        }
        entity = found.entity.model_copy(update=changes)
        owner = _owner(workspace)
        return _version(self._assets.put(work, owner, _KIND, version.name, version.version, entity)[0])

    def delete_version(self, work: Work, workspace: Space, name: str, version: str) -> None:
        """Remove a version; its files stay."""
        self._assets.delete_version(work, _owner(workspace), _KIND, name, version)

    def location(self, work: Work, workspace: Space, version: Version) -> tuple[str, str] | None:
        """Container and key of the version's files, or None when they stand outside the workspace's own store."""
        found = self._locate(work, _owner(workspace), version.path)
        if found is None or not found.container or found.container.startswith(EXTERNAL):
            return None
        return found.container, found.key

    def _find(self, work: Work, workspace: Space, name: str, version: str) -> AssetVersion | None:
        try:
            return self._assets.get(work, _owner(workspace), _KIND, name, version)
        except NotFound:
            return None

    def _holds_mlmodel(self, work: Work, owner: WorkspaceRecord, path: str) -> bool:
        found = self._locate(work, owner, path)
        if found is None or found.store is None:
            return False
        return found.store.head(f"{found.key}/MLmodel".lstrip("/")) is not None

    def _locate(self, work: Work, owner: WorkspaceRecord, path: str) -> Location | None:
        try:
            return self._locator.locate(work, owner, path)
        except (NotFound, InvalidRequest, Unsupported):
            return None


def _owner(workspace: Space) -> WorkspaceRecord:
    assert isinstance(workspace, WorkspaceRecord)
    return workspace


def _registered(found: ContainerRecord) -> Registered:
    return Registered(
        name=found.name,
        description=found.entity.description or "",
        tags=found.entity.tags,
        aliases=found.labels,
        created_at=clock.to_millis(found.stamp.created_at),
        updated_at=clock.to_millis(found.stamp.modified_at),
    )


def _version(found: AssetVersion) -> Version:
    entity = found.entity
    assert isinstance(entity, Model)
    properties = entity.properties
    return Version(
        name=found.name,
        version=found.version,
        path=entity.path or "",
        source=properties.get(_SOURCE) or entity.path or "",
        description=entity.description or "",
        tags=entity.tags,
        stage=entity.stage or "None",
        run_id=entity.job_name or "",
        model_id=properties.get(_MODEL_ID, ""),
        run_link=properties.get(_RUN_LINK, ""),
        user=found.stamp.created_by,
        created_at=clock.to_millis(found.stamp.created_at),
        updated_at=clock.to_millis(found.stamp.modified_at),
    )
