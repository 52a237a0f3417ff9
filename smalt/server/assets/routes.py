"""Versioned assets over ARM: containers, versions, labels and upload slots, for workspaces and for registries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from smalt.entities.base import Asset, AssetContainer
from smalt.entities.flow_component import told
from smalt.errors import InvalidRequest
from smalt.kit import ids
from smalt.server.assets.containers import Containers
from smalt.server.assets.records import KINDS, AssetVersion, ContainerRecord, Owner, Stamp
from smalt.server.assets.service import AssetService, filters
from smalt.server.assets.signing import Signer
from smalt.server.http import Answer, Call, Instant, Page, Route, Routes, created, empty, ok
from smalt.server.work import Work
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import resource

_PROVIDER = "Microsoft.MachineLearningServices"
_UPLOAD_LIFETIME = timedelta(hours=12)
_VIEWS: dict[str, bool | None] = {"activeonly": False, "archivedonly": True, "all": None}


_NOTED = "smalt.pickle"
"""Properties that begin so are the server's to write."""

Notes = Callable[[Work, Sequence[AssetVersion]], Mapping[str, Mapping[str, str]]]


def archived_view(call: Call) -> bool | None:
    """What `listViewType` asks for: False for active, True for archived, None for all.

    Raises:
        InvalidRequest: It is none of the three words.
    """
    asked = call.query.get("listviewtype") or "ActiveOnly"
    if asked.lower() not in _VIEWS:
        raise InvalidRequest(
            f"listViewType {asked[:40]!r} is unknown. Ask for ActiveOnly, ArchivedOnly or All.", target="listViewType"
        )
    return _VIEWS[asked.lower()]


class AssetPages:
    """The handlers of one root: the workspaces or the registries.

    Args:
        service: The verbs.
        owner_of: Finds the workspace or registry of a call.
        containers: Where uploads go.
        signer: Signs upload slots.
        root: `workspaces` or `registries`.
        notes: What others have to say of versions, as properties by their ids; nobody can write those.
    """

    def __init__(
        self,
        service: AssetService,
        owner_of: Callable[[Call], Owner],
        containers: Containers,
        signer: Signer,
        *,
        root: str,
        notes: Notes = lambda work, found: {},
    ) -> None:
        self._service = service
        self._owner_of = owner_of
        self._containers = containers
        self._signer = signer
        self._root = root
        self._notes = notes
        self._pages = {kind: _KindPages(self, kind) for kind in KINDS}

    def routes(self, prefix: str) -> list[Route]:
        """Routes of every kind below a prefix."""
        table = Routes(prefix=prefix)
        for kind, pages in self._pages.items():
            # The role for users of registries speaks of assets of all kinds.
            stem = f"{self._root}/{kind}/versions" if self._root == "workspaces" else f"{self._root}/assets"
            read, write, remove = f"{stem}/read", f"{stem}/write", f"{stem}/delete"
            one, many = f"/{kind}/{{name}}/versions/{{version}}", f"/{kind}/{{name}}/versions"
            table.add("GET", f"/{kind}", pages.list_containers, action=read, query=("listViewType", "$top", "$skip"))
            table.add("GET", f"/{kind}/{{name}}", pages.show_container, action=read)
            table.add("PUT", f"/{kind}/{{name}}", pages.put_container, action=write, body=codec("containers").schema)
            table.add("DELETE", f"/{kind}/{{name}}", pages.delete_container, action=remove)
            table.add("GET", many, pages.list_versions, action=read, query=_VERSION_QUERY)
            table.add("GET", one, pages.show, action=read)
            table.add("PUT", one, pages.put, action=write, body=codec(kind).schema)
            table.add("DELETE", one, pages.delete, action=remove)
            table.add("GET", f"/{kind}/{{name}}/labels/{{label}}", pages.show_label, action=read)
            table.add("POST", f"{one}/startPendingUpload", pages.start_upload, action=write)
        return table.all

    def upload_slot(self, call: Call, kind: str | None) -> dict[str, Any]:
        """A container of its own for one upload, with a signed URL that opens it for a while.

        Asked for again before the version is registered it is the same, so that an upload goes on where it stopped;
        afterwards it is another, for the content of a version never changes.
        """
        owner = self._owner_of(call)
        name, version = call.params["name"], call.params["version"]
        is_open = kind is not None and not self._service.exists(call.work, owner, kind, name, version)
        container = _slot(f"{kind}/{name}/{version}" if is_open else ids.opaque())
        self._containers.ensure(owner.id, container)
        expires = call.work.now + _UPLOAD_LIFETIME
        signed = self._signer.sign(owner.id, container, "", permissions="rcwl", expires_at=expires)
        uri = f"{call.base_url}/blob/{owner.id}/{container}"
        return {
            "blobReferenceForConsumption": {
                "blobUri": uri,
                "storageAccountArmId": f"{owner.scope}/storage",
                "credential": {"credentialType": "SAS", "sasUri": f"{uri}?{signed}"},
            },
            "pendingUploadId": container,
            "pendingUploadType": "TemporaryBlobReference",
        }


class _Position(NamedTuple):
    """Where a page of versions ends."""

    created_at: Instant
    name: str
    version: str


