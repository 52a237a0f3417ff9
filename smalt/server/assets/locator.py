"""Finds the bytes behind a reference: which container and key, and which folder where they are on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from smalt.blobs import STAGED, BlobStore, LocalBlobStore, ObstoreBlobStore, clean_key
from smalt.entities.datastore import AzureBlobDatastore, Datastore, GcsDatastore, LocalDatastore, S3Datastore
from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.server.assets.containers import Containers
from smalt.server.assets.datastores import ARTIFACT_CONTAINER, DatastoreService, built_in, is_own
from smalt.server.assets.records import AssetVersion, check_home
from smalt.server.assets.service import AssetService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference, DatastorePath, JobOutput, RemoteUrl, RunArtifact

EXTERNAL = "datastore-"
"""Containers with this prefix stand for datastores that lead elsewhere."""

OutputOf = Callable[[Work, WorkspaceRecord, str, str], str]
"""The datastore URI of a job's output."""

RunRoot = Callable[[Work, WorkspaceRecord, str, str], str | None]
"""The key, in the artifact container, of a run's artifact where it is not simply below the run's root."""


@dataclass(frozen=True)
class Location:
    """Where bytes are.

    Args:
        container: The container; empty for what stands outside every datastore.
        key: The key or prefix in it, without a slash at the end.
        local_path: The file or folder on this machine, if it is one.
        uri: The long `azureml://` form, or the URL of what stands outside.
        store: The container's store, if it has one.
    """

    container: str
    key: str
    local_path: Path | None
    uri: str
    store: BlobStore | None = None

    def exists(self) -> bool:
        """Whether there is a file, or anything below."""
        if self.store is None:
            return self.local_path is not None and self.local_path.exists()
        if self.key == "":
            return True
        return self.store.head(self.key) is not None or bool(self.store.list(f"{self.key}/", limit=1).items)


