"""Brings what a job or an asset names to the server: local files are uploaded, names become ids."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from smalt.entities.component import Component
from smalt.entities.environment import Environment
from smalt.entities.job.automl import AutoMLJob
from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob, Trial
from smalt.entities.job.finetuning import FineTuningJob
from smalt.entities.job.flow import FlowJob
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.parallel import ParallelJob, ParallelTask
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.sweep import SweepJob
from smalt.entities.model_package import ModelPackage
from smalt.entities.types import AssetType
from smalt.errors import Conflict, InvalidRequest
from smalt.sdk.blobs import BlobContainer
from smalt.sdk.operations.base import JsonObject, about
from smalt.sdk.pipelines.files import read
from smalt.sdk.pipelines.includes import with_includes
from smalt.sdk.pipelines.register import Submission
from smalt.sdk.snapshot import ALWAYS_LEFT_OUT, HASH_VERSION, Snapshot, take
from smalt.sdk.upload import Progress, key_of, upload
from smalt.wire import references
from smalt.wire.references import AssetReference, LocalPath
from smalt.wire.yaml import resolve_local

if TYPE_CHECKING:
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

    def code(self, text: str, includes: Sequence[str] = ()) -> str:
        """The id of a code asset; a local folder is uploaded unless its content is known to the server.

        Args:
            text: The folder, or one file; empty when there is nothing but the includes.
            includes: Further files and folders that are laid beside the code.
        """
        reference = references.parse(text) if text else None
        if isinstance(reference, AssetReference):
            return self.asset(text, "codes")
        if reference is not None and not isinstance(reference, LocalPath):
            return text
        path = Path(reference.path).expanduser() if reference is not None else None
        if includes or path is None:
            with with_includes(path, includes) as snapshot:
                return self._code(snapshot)
        return self._code(take(path, left_out=ALWAYS_LEFT_OUT))

    def _code(self, snapshot: Snapshot) -> str:
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
        if kind in {"computes", "datastores"}:
            return f"{self._room.path}/{kind}/{reference.name}"
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
            return self.environment(read("environment", resolve_local(Path.cwd(), given)).entity)
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

    def anonymous(self, document: JsonObject) -> str:
        """The id of a component that only its users know; the same content always has the same id."""
        operations = self._operations["components"]
        nameless = {**document, "own_name": document.get("name"), "name": None, "version": None, "id": None}
        made = operations.create_or_update(Component.parse(nameless))
        return made.id or f"{self._room.asset_path}/components/{made.name}/versions/{made.version}"

    def component(self, component: Component) -> Component:
        """A component with its code, its environment and its steps brought to the server."""
        return Submission(self).component(component)

    def job(self, job: J) -> J:
        """A job that the server can run: nothing in it is local any more."""
        changes: JsonObject = {}
        if isinstance(job, PipelineJob):
            job = Submission(self).job(job)  # type: ignore[assignment]  # a pipeline, as it was
        inputs = getattr(job, "inputs", None)
        if inputs:
            changes["inputs"] = {name: self._given(name, each) for name, each in inputs.items()}
        if isinstance(job, AutoMLJob):
            changes |= {name: self.input(table) for name, table in job.tables().items()}
        if isinstance(job, FineTuningJob):
            changes |= {name: self.input(given) for name, given in job.data().items()}
        if job.compute and job.compute != "serverless":
            changes["compute"] = self.asset(job.compute, "computes")
        if isinstance(job.component, str):
            changes["component"] = self.asset(job.component, "components")
        if isinstance(job, CommandJob):
            changes |= self._software(job)
        if isinstance(job, FlowJob):
            changes |= self.flow(job.code, job.entry_file, job.environment)
        if isinstance(job, ParallelJob):
            changes["task"] = job.task.model_copy(update=self._software(job.task))
        if isinstance(job, SweepJob):
            changes["trial"] = self._trial(job.trial)
        return job.model_copy(update=changes)

    def _given(self, name: str, given: Any) -> Any:  # Any: one of the kinds of inputs, and the same kind back
        with about(f"inputs.{name}"):
            return self.input(given) if isinstance(given, DataInput) else given

    def _software(self, given: CommandJob | ParallelTask | Trial) -> JsonObject:
        """The code and the environment of what runs them, on the server."""
        changes: JsonObject = {}
        if given.code:
            with about("code"):
                changes["code"] = self.code(given.code)
        if given.environment is not None:
            with about("environment"):
                changes["environment"] = self.environment(given.environment)
        return changes

    def package(self, package: ModelPackage) -> ModelPackage:
        """A package whose script and whose base environment are on the server."""
        changes: JsonObject = {}
        server, base = package.inferencing_server, package.base_environment_source
        code = server.code_configuration
        if code is not None and code.code:
            with about("inferencing_server.code_configuration.code"):
                found = code.model_copy(update={"code": self.code(code.code)})
            changes["inferencing_server"] = server.model_copy(update={"code_configuration": found})
        if base is not None:
            found_base = base.model_copy(update={"resource_id": self.asset(base.resource_id, "environments")})
            changes["base_environment_source"] = found_base
        return package.model_copy(update=changes)

    def flow(self, code: str, entry_file: str | None, environment: str | Environment | None) -> JsonObject:
        """The flow's folder with what it includes from elsewhere, and the environment it asks for, on the server."""
        reference = references.parse(code)
        if not isinstance(reference, LocalPath):
            return {} if environment is None else {"environment": self.environment(environment)}
        # Here, since they cost every command more than it does otherwise.
        from smalt.environments import FLOW_IMAGE, flow_model_in
        from smalt.flows.serving.packing import copy_flow

        folder = Path(reference.path).expanduser()
        with tempfile.TemporaryDirectory() as packed:
            copy_flow(folder / entry_file if entry_file else folder, Path(packed))
            found = flow_model_in(Path(packed), entry_file)
            if environment is None and found is not None:
                environment = Environment.parse({"image": FLOW_IMAGE, "conda_file": found.conda})
            changes: JsonObject = {"code": self.code(packed)}
        if environment is not None:
            changes["environment"] = self.environment(environment)
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
