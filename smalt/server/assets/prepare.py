"""Completes a version before it is stored: pins its path, reads what its files say, refuses what does not hold."""

from __future__ import annotations

from typing import Any

from smalt.entities.base import Asset
from smalt.entities.code import Code
from smalt.entities.data import Data
from smalt.entities.model import Model
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest, NotFound
from smalt.kit import yaml
from smalt.server.assets.locator import DataLocator, Location
from smalt.server.assets.records import Owner
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import Binding, JobOutput, LocalPath, RunArtifact

_DESCRIBED = frozenset({AssetType.MLTABLE, AssetType.MLFLOW_MODEL})
"""Types with a file that says what the folder holds."""

_LARGEST_DESCRIPTION_BYTES = 1024 * 1024


class Preparation:
    """What `AssetService` calls for each new version."""

    def __init__(self, locator: DataLocator) -> None:
        self._locator = locator

    def __call__(self, work: Work, owner: Owner, kind: str, entity: Asset) -> Asset:
        """The completed version.

        Raises:
            InvalidRequest: Its files are not what its type says.
        """
        if not isinstance(owner, WorkspaceRecord) or not isinstance(entity, Data | Model | Code) or not entity.path:
            return entity
        reference = references.parse(entity.path)
        if isinstance(reference, LocalPath | Binding):
            raise InvalidRequest(
                f"{entity.path[:200]!r} is a path on your machine. Upload it first: `smalt {kind.rstrip('s')} create` "
                "does.",
                target="path",
            )
        is_pinned = isinstance(reference, JobOutput | RunArtifact)
        if isinstance(entity, Code) or (not is_pinned and entity.type not in _DESCRIBED):
            self._locator.check(work, owner, entity.path)
            return entity
        location = self._locator.locate(work, owner, entity.path)
        changes: dict[str, Any] = {}
        if isinstance(reference, JobOutput | RunArtifact):
            self._require(location, entity.path)
            changes["path"] = location.uri
            if isinstance(entity, Model) and not entity.job_name:
                changes["job_name"] = reference.job if isinstance(reference, JobOutput) else reference.run
        if isinstance(entity, Model):
            changes |= self._model(location, entity)
        elif entity.type is AssetType.MLTABLE:
            changes |= self._table(location, entity)
        return entity.model_copy(update=changes)

    @staticmethod
    def _require(location: Location, path: str) -> None:
        if not location.exists():
            raise NotFound(f"Nothing stands at {path!r}. See what the job wrote with `smalt job download --all`.")

    def _model(self, location: Location, model: Model) -> dict[str, Any]:
        if model.type is not AssetType.MLFLOW_MODEL or (location.store is None and location.local_path is None):
            return {}
        text = _read(location, "MLmodel")
        if text is None:
            raise InvalidRequest(
                f"Model {model.name!r} is of type mlflow_model, but there is no file MLmodel at {model.path!r}. "
                "Give the folder that holds it, or the type custom_model.",
                target="path",
            )
        try:
            described = yaml.load(text, source="MLmodel")
        except yaml.YamlError as error:
            raise InvalidRequest(
                f"The file MLmodel of model {model.name!r} cannot be read: {error}", target="path"
            ) from error
        flavors = described.get("flavors") if isinstance(described, dict) else None
        if not isinstance(flavors, dict) or model.flavors:
            return {}
        return {"flavors": {str(name): value if isinstance(value, dict) else {} for name, value in flavors.items()}}

    def _table(self, location: Location, table: Data) -> dict[str, Any]:
        if location.store is None and location.local_path is None:
            return {}
        text = _read(location, "MLTable")
        if text is None:
            raise InvalidRequest(
                f"Data {table.name!r} is of type mltable, but there is no file MLTable at {table.path!r}. "
                "Put one there, or give the type uri_folder.",
                target="path",
            )
        try:
            described = yaml.load(text, source="MLTable")
        except yaml.YamlError as error:
            raise InvalidRequest(
                f"The file MLTable of data {table.name!r} cannot be read: {error}", target="path"
            ) from error
        paths = described.get("paths") if isinstance(described, dict) else None
        if not isinstance(paths, list) or not paths:
            raise InvalidRequest(
                f"The file MLTable of data {table.name!r} has no `paths`. List at least one file, folder or pattern.",
                target="paths",
            )
        uris = [str(value) for item in paths if isinstance(item, dict) for value in item.values()]
        return {"referenced_uris": table.referenced_uris or uris}


def _read(location: Location, name: str) -> str | None:
    """A small file of a folder, or None when it is not there."""
    if location.store is None:
        path = location.local_path / name if location.local_path is not None else None
        if path is None or not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(_LARGEST_DESCRIPTION_BYTES).decode(errors="replace")
    key = f"{location.key}/{name}".lstrip("/")
    if location.store.head(key) is None:
        return None
    return b"".join(location.store.read(key, 0, _LARGEST_DESCRIPTION_BYTES)).decode(errors="replace")