class DataLocator:
    """Follows references to bytes.

    Args:
        assets: Resolves names to versions.
        datastores: Knows datastores.
        containers: The server's own containers.
        aliases: URL prefixes and the folders that stand for them on this network.

    Attributes:
        output_of: Finds outputs of jobs.
        run_root: Finds artifacts of runs that are kept elsewhere, such as logged models.
    """

    def __init__(
        self,
        assets: AssetService,
        datastores: DatastoreService,
        containers: Containers,
        aliases: Mapping[str, str],
    ) -> None:
        self._assets = assets
        self._datastores = datastores
        self._containers = containers
        self._aliases = sorted(aliases.items(), key=lambda pair: -len(pair[0]))
        self.output_of: OutputOf = _no_jobs
        self.run_root: RunRoot = lambda work, workspace, run, path: None

    def locate(self, work: Work, workspace: WorkspaceRecord, uri: str) -> Location:
        """Where a reference of any form leads.

        Raises:
            NotFound: It names something that does not exist.
            InvalidRequest: It is no reference, or one to the caller's own machine.
            Unsupported: It leads to a place that this server has no way to.
        """
        return self._follow(work, workspace, uri, ())

    def _follow(self, work: Work, workspace: WorkspaceRecord, uri: str, through: tuple[str, ...]) -> Location:
        reference = references.parse(uri)
        if isinstance(reference, DatastorePath):
            check_home(workspace, reference.workspace, uri)
            return self._in_datastore(work, workspace, reference)
        if isinstance(reference, JobOutput):
            base = self.output_of(work, workspace, reference.job, reference.output)
            return self.below(work, workspace, base, reference.path)
        if isinstance(reference, RunArtifact):
            kept = self.run_root(work, workspace, reference.run, reference.path)
            key = kept or f"ExperimentRun/dcid.{reference.run}/{reference.path}".rstrip("/")
            return self.in_container(workspace, ARTIFACT_CONTAINER, key)
        if isinstance(reference, RemoteUrl):
            return self._remote(work, workspace, reference)
        if isinstance(reference, AssetReference):
            found = self._assets.resolve(work, workspace, reference.kind or "data", uri)
            return self._of_version(work, workspace, found, through)
        raise InvalidRequest(
            f"{uri[:200]!r} is a path on the caller's machine. Upload it first, or name a datastore, asset or URL.",
            target="path",
        )

    def check(self, work: Work, workspace: WorkspaceRecord, uri: str) -> None:
        """Return when what a reference names is known here; the bytes may be where this server has no way to.

        Raises:
            NotFound: No such datastore, asset, job or run.
            InvalidRequest: It leads out of its container.
            Unsupported: It is another workspace's.
        """
        reference = references.parse(uri)
        if isinstance(reference, DatastorePath):
            check_home(workspace, reference.workspace, uri)
            self._datastores.get(work, workspace, reference.datastore)
            clean_key(reference.path.rstrip("/"), allow_empty=True)
        elif not isinstance(reference, RemoteUrl) or _OWN_BLOB.match(urlsplit(reference.url).path):
            self.locate(work, workspace, uri)

    def _of_version(
        self, work: Work, workspace: WorkspaceRecord, found: AssetVersion, through: tuple[str, ...]
    ) -> Location:
        path = getattr(found.entity, "path", None)
        if not path:
            raise InvalidRequest(f"{found.id} has no files of its own. Name data, a model or code.", target="path")
        if found.id in through:
            raise InvalidRequest(f"The path of {found.id} leads back to itself. Register it with a real path.")
        return self._said_by(work, workspace, found, path, (*through, found.id))

    def said_by(self, work: Work, workspace: WorkspaceRecord, found: AssetVersion, uri: str) -> Location:
        """Where a reference leads that a version holds, which may be one of a registry and know that one's places.

        Raises:
            Unsupported: The version is a registry's, and the reference leads out of that.
        """
        return self._said_by(work, workspace, found, uri, (found.id,))

    def _said_by(
        self, work: Work, workspace: WorkspaceRecord, found: AssetVersion, path: str, through: tuple[str, ...]
    ) -> Location:
        if found.workspace_id == workspace.id:
            return self._follow(work, workspace, path, through)
        own = _OWN_BLOB.match(urlsplit(path).path)
        if own is None or own["workspace"].lower() != found.workspace_id.lower():
            raise Unsupported(f"The files of {found.id} stand at {path[:200]!r}, outside its registry. Share it anew.")
        store = self._containers.store(found.workspace_id, own["container"])
        key = clean_key(unquote(own["key"] or "").rstrip("/"), allow_empty=True)
        return Location("", key, store.local_path(key), path, store)

    def below(self, work: Work, workspace: WorkspaceRecord, base: str, path: str) -> Location:
        """Where a path below another reference leads."""
        return self.locate(work, workspace, f"{base.rstrip('/')}/{path}" if path else base)

    def in_container(self, workspace: WorkspaceRecord, container: str, key: str) -> Location:
        """A place in one of the server's own containers."""
        store = self._containers.store(workspace.id, container)
        clean = clean_key(key.rstrip("/"), allow_empty=True)
        owner = next((name for name, held in built_in(workspace.id).items() if held == container), None)
        uri = _long_uri(workspace, owner, clean) if owner else f"https://local/blob/{workspace.id}/{container}/{clean}"
        return Location(container, clean, store.local_path(clean), uri, store)

    def external_store(self, work: Work, workspace: WorkspaceRecord, container: str) -> BlobStore:
        """The store behind a container that stands for a datastore elsewhere."""
        record = self._datastores.get(work, workspace, container.removeprefix(EXTERNAL))
        return self._store_of(self._datastores.with_secrets(workspace, record))

    def _in_datastore(self, work: Work, workspace: WorkspaceRecord, reference: DatastorePath) -> Location:
        record = self._datastores.get(work, workspace, reference.datastore)
        key = clean_key(reference.path.rstrip("/"), allow_empty=True)
        if is_own(workspace.id, record):
            return self.in_container(workspace, str(record.document["container_name"]), key)
        entity = self._datastores.with_secrets(workspace, record)
        store = self._store_of(entity)
        return Location(
            EXTERNAL + record.name, key, store.local_path(key), _long_uri(workspace, record.name, key), store
        )

    def _store_of(self, entity: Datastore) -> BlobStore:
        if isinstance(entity, LocalDatastore):
            root = self._datastores.folder(entity)
            return LocalBlobStore(root, root / STAGED)
        url, options = _obstore(entity)
        return ObstoreBlobStore(url, options=options)

    def _remote(self, work: Work, workspace: WorkspaceRecord, reference: RemoteUrl) -> Location:
        url = reference.url
        own = _OWN_BLOB.match(urlsplit(url).path) if reference.scheme in ("http", "https") else None
        if own is not None and own["workspace"].lower() == workspace.id.lower():
            key = unquote(own["key"] or "")
            if own["container"].startswith(EXTERNAL):
                place = DatastorePath(own["container"].removeprefix(EXTERNAL), key)
                return self._in_datastore(work, workspace, place)
            return self.in_container(workspace, own["container"], key)
        plain = url.partition("?")[0]  # a signature, say, is no part of a file's name
        for prefix, target in self._aliases:
            if plain == prefix or plain.startswith(prefix.rstrip("/") + "/"):
                rest = clean_key(unquote(plain[len(prefix.rstrip("/")) :]).strip("/"), allow_empty=True)
                return self._alias(Path(target), rest, plain)
        if reference.scheme in _BUCKET_TYPES:
            return self._bucket(work, workspace, reference)
        if reference.scheme in ("http", "https"):
            return Location("", "", None, url)
        raise Unsupported(
            f"{url[:200]!r}: this server has no way to {reference.scheme}: addresses. Give the operator's alias table "
            "(aliases.yaml in the home folder) a line for it, or make a datastore."
        )

    def _alias(self, root: Path, key: str, url: str) -> Location:
        path = (root / key).resolve()
        if not path.is_relative_to(root.resolve()):
            raise InvalidRequest(
                f"{url[:200]!r} leads out of the folder that stands for it. Name a path in it.", target="path"
            )
        if not path.exists():
            raise NotFound(
                f"{url[:200]!r} is an alias, but {key!r} is not in the folder that stands for it. Put it there."
            )
        return Location("", "", path, url)

    def _bucket(self, work: Work, workspace: WorkspaceRecord, reference: RemoteUrl) -> Location:
        parts = urlsplit(reference.url)
        key = unquote(parts.path).strip("/")
        for record in self._datastores.page(work, workspace, after=None, limit=1000).items:
            held = record.document
            if held["type"] != _BUCKET_TYPES[reference.scheme] or not _is_bucket(held, parts.netloc):
                continue
            prefix = str(held.get("prefix") or "").strip("/")
            if not prefix or key == prefix or key.startswith(f"{prefix}/"):
                place = DatastorePath(record.name, key[len(prefix) :].strip("/"))
                return self._in_datastore(work, workspace, place)
        raise Unsupported(
            f"{reference.url[:200]!r}: no datastore of this workspace leads to {parts.netloc!r}. Make one with its "
            "credentials (smalt datastore create --file store.yml), or give the operator's alias table (aliases.yaml "
            "in the home folder) a line for it."
        )


