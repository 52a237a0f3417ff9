"""Brings what a job or an asset names to the server: local files are uploaded, names become ids."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from smalt.entities.component import Component
from smalt.entities.environment import Environment
from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob, Trial
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.parallel import ParallelJob, ParallelTask
from smalt.entities.job.sweep import SweepJob
from smalt.entities.job.trial import with_component
from smalt.entities.types import AssetType
from smalt.errors import Conflict, InvalidRequest
from smalt.sdk.blobs import BlobContainer
from smalt.sdk.operations.base import JsonObject
from smalt.sdk.snapshot import ALWAYS_LEFT_OUT, HASH_VERSION, Snapshot, take
from smalt.sdk.upload import Progress, key_of, upload
from smalt.wire import references
from smalt.wire.references import AssetReference, LocalPath
from smalt.wire.yaml import load_entity, resolve_local

if TYPE_CHECKING:
    from smalt.entities.schedule import Schedule
    from smalt.sdk.operations.assets import AssetOperations
    from smalt.sdk.room import Room

J = TypeVar("J", bound=Job)

ProgressFactory = Callable[[str, int], Progress]
"""Makes the progress of one upload, given its name and its bytes."""


class Resolver:
    """Turns references that only the client understands into ones the server does.

    Args:
        room: The workspace or registry.
        progress: Shows uploads to a person.
    """

    def __init__(self, room: Room, progress: ProgressFactory | None = None) -> None:
        self._room = room
        self._progress = progress
        self._operations: dict[str, AssetOperations[Any]] = {}  # Any: each of its own kind
        self._keeps_labels = False

    def know(self, operations: AssetOperations[Any]) -> None:  # Any: each of its own kind
        """Remember who creates and finds the assets of one kind."""
        self._operations[operations.kind] = operations

    def keeping_labels(self) -> Resolver:
        """A resolver that leaves `@latest` as it is written, for what is looked up again whenever it is used."""
        other = Resolver(self._room, self._progress)
        other._operations = self._operations
        other._keeps_labels = True
        return other

    def in_room(self, room: Room) -> Resolver:
        """A resolver that brings things to another workspace or registry."""
        return Resolver(room, self._progress)

    def path(self, text: str, *, datastore: str | None = None, long: bool, folder: bool | None = None) -> str:
        """The URI of a path; what is local is uploaded to a datastore.

        Args:
            text: A local path, or any other reference, which is kept.
            datastore: Where to upload to instead of the default datastore.
            long: Write the URI so that it names the workspace.
            folder: Whether a folder is expected, when only one of the two will do.
        """
        reference = references.parse(text)
        if not isinstance(reference, LocalPath):
            return text
        snapshot = take(Path(reference.path).expanduser())
        if folder is not None and folder != snapshot.is_folder:
            found, fitting = ("folder", "uri_folder") if snapshot.is_folder else ("file", "uri_file")
            raise InvalidRequest(f"{reference.path} is a {found}. Write 'type: {fitting}', or name another path.")
        if self._room.registry is not None:
            return self._upload_to_registry(snapshot)
        name = references.parse_asset(datastore, "datastores").name if datastore else self._room.default_datastore
        key = self._upload(self._room.container(name), snapshot, snapshot.content_hash(), resume=True)
        key += "/" if snapshot.is_folder else ""
        return self._room.datastore_uri(name, key) if long else f"azureml://datastores/{name}/paths/{key}"

    def code(self, text: str) -> str:
        """The id of a code asset; a local folder is uploaded unless its content is known to the server."""
        reference = references.parse(text)
        if isinstance(reference, AssetReference):
            return self.asset(text, "codes")
        if not isinstance(reference, LocalPath):
            return text
        snapshot = take(Path(reference.path).expanduser(), left_out=ALWAYS_LEFT_OUT)
        digest = snapshot.content_hash()
        name = str(uuid.UUID(digest[:32]))
        path = f"{self._room.asset_path}/codes/{name}/versions"
        return self._known_code(path, digest) or self._new_code(path, snapshot, digest)

    def asset(self, text: str, kind: str) -> str:
        """The id of an asset or resource of this workspace; anything else is kept as it is written."""
        if text.lower().startswith("azureml://"):
            return text
        reference = references.parse_asset(text, kind)
        if reference.registry or reference.kind == "virtualClusters":
            return text
        if reference.workspace is not None:
            return text.removeprefix("azureml:")
        if kind == "computes":
            return f"{self._room.path}/computes/{reference.name}"
        version = reference.version
        if version is None and reference.label is not None and self._keeps_labels:
            return text
        if version is None and reference.label is not None and kind in self._operations:
            version = self._operations[kind].get(reference.name, label=reference.label).version
        return f"{self._room.asset_path}/{kind}/{reference.name}/versions/{version}" if version else text

    def environment(self, given: str | dict[str, Any] | Environment) -> str:  # Any: an inline document
        """The id of an environment; one written inline is registered first."""
        if isinstance(given, str):
            reference = references.parse(given)
            is_file = isinstance(reference, LocalPath) and Path(reference.path).suffix in {".yml", ".yaml"}
            if not is_file:
                return self.asset(given, "environments")
            found = load("environment", Path(reference.path))  # type: ignore[union-attr]  # a local path, as tested
            assert isinstance(found, Environment)
            given = found
        environment = Environment.parse(given) if isinstance(given, dict) else given
        if environment.id:
            return environment.id
        created = self._operations["environments"].create_or_update(environment)
        return created.id or f"{self._room.asset_path}/environments/{created.name}/versions/{created.version}"

    def local_environment(self, environment: Environment) -> Environment:
        """The environment with the text of its conda file and with its build context uploaded."""
        changes: JsonObject = {}
        if isinstance(environment.conda_file, str) and not environment.has_conda_text:
            path = resolve_local(Path.cwd(), environment.conda_file)
            try:
                changes["conda_file"] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidRequest(f"The conda file {path} cannot be read: {error}. Check 'conda_file'.") from None
        if environment.build is not None and environment.build.path:
            datastore = getattr(environment, "datastore", None)
            uri = self.path(environment.build.path, datastore=datastore, long=True, folder=True)
            changes["build"] = environment.build.model_copy(update={"path": uri})
        return environment.model_copy(update=changes) if changes else environment

    def input(self, given: DataInput) -> DataInput:
        """An input with its path on the server."""
        if not given.path:
            return given
        kind = "models" if given.type.is_model else "data"
        reference = references.parse(given.path)
        if isinstance(reference, AssetReference):
            return given.model_copy(update={"path": self.asset(given.path, kind)})
        if not isinstance(reference, LocalPath):
            return given
        exact = {AssetType.URI_FILE: False, AssetType.URI_FOLDER: True, AssetType.MLTABLE: True}.get(given.type)
        path = self.path(given.path, datastore=given.datastore, long=False, folder=exact)
        return given.model_copy(update={"path": path, "datastore": None})

    def job(self, job: J) -> J:
        """A job that the server can run: nothing in it is local any more."""
        changes: JsonObject = {}
        inputs = getattr(job, "inputs", None)
        if inputs:
            changes["inputs"] = {
                name: self.input(each) if isinstance(each, DataInput) else each for name, each in inputs.items()
            }
        if job.compute and job.compute != "serverless":
            changes["compute"] = self.asset(job.compute, "computes")
        if isinstance(job.component, str):
            changes["component"] = self.asset(job.component, "components")
        if isinstance(job, CommandJob):
            changes |= self._software(job)
        if isinstance(job, ParallelJob):
            changes["task"] = job.task.model_copy(update=self._software(job.task))
        if isinstance(job, SweepJob):
            changes["trial"] = self._trial(job.trial)
        return job.model_copy(update=changes)

    def _software(self, given: CommandJob | ParallelTask | Trial) -> JsonObject:
        """The code and the environment of what runs them, on the server."""
        changes: JsonObject = {}
        if given.code:
            changes["code"] = self.code(given.code)
        if given.environment is not None:
            changes["environment"] = self.environment(given.environment)
        return changes

    def _trial(self, trial: Trial | str) -> Trial | str:
        if isinstance(trial, Trial):
            return trial.model_copy(update=self._software(trial))
        return self.asset(trial, "components")

    def _known_code(self, path: str, digest: str) -> str | None:
        query = {"hash": digest, "hashVersion": HASH_VERSION}
        found = next(iter(self._room.transport.items(path, params=query)), None)
        return str(found["id"]) if found else None

    def _new_code(self, path: str, snapshot: Snapshot, digest: str) -> str:
        transport = self._room.transport
        properties = {
            "codeUri": self._upload_to_slot(path, snapshot, digest),
            "isAnonymous": True,
            "properties": {"hash_sha256": digest, "hash_version": HASH_VERSION},
        }
        try:
            return str(transport.json("PUT", f"{path}/1", body={"properties": properties})["id"])
        except Conflict:
            known = self._known_code(path, digest)  # another client was faster with the same content
            if known is None:
                raise
            return known

    def _upload_to_registry(self, snapshot: Snapshot) -> str:
        digest = snapshot.content_hash()
        path = f"{self._room.asset_path}/codes/{uuid.UUID(digest[:32])}/versions"
        return self._upload_to_slot(path, snapshot, digest) + ("/" if snapshot.is_folder else "")

    def _upload_to_slot(self, path: str, snapshot: Snapshot, digest: str) -> str:
        """Upload to a place that the server opens for this one upload; the URL of what was uploaded."""
        wanted = {"pendingUploadType": "TemporaryBlobReference"}
        pending = self._room.transport.json("POST", f"{path}/1/startPendingUpload", body=wanted)
        place = pending["blobReferenceForConsumption"]
        signed = place.get("credential", {}).get("sasUri") or place["blobUri"]
        self._upload(BlobContainer(self._room.transport, signed), snapshot, digest, resume=False)
        return f"{place['blobUri'].rstrip('/')}/{key_of(snapshot, digest)}"

    def _upload(self, container: BlobContainer, snapshot: Snapshot, digest: str, *, resume: bool) -> str:
        progress = self._progress(f"Uploading {snapshot.name}", snapshot.size) if self._progress else None
        metadata = {"name": snapshot.name, "version": "1"} if resume else None
        return upload(container, snapshot, digest, resume=resume, metadata=metadata, progress=progress)


def load(kind: str, source: Path | str, *, overrides: tuple[str, ...] = ()) -> Any:  # Any: the entity of the kind
    """Read a YAML file to an entity whose local paths are absolute, so that it means the same from any folder."""
    loaded = load_entity(kind, source, overrides=overrides)
    return anchor(loaded.entity, loaded.base_dir)


def anchor(entity: Any, folder: Path) -> Any:  # Any: an entity, and the same one back
    """Make the local paths of an entity absolute."""
    if isinstance(entity, Environment):
        return _anchored_environment(entity, folder)
    if hasattr(entity, "create_job"):
        return _anchored_schedule(entity, folder)
    changes: JsonObject = {}
    for field in ("path", "code"):
        value = getattr(entity, field, None)
        if isinstance(value, str) and not isinstance(entity, DataInput) and _is_local(value):
            changes[field] = str(resolve_local(folder, value))
    if isinstance(entity, ParallelJob):
        changes["task"] = anchor(entity.task, folder)
    environment = getattr(entity, "environment", None)
    if environment is not None and isinstance(entity, CommandJob | ParallelTask | Trial):
        changes["environment"] = _anchored_reference(environment, folder)
    if isinstance(entity, SweepJob):
        entity = _with_local_component(entity, folder)
        if isinstance(entity.trial, Trial):
            changes["trial"] = anchor(entity.trial, folder)
    inputs = getattr(entity, "inputs", None)
    if isinstance(entity, Job) and inputs:
        changes["inputs"] = {name: _anchored_input(each, folder) for name, each in inputs.items()}
    return entity.model_copy(update=changes) if changes else entity


def _with_local_component(sweep: SweepJob, folder: Path) -> SweepJob:
    """A sweep whose trial is a component in a file, with that component as its trial."""
    if not isinstance(sweep.trial, str) or not _is_local(sweep.trial):
        return sweep
    loaded = load_entity("component", resolve_local(folder, sweep.trial))
    assert isinstance(loaded.entity, Component)
    whole = with_component(sweep, loaded.entity)
    return whole.model_copy(update={"trial": anchor(whole.trial, loaded.base_dir)})


def _anchored_schedule(schedule: Schedule, folder: Path) -> Schedule:
    """A schedule with the job of its file in place of the name of the file."""
    from smalt.entities.schedule import JobReference  # it brings the table of time zones, which nobody else needs

    given = getattr(schedule, "create_job", None)
    if isinstance(given, Job):
        return schedule.model_copy(update={"create_job": anchor(given, folder)})
    text = given.job if isinstance(given, JobReference) else given
    if text is None or not _is_local(text):
        return schedule
    changes = given.document() if isinstance(given, JobReference) else {}
    overrides = tuple(f"{path}={json.dumps(value)}" for path, value in _leaves(changes) if path != "job")
    return schedule.model_copy(update={"create_job": load("job", resolve_local(folder, text), overrides=overrides)})


def _leaves(changes: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:  # Any: values of YAML
    """The values of nested mappings, each with its dotted path."""
    for key, value in changes.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _anchored_reference(environment: str | Environment, folder: Path) -> str | Environment:
    if isinstance(environment, Environment):
        return _anchored_environment(environment, folder)
    is_file = environment.startswith("file:") or environment.endswith((".yml", ".yaml"))
    return str(resolve_local(folder, environment)) if is_file else environment


def _anchored_environment(environment: Environment, folder: Path) -> Environment:
    changes: JsonObject = {}
    if isinstance(environment.conda_file, str) and not environment.has_conda_text:
        changes["conda_file"] = str(resolve_local(folder, environment.conda_file))
    if environment.build is not None and environment.build.path and _is_local(environment.build.path):
        path = str(resolve_local(folder, environment.build.path))
        changes["build"] = environment.build.model_copy(update={"path": path})
    return environment.model_copy(update=changes) if changes else environment


def _anchored_input(given: Any, folder: Path) -> Any:  # Any: one of the kinds of inputs, and the same kind back
    if isinstance(given, DataInput) and given.path and _is_local(given.path):
        return given.model_copy(update={"path": str(resolve_local(folder, given.path))})
    return given


def _is_local(text: str) -> bool:
    return isinstance(references.parse(text), LocalPath)