class _KindPages:
    """The handlers of one kind."""

    def __init__(self, pages: AssetPages, kind: str) -> None:
        self._pages = pages
        self._service = pages._service
        self._owner_of = pages._owner_of
        self._kind = kind
        self._codec = codec(kind)

    def list_containers(self, call: Call) -> Answer:
        """List assets."""
        owner = self._owner_of(call)
        limit = call.number("$top", default=call.number("count", default=100, low=1, high=1000), low=1, high=1000)
        page = self._service.containers(
            call.work, owner, self._kind, archived=archived_view(call), after=call.position(str), limit=limit
        )
        return ok(call.listing(Page([self._container(owner, found) for found in page.items], page.after)))

    def show_container(self, call: Call) -> Answer:
        """Show an asset: its newest version and the next free one."""
        owner = self._owner_of(call)
        return ok(self._container(owner, self._service.container(call.work, owner, self._kind, call.params["name"])))

    def put_container(self, call: Call) -> Answer:
        """Create an asset without versions, or change its description, tags and archiving."""
        owner = self._owner_of(call)
        entity = codec("containers").from_arm(call.json_object(), name=call.params["name"])
        assert isinstance(entity, AssetContainer)
        found, is_new = self._service.put_container(call.work, owner, self._kind, call.params["name"], entity)
        return created(self._container(owner, found), is_new=is_new)

    def delete_container(self, call: Call) -> Answer:
        """Delete an asset with all its versions."""
        there = self._service.delete_container(call.work, self._owner_of(call), self._kind, call.params["name"])
        return empty(200 if there else 204)

    def list_versions(self, call: Call) -> Answer:
        """List versions, the newest first."""
        owner = self._owner_of(call)
        name = call.params["name"]
        wanted = call.query.get("hash")
        if wanted is not None:
            found = self._service.by_hash(call.work, owner, self._kind, wanted)
            return ok(call.listing(Page(self._versions(call, found))))
        order = (call.query.get("$orderby") or call.query.get("orderby") or "createdtime desc").lower()
        number = call.query.get("version")
        conditions = filters([*call.query_all("tags"), *call.query_all("$tags")], call.query_all("properties"))
        page = self._service.versions(
            call.work,
            owner,
            self._kind,
            name,
            archived=archived_view(call),
            newest_first=not order.endswith("asc"),
            after=call.position(_Position),
            limit=call.number("$top", default=100, low=1, high=1000),
            matches=lambda item: conditions(item) and number in (None, item.version),
        )
        return ok(call.listing(Page(self._versions(call, page.items), page.after)))

    def show(self, call: Call) -> Answer:
        """Show a version."""
        name, version = call.params["name"], call.params["version"]
        return self._answer(call, self._service.get(call.work, self._owner_of(call), self._kind, name, version))

    def show_label(self, call: Call) -> Answer:
        """Show the version behind a label."""
        name, label = call.params["name"], call.params["label"]
        return self._answer(call, self._service.labelled(call.work, self._owner_of(call), self._kind, name, label))

    def put(self, call: Call) -> Answer:
        """Create a version, or change what may change of one."""
        owner = self._owner_of(call)
        entity = self._codec.from_arm(call.json_object(), name=call.params["name"], version=call.params["version"])
        assert isinstance(entity, Asset)
        entity.properties = {key: value for key, value in entity.properties.items() if not key.startswith(_NOTED)}
        found, is_new = self._service.put(
            call.work,
            owner,
            self._kind,
            call.params["name"],
            call.params["version"],
            entity,
            if_match=call.header("if-match"),
        )
        return created(self._versions(call, [found])[0], is_new=is_new, headers={"ETag": found.etag})

    def delete(self, call: Call) -> Answer:
        """Delete a version."""
        there = self._service.delete_version(
            call.work, self._owner_of(call), self._kind, call.params["name"], call.params["version"]
        )
        return empty(200 if there else 204)

    def start_upload(self, call: Call) -> Answer:
        """Open a slot to upload the files of a version to."""
        return ok(self._pages.upload_slot(call, self._kind))

    def _answer(self, call: Call, found: AssetVersion) -> Answer:
        return Answer(200, self._versions(call, [found])[0], {"ETag": found.etag})

    def _versions(self, call: Call, found: Sequence[AssetVersion]) -> list[dict[str, Any]]:  # Any: JSON
        notes = self._pages._notes(call.work, found)
        return [self._version(each, notes.get(each.id, {})) for each in found]

    def _version(self, found: AssetVersion, noted: Mapping[str, str]) -> dict[str, Any]:  # Any: JSON
        body = self._codec.to_arm(found.entity)
        properties = {"tags": {}, "properties": {}, "isArchived": False, "isAnonymous": False, **body["properties"]}
        properties["properties"] = {**properties["properties"], **noted}
        if self._kind == "components":
            properties["componentSpec"] = told(properties["componentSpec"])
        if self._kind == "models":
            properties["flavors"] = properties.get("flavors") or {}
        properties["provisioningState"] = "Succeeded"
        return resource(
            id=found.id,
            name=found.version,
            type=f"{_PROVIDER}/{self._pages._root}/{self._kind}/versions",
            properties=properties,
            etag=found.etag,
            **_system(found.stamp),
        )

    def _container(self, owner: Owner, found: ContainerRecord) -> dict[str, Any]:
        body = codec("containers").to_arm(found.entity)
        properties = {"tags": {}, "properties": {}, **body["properties"], "provisioningState": "Succeeded"}
        if self._kind == "data":
            properties.setdefault("dataType", "uri_folder")
        return resource(
            id=f"{owner.scope}/{self._kind}/{found.name}",
            name=found.name,
            type=f"{_PROVIDER}/{self._pages._root}/{self._kind}",
            properties=properties,
            **_system(found.stamp),
        )


_VERSION_QUERY = ("$orderBy", "$top", "$skip", "listViewType", "tags", "properties", "version", "hash", "hashVersion")


def _system(stamp: Stamp) -> dict[str, Any]:
    return {
        "created_at": stamp.created_at,
        "created_by": stamp.created_by,
        "modified_at": stamp.modified_at,
        "modified_by": stamp.modified_by,
    }


def _slot(what: str) -> str:
    """A container name for an upload: container names allow fewer characters than asset names."""
    return "upload-" + hashlib.sha256(what.encode()).hexdigest()[:32]
