"""Versioned assets: data, models, environments, components."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar, cast

from smalt.entities.base import Asset, AssetContainer
from smalt.errors import Conflict, InvalidRequest, NotFound
from smalt.sdk.download import download
from smalt.sdk.operations.base import JsonObject, ListViewType, Operations, about, required_name
from smalt.sdk.poller import Poller
from smalt.sdk.room import Room
from smalt.wire import references
from smalt.wire.arm import codec, packages

if TYPE_CHECKING:
    from smalt.entities.component import Component
    from smalt.entities.data import Data
    from smalt.entities.environment import Environment
    from smalt.entities.model import Model
    from smalt.entities.model_package import ModelPackage
    from smalt.sdk.pipelines.function import PipelineFunction
    from smalt.sdk.resolve import Resolver

A = TypeVar("A", bound=Asset)

ANONYMOUS_ENVIRONMENT = "CliV2AnonymousEnvironment"
_VERSION_ATTEMPTS = 3

Paths = list[Path]


class AssetOperations(Operations[A]):
    """The verbs that every versioned asset has.

    Args:
        room: Workspace or registry.
        resolver: Brings what is local to the server.
    """

    noun: str

    def __init__(self, room: Room, resolver: Resolver) -> None:
        super().__init__(room)
        self._resolver = resolver

    @property
    def _root(self) -> str:
        return self._room.asset_path

    def list(
        self,
        name: str | None = None,
        *,
        list_view_type: str = ListViewType.ACTIVE_ONLY,
        max_results: int | None = None,
    ) -> Iterator[A | AssetContainer]:
        """The versions of one asset, or all assets when no name is given."""
        view = {"listViewType": list_view_type}
        if name is None:
            items = self._room.transport.items(f"{self._root}/{self.kind}", params=view)
            return (_container(body) for body in islice(items, max_results))
        versions = self._room.transport.items(f"{self._path(name)}/versions", params=view)
        return (self._read_version(body, name) for body in islice(versions, max_results))

    def get(self, name: str, version: str | None = None, label: str | None = None) -> A:
        """One version, by number or label; the latest when neither is given.

        Raises:
            NotFound: There is no such version.
        """
        if version is not None and label is not None:
            raise InvalidRequest("Give a version or a label, not both.")
        if version is not None:
            return self._read_version(self._body(name, version), name)
        return self._read_version(self._labelled(name, label or "latest"), name)

    def create_or_update(self, asset: A) -> A:
        """Upload what is local, and write the version; without a version the next one is taken."""
        if self._is_nameless(asset):
            asset = self._named_by_content(asset)
        name = required_name(asset, self.noun)
        prepared = self._prepare(asset)
        if prepared.version is not None:
            return self._put_version(name, prepared.version, prepared)
        for attempt in range(1, _VERSION_ATTEMPTS + 1):
            version = self._next_version(name)
            try:
                return self._put_version(name, version, prepared)
            except Conflict:
                if attempt == _VERSION_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def archive(self, name: str, version: str | None = None, label: str | None = None) -> None:
        """Hide a version, or the whole asset when neither version nor label is given."""
        self._set_archived(name, version, label, archived=True)

    def restore(self, name: str, version: str | None = None, label: str | None = None) -> None:
        """Show again what was archived."""
        self._set_archived(name, version, label, archived=False)

    def share(self, name: str, version: str, *, share_with_name: str, share_with_version: str, registry_name: str) -> A:
        """Copy a version to a registry, with its files."""
        registry = Room(self._room.transport, self._room.place, registry_name)
        target = type(self)(registry, self._resolver.in_room(registry))
        found = self.get(name, version)
        named = {"id": None, "creation_context": None, "name": share_with_name, "version": share_with_version}
        with TemporaryDirectory() as folder:
            # A folder's name is part of its address: with one of its own every copy would have other content.
            place = Path(folder, name)
            return target.create_or_update(self._fetched(found.model_copy(update=named), place))

    def _fetched(self, asset: A, folder: Path) -> A:
        """The asset with its files brought to a local folder."""
        path = getattr(asset, "path", None)
        if path is None:
            return asset
        files = self._fetch(asset, folder)
        is_file = len(files) == 1 and not path.endswith("/") and path.rsplit("/", 1)[-1] == files[0].name
        return asset.model_copy(update={"path": str(files[0] if is_file else folder)})

    def _fetch(self, asset: A, target: Path) -> Paths:
        path = str(getattr(asset, "path", None) or "")
        place = self._room.locate(path)
        if place is None:
            raise InvalidRequest(f"{asset.name}:{asset.version} lies at {path!r}, which is not kept by this server.")
        target.mkdir(parents=True, exist_ok=True)
        return download(*place, target)

    def _prepare(self, asset: A) -> A:
        """The asset with everything local brought to the server."""
        return asset

    def _is_nameless(self, asset: A) -> bool:
        return False

    def _named_by_content(self, asset: A) -> A:
        return asset

    def _body(self, name: str, version: str) -> JsonObject:
        return self._room.transport.json("GET", self._path(name, "versions", version))

    def _labelled(self, name: str, label: str) -> JsonObject:
        if label != "latest":
            return self._room.transport.json("GET", self._path(name, "labels", label))
        newest = {"$orderBy": "createdtime desc", "$top": "1"}
        found = next(iter(self._room.transport.items(f"{self._path(name)}/versions", params=newest)), None)
        if found is None:
            raise NotFound(f"No {self.noun} {name!r} here. See: smalt {self.noun} list")
        return found

    def _read_version(self, body: JsonObject, name: str) -> A:
        read = codec(self.kind).from_arm(body, name=name, version=body.get("name"))
        assert isinstance(read, Asset)
        return read  # type: ignore[return-value]  # the codec of the kind gives the class of the kind

    def _put_version(self, name: str, version: str, asset: A) -> A:
        body = codec(self.kind).to_arm(asset)
        answer = self._room.transport.request("PUT", self._path(name, "versions", version), body=body)
        # A registry answers before it has written: then the version is read when it is done.
        if answer.status_code == 202 or not answer.content:
            Poller(self._room.transport, answer, lambda: None).result()
            return self.get(name, version)
        return self._read_version(answer.json(), name)

    def _next_version(self, name: str) -> str:
        try:
            container = self._room.transport.json("GET", self._path(name))
        except NotFound:
            return "1"
        return str(container.get("properties", {}).get("nextVersion") or "1")

    def _set_archived(self, name: str, version: str | None, label: str | None, *, archived: bool) -> None:
        if version is None and label is None:
            path = self._path(name)
            body = self._room.transport.json("GET", path)
        else:
            body = self._body(name, version) if version else self._labelled(name, label or "latest")
            path = self._path(name, "versions", version or str(body["name"]))
        properties = dict(body.get("properties") or {}, isArchived=archived)
        self._room.transport.request("PUT", path, body={"properties": properties})


class DataOperations(AssetOperations["Data"]):
    """`client.data`."""

    kind = "data"
    noun = "data"

    def _prepare(self, asset: Data) -> Data:
        if asset.path is None:
            raise InvalidRequest(
                f"Data {asset.name!r} has no path. Write 'path:', a local path or a URI.", target="path"
            )
        is_folder = asset.type != "uri_file"
        with about("path"):
            path = self._resolver.path(asset.path, datastore=asset.datastore, long=False, folder=is_folder)
        return asset.model_copy(update={"path": path, "datastore": None})

    def download(self, name: str, version: str, download_path: str | Path = ".") -> Path:
        """Fetch the files of a data asset into `<download_path>/<name>`."""
        target = Path(download_path) / name
        self._fetch(self.get(name, version), target)
        return target


class ModelOperations(AssetOperations["Model"]):
    """`client.models`."""

    kind = "models"
    noun = "model"

    def _prepare(self, asset: Model) -> Model:
        if asset.path is None:
            raise InvalidRequest(
                f"Model {asset.name!r} has no path. Write 'path:', a local path or a URI.", target="path"
            )
        with about("path"):
            path = self._resolver.path(asset.path, datastore=asset.datastore, long=True)
        return asset.model_copy(update={"path": path, "datastore": None})

    def download(self, name: str, version: str, download_path: str | Path = ".") -> Path:
        """Fetch the files of a model into `<download_path>/<name>`."""
        target = Path(download_path) / name
        self._fetch(self.get(name, version), target)
        return target

    def write_context(self, package: Environment, target: str | Path) -> Path:
        """Write the files of a package, from which docker or podman builds an image that serves it anywhere.

        Args:
            package: What `package` has made.
            target: A folder that is not there yet.

        Raises:
            InvalidRequest: The environment is no package, or the folder is there.
        """
        from smalt.sdk.image_context import code_place, model_place, package_of, write_context

        folder, packed = Path(target), package_of(package)
        if folder.exists():
            raise InvalidRequest(f"{folder} is there already. Name a folder that is not.")
        model = self._by_id(packed.model)
        place = model_place(folder, model)
        fetched = self._fetched(model, place / "fetched")
        Path(str(fetched.path)).rename(place / str(model.path).rstrip("/").rpartition("/")[2])
        shutil.rmtree(place / "fetched", ignore_errors=True)  # it held one file
        code = packed.code_configuration.code if packed.code_configuration is not None else None
        if code is not None:
            body = self._room.transport.json("GET", code)
            found = self._room.locate(str(body["properties"]["codeUri"]))
            assert found is not None  # code is always kept here
            download(*found, code_place(folder))
        write_context(folder, package, model)
        return folder

    def _by_id(self, identifier: str) -> Model:
        """A version of this workspace or of a registry, by its id."""
        reference = references.parse_asset(identifier, "models")
        here = self if reference.registry is None else self.of_registry(reference.registry)
        return here.get(reference.name, reference.version)

    def of_registry(self, registry: str) -> ModelOperations:
        """The same for the models of a registry."""
        return ModelOperations(Room(self._room.transport, self._room.place, registry), self._resolver)

    def package(self, name: str, version: str, package_request: ModelPackage) -> Environment:
        """Pack a model with its script and its software into an environment: all that a deployment then names.

        Raises:
            NotFound: There is no such model, or no such base environment.
            InvalidRequest: Nothing says how the model is served, or in which software.
        """
        asked = self._resolver.package(package_request)
        target = f"azureml:/{self._room.path}/environments/{asked.target_environment.name}"
        if asked.target_environment.version is not None:
            target += f"/versions/{asked.target_environment.version}"
        answer = self._room.transport.json(
            "POST", self._path(name, "versions", version, "package"), body=packages.to_arm(asked, target)
        )
        made = answer["targetEnvironmentName"], str(answer["targetEnvironmentVersion"])
        body = self._room.transport.json("GET", f"{self._room.path}/environments/{made[0]}/versions/{made[1]}")
        return cast("Environment", codec("environments").from_arm(body, name=made[0], version=made[1]))


class EnvironmentOperations(AssetOperations["Environment"]):
    """`client.environments`."""

    kind = "environments"
    noun = "environment"

    def _prepare(self, asset: Environment) -> Environment:
        return self._resolver.local_environment(asset)

    def _fetched(self, asset: Environment, folder: Path) -> Environment:
        if asset.build is None or asset.build.path is None:
            return asset
        place = self._room.locate(asset.build.path)
        if place is None:
            return asset
        download(*place, folder)
        return asset.model_copy(update={"build": asset.build.model_copy(update={"path": str(folder)})})

    def _is_nameless(self, asset: Environment) -> bool:
        return not asset.name

    def _named_by_content(self, asset: Environment) -> Environment:
        prepared = self._prepare(asset)
        digest = _content_hash(prepared.document())
        return prepared.model_copy(update={"name": ANONYMOUS_ENVIRONMENT, "version": digest, "is_anonymous": True})


class ComponentOperations(AssetOperations["Component"]):
    """`client.components`."""

    kind = "components"
    noun = "component"

    def create_or_update(self, asset: Component | PipelineFunction) -> Component:
        """Upload what is local, and write the version; a pipeline function is written as a pipeline component."""
        component = getattr(asset, "component", None)
        return super().create_or_update(component() if callable(component) else cast("Component", asset))

    def _read_version(self, body: JsonObject, name: str) -> Component:
        from smalt.sdk.pipelines.nodes import ComponentFunction

        return ComponentFunction.of(super()._read_version(body, name))

    def _prepare(self, asset: Component) -> Component:
        if asset.is_anonymous and asset.component_spec is not None:
            return asset  # it was prepared when it was named by its content
        return self._resolver.component(asset)

    def _is_nameless(self, asset: Component) -> bool:
        return not asset.name

    def _named_by_content(self, asset: Component) -> Component:
        from smalt.entities.component import ANONYMOUS_COMPONENT

        prepared = self._prepare(asset)
        named = prepared.model_copy(update={"name": ANONYMOUS_COMPONENT, "version": "1", "is_anonymous": True})
        spec = codec(self.kind).to_arm(named)["properties"]["componentSpec"]
        digest = str(uuid.UUID(_content_hash({key: spec[key] for key in spec if key != "_source"})[:32]))
        return named.model_copy(
            update={
                "version": digest,
                "component_spec": spec,
                "properties": {**prepared.properties, "client_component_hash": digest},
            }
        )

    def invalidate(self, name: str) -> int:
        """Let no later pipeline reuse what this component has done; the number of results forgotten."""
        return int(self._room.transport.json("POST", f"{self._path(name)}/invalidate", body={})["invalidated"])

    def validate(self, component: Component) -> Component:
        """Check a component as far as this is possible without writing it."""
        required_name(component, self.noun)
        return component


def _content_hash(document: JsonObject) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _container(body: JsonObject) -> AssetContainer:
    found = codec("containers").from_arm(body, name=body.get("name"))
    assert isinstance(found, AssetContainer)
    return found