_BUCKET_TYPES = {"s3": "s3", "gs": "gcs", **dict.fromkeys(("wasb", "wasbs", "abfs", "abfss"), "azure_blob")}
_OWN_BLOB = re.compile(
    r"^/blob/(?P<workspace>[0-9a-fA-F-]{36})/(?:\.blob\.[^/]+/)?(?P<container>[^/]+)(?:/(?P<key>.*))?$"
)


def _no_jobs(work: Work, workspace: WorkspaceRecord, job: str, output: str) -> str:
    raise NotFound(f"No job {job!r} in workspace {workspace.name!r}. See `smalt job list`.")


def _is_bucket(document: Mapping[str, Any], netloc: str) -> bool:
    """Whether a datastore is what stands between `//` and the path of a URL."""
    if document["type"] == "azure_blob":
        return netloc.partition(".")[0] == f"{document['container_name']}@{document.get('account_name')}"
    return bool(document["bucket"] == netloc)


def _long_uri(workspace: WorkspaceRecord, datastore: str, key: str) -> str:
    return (
        f"azureml://subscriptions/{workspace.subscription}/resourcegroups/{workspace.group}"
        f"/workspaces/{workspace.name}/datastores/{datastore}/paths/{key}"
    )


def _obstore(entity: Datastore) -> tuple[str, dict[str, str]]:
    """URL and options. Without credentials calls go unsigned: never with whatever this machine itself may open."""
    secrets = entity.credentials.document(secrets=True)
    if isinstance(entity, S3Datastore):
        options = {
            "aws_region": entity.region or "us-east-1",
            "aws_endpoint": entity.endpoint or "",
            "aws_access_key_id": str(secrets.get("access_key_id", "")),
            "aws_secret_access_key": str(secrets.get("secret_access_key", "")),
            "aws_session_token": str(secrets.get("session_token", "")),
            "aws_skip_signature": "" if secrets.get("secret_access_key") else "true",
            "aws_allow_http": "true" if (entity.endpoint or "").startswith("http://") else "",
        }
        return f"s3://{entity.bucket}/{(entity.prefix or '').strip('/')}", _set(options)
    if isinstance(entity, GcsDatastore):
        key = str(secrets.get("service_account_key", ""))
        options = {"google_service_account_key": key, "google_skip_signature": "" if key else "true"}
        return f"gs://{entity.bucket}/{(entity.prefix or '').strip('/')}", _set(options)
    if isinstance(entity, AzureBlobDatastore) and entity.account_name:
        endpoint = entity.endpoint if (entity.endpoint or "").startswith("http") else ""
        options = {
            "azure_storage_account_name": entity.account_name,
            "azure_storage_account_key": str(secrets.get("account_key", "")),
            "azure_storage_sas_key": str(secrets.get("sas_token", "")).lstrip("?"),
            "azure_storage_client_id": str(secrets.get("client_id", "")),
            "azure_storage_client_secret": str(secrets.get("client_secret", "")),
            "azure_storage_tenant_id": str(secrets.get("tenant_id", "")),
            "azure_storage_endpoint": endpoint or "",
            "azure_skip_signature": "" if secrets.keys() & {"account_key", "sas_token", "client_secret"} else "true",
        }
        return f"az://{entity.container_name}", _set(options)
    raise Unsupported(
        f"Datastore {entity.name!r} is of type {entity.type!r}, which is kept but cannot be read from here. "
        "Types that can: azure_blob, s3, gcs, local."
    )


def _set(options: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if value}
