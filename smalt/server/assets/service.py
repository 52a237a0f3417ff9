"""Versioned assets: immutable content under a name and a version, with labels, archiving and auto-versioning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from smalt.entities.base import Asset, AssetContainer
from smalt.entities.kinds import entity_class
from smalt.errors import Conflict, InvalidRequest, NotFound, PreconditionFailed
from smalt.kit import ids
from smalt.server.assets import blob_store, store
from smalt.server.assets.events import AssetRegistered
from smalt.server.assets.records import (
    KINDS,
    SINGULAR,
    AssetVersion,
    ContainerRecord,
    Owner,
    Stamp,
    check_home,
    document_of,
)
from smalt.server.http import Page
from smalt.server.work import Work
from smalt.wire.references import parse_asset

MUTABLE = frozenset(
    {"description", "tags", "properties", "stage", "is_archived", "is_anonymous", "flavors", "provisioning_state",
     "display_name", "job_name", "referenced_uris", "auto_delete_setting", "inference_config", "own_name"}
)  # fmt: skip
"""Fields of a version that may change; everything else is its content and may not."""

Prepare = Callable[[Work, Owner, str, Asset], Asset]
"""Looks at a version before it is stored and completes it; raises when its content does not hold what it says."""

FindRegistry = Callable[[Work, str], Owner | None]
Curated = Callable[[str, str, str], Asset | None]
"""The built-in asset of a scope, kind and name, e.g. a curated environment."""

_FEW = 100


@dataclass(frozen=True)
class _Publisher:
    """A registry that is not here, as the owner of what is built in."""

    name: str
    id: str = ""

    @property
    def scope(self) -> str:
        """What ids of its assets begin with."""
        return f"azureml://registries/{self.name}"


class AssetService:
    """The verbs of versioned assets. An owner is a workspace or a registry.

    Attributes:
        prepare: Completes a version before it is stored.
        find_registry: Finds the registry of a reference.
        curated: Finds built-in assets.
    """

    def __init__(self) -> None:
        self.prepare: Prepare = lambda work, owner, kind, entity: entity
        self.find_registry: FindRegistry = lambda work, name: None
        self.curated: Curated = lambda scope, kind, name: None

    def register(
        self, work: Work, workspace: Owner, kind: str, name: str | None, version: str | None, entity: Asset
    ) -> AssetVersion:
        """Register a version; without a name an anonymous one, without a version the next."""
        return self.put(work, workspace, kind, name or ids.guid(), version, entity)[0]

    def put(
        self,
        work: Work,
        owner: Owner,
        kind: str,
        name: str,
        version: str | None,
        entity: Asset,
        *,
        if_match: str | None = None,
    ) -> tuple[AssetVersion, bool]:
        """Create a version, or change the changeable fields of one; also tells whether it is new.

        Raises:
            Conflict: The version exists with other content.
            PreconditionFailed: `if_match` names another state.
        """
        found = store.held_version(work, owner.id, kind, name, version) if version is not None else None
        if found is not None:
            return self._change(work, owner, _version(owner, found), entity, if_match), False
        if if_match not in (None, "*"):
            raise PreconditionFailed(
                f"If-Match is {if_match}, but {kind} {name!r} has no version {version!r}. Leave it out."
            )
        row = store.lock_container(work, owner.id, kind, name, _fresh_container(work, entity))
        number = row["next_number"]
        chosen = version if version is not None else str(number)
        if version is not None:
            found = store.held_version(work, owner.id, kind, name, version)
            if found is not None:  # another writer was first
                return self._change(work, owner, _version(owner, found), entity, if_match), False
        entity = entity.model_copy(update={"name": name, "version": chosen})
        entity = self.prepare(work, owner, kind, entity)
        document = document_of(entity)
        # `work.now` was read before the container was held: of two writers the later must still be the newer.
        moment = max(work.now, row["modified_at"] + timedelta(microseconds=1))
        store.add_version(
            work,
            {
                "owner": owner.id,
                "kind": kind,
                "name": name,
                "version": chosen,
                "document": document,
                "code_hash": _hash(document),
                "job_name": document.get("job_name"),
                "is_archived": bool(document.get("is_archived", False)),
                **_made(work, moment),
            },
        )
        numeric = int(chosen) + 1 if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else number
        changed: dict[str, Any] = {"next_number": max(number, numeric), **_touched(work, row["revision"], moment)}
        if not entity.is_anonymous:
            changed["is_anonymous"] = False
        if "type" in document and "type" not in row["document"]:  # it was made without versions, as MLflow does
            changed["document"] = {**row["document"], "type": document["type"]}
        store.change_container(work, owner.id, kind, name, changed)
        work.publish(AssetRegistered(owner.id, kind, name, chosen))
        return self.get(work, owner, kind, name, chosen), True

    def _change(
        self, work: Work, owner: Owner, found: AssetVersion, entity: Asset, if_match: str | None
    ) -> AssetVersion:
        if if_match is not None and if_match != "*" and found.etag not in [tag.strip() for tag in if_match.split(",")]:
            raise PreconditionFailed(
                f"If-Match is {if_match}, but {found.kind} {found.name!r} version {found.version!r} "
                f"is at {found.etag}. Read it again and repeat the change."
            )
        named = entity.model_copy(update={"name": found.name, "version": found.version})
        before, after = document_of(found.entity), document_of(named)
        differing = sorted(
            key for key in before.keys() | after.keys() if key not in MUTABLE and before.get(key) != after.get(key)
        )
        if differing and not self._same_content(work, owner, found, named, differing):
            raise Conflict(
                f"{SINGULAR[found.kind].capitalize()} {found.name!r} version {found.version!r} exists with other "
                f"content ({', '.join(differing)}). A version never changes its content; register a new version.",
                target=differing[0],
            )
        kept = {**before, **{key: value for key, value in after.items() if key in MUTABLE}}
        kept |= {
            key: before[key]
            for key in ("flavors", "job_name", "referenced_uris")
            if not after.get(key) and key in before
        }
        if kept != before:
            values = {"document": kept, "is_archived": bool(kept.get("is_archived", False))}
            values |= _touched(work, found.stamp.revision, work.now)
            store.change_version(work, owner.id, found.kind, found.name, found.version, values)
        return self.get(work, owner, found.kind, found.name, found.version)

    def _same_content(
        self, work: Work, owner: Owner, found: AssetVersion, entity: Asset, differing: Sequence[str]
    ) -> bool:
        """Whether the difference is only in what preparing fills in, e.g. a job output that was pinned to a path."""
        if differing != ["path"]:
            return False
        prepared = document_of(self.prepare(work, owner, found.kind, entity))
        return prepared.get("path") == document_of(found.entity).get("path")

    def get(self, work: Work, owner: Owner, kind: str, name: str, version: str) -> AssetVersion:
        """One version.

        Raises:
            NotFound: There is none; the message names the newest.
        """
        row = store.version(work, owner.id, kind, name, version)
        built_in = self._built_in(work, owner, kind, name, version) if row is None else None
        if built_in is not None:
            return built_in
        if row is None:
            newest = store.latest(work, owner.id, kind, name)
            known = f"Latest is {newest['version']}" if newest is not None else "There is no version of this name"
            raise NotFound(
                f"No {SINGULAR[kind]} {name!r} version {version!r} in {owner.name!r}. "
                f"{known}; see `smalt {SINGULAR[kind]} list`."
            )
        return _version(owner, row)

    def exists(self, work: Work, owner: Owner, kind: str, name: str, version: str) -> bool:
        """Whether there is such a version."""
        return store.version(work, owner.id, kind, name, version) is not None

    def labelled(self, work: Work, owner: Owner, kind: str, name: str, label: str) -> AssetVersion:
        """The version behind a label; every asset has `latest`.

        Raises:
            NotFound: No version of this name, or no such label.
        """
        container = store.container(work, owner.id, kind, name)
        row: RowMapping | None = None
        if container is not None:
            wanted = container["labels"].get(label)
            if wanted is not None:
                row = store.version(work, owner.id, kind, name, wanted)
            elif label.lower() == "latest":
                row = store.latest(work, owner.id, kind, name)
        built_in = self._built_in(work, owner, kind, name, "1") if row is None and label.lower() == "latest" else None
        if built_in is not None:
            return built_in
        if row is None:
            labels = ", ".join(sorted({"latest", *(container["labels"] if container is not None else ())}))
            missing = f"Its labels: {labels}" if container is not None else "There is no version of this name"
            raise NotFound(
                f"No {SINGULAR[kind]} {name!r} with label {label!r} in {owner.name!r}. {missing}; "
                f"see `smalt {SINGULAR[kind]} list`."
            )
        return _version(owner, row)

    def resolve(self, work: Work, workspace: Owner, kind: str, reference: str) -> AssetVersion:
        """The version that a reference of any form means.

        Raises:
            NotFound: Nothing of that name, version or label.
        """
        if kind not in KINDS:
            raise InvalidRequest(f"{reference[:200]!r} names no asset. Assets are {', '.join(KINDS)}.", target="path")
        wanted = parse_asset(reference, kind)
        check_home(workspace, wanted.workspace, reference)
        owner: Owner | None = workspace
        if wanted.registry is not None:
            owner = self.find_registry(work, wanted.registry)
        if owner is None:
            built_in = self._built_in(work, _Publisher(str(wanted.registry)), kind, wanted.name, wanted.version or "1")
            if built_in is not None:
                return built_in
        if owner is None:
            raise NotFound(f"No registry {wanted.registry!r} ({reference!r}). See `smalt registry list`.")
        if wanted.version is not None:
            return self.get(work, owner, kind, wanted.name, wanted.version)
        return self.labelled(work, owner, kind, wanted.name, wanted.label or "latest")

    def _built_in(self, work: Work, owner: Owner, kind: str, name: str, version: str) -> AssetVersion | None:
        """A built-in asset, in a room that has none of its own of this name."""
        entity = self.curated(owner.scope, kind, name)
        if entity is None or store.container(work, owner.id, kind, name) is not None:
            return None
        return AssetVersion(
            id=f"{owner.scope}/{kind}/{name}/versions/{version}",
            kind=kind,
            name=name,
            version=version,
            workspace_id=owner.id,
            entity=entity.model_copy(update={"name": name, "version": version}),
            is_archived=False,
            stamp=Stamp(1, work.now, "smalt", work.now, "smalt"),
        )

    def container(self, work: Work, owner: Owner, kind: str, name: str) -> ContainerRecord:
        """All versions of one asset together.

        Raises:
            NotFound: There is no version of this name.
        """
        row = store.container(work, owner.id, kind, name)
        built_in = self._built_in(work, owner, kind, name, "1") if row is None else None
        if built_in is not None:
            entity = AssetContainer.parse({"name": name, "latest_version": "1", "next_version": "2"})
            return ContainerRecord(kind, name, entity, {}, 2, False, False, built_in.stamp)
        if row is None:
            raise NotFound(f"No {SINGULAR[kind]} {name!r} in {owner.name!r}. See `smalt {SINGULAR[kind]} list`.")
        newest = store.latest(work, owner.id, kind, name)
        return _container(row, newest["version"] if newest is not None else None)

    def put_container(
        self,
        work: Work,
        owner: Owner,
        kind: str,
        name: str,
        entity: AssetContainer,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> tuple[ContainerRecord, bool]:
        """Create a container without versions, or change its description, tags, archiving and labels."""
        is_new = store.container(work, owner.id, kind, name) is None
        row = store.lock_container(work, owner.id, kind, name, _fresh_container(work, entity))
        values: dict[str, Any] = {"document": _container_document(entity), "is_archived": entity.is_archived}
        moment = max(work.now, row["modified_at"])
        values |= {"is_anonymous": False, **_touched(work, row["revision"], moment)}
        if labels is not None:
            values["labels"] = dict(labels)
        store.change_container(work, owner.id, kind, name, values)
        return self.container(work, owner, kind, name), is_new

    def containers(
        self, work: Work, owner: Owner, kind: str, *, archived: bool | None, after: str | None, limit: int
    ) -> Page[ContainerRecord]:
        """Containers by name."""
        rows = store.list_containers(work, owner.id, kind, archived=archived, after=after, limit=limit + 1)
        newest = store.latest_versions(work, owner.id, kind, [row["name"] for row in rows])
        shown = [_container(row, newest.get(row["name"])) for row in rows[:limit]]
        return Page(shown, rows[limit - 1]["name"] if len(rows) > limit else None)

    def versions(
        self,
        work: Work,
        owner: Owner,
        kind: str,
        name: str | None,
        *,
        archived: bool | None = False,
        newest_first: bool = True,
        after: tuple[datetime, str, str] | None = None,
        limit: int = 100,
        matches: Callable[[AssetVersion], bool] = lambda version: True,
    ) -> Page[AssetVersion]:
        """Versions in the order they were made, the newest first."""
        built_in = self._built_in(work, owner, kind, name, "1") if name is not None and after is None else None
        if built_in is not None:
            return Page([built_in])
        shown: list[AssetVersion] = []
        while True:
            rows = store.list_versions(
                work,
                owner.id,
                kind,
                name,
                archived=archived,
                newest_first=newest_first,
                after=after,
                limit=limit + 1,
            )
            for index, row in enumerate(rows[:limit]):
                after = (row["created_at"], row["name"], row["version"])
                found = _version(owner, row)
                if matches(found):
                    shown.append(found)
                    if len(shown) == limit:
                        return Page(shown, after if index + 1 < len(rows) else None)
            if len(rows) <= limit:
                return Page(shown)

    def made_since(
        self, work: Work, owner: Owner, kind: str, name: str | None, since: datetime
    ) -> Iterator[AssetVersion]:
        """Versions of one asset, or of all of a kind, that were made since a moment, in the order they were made."""
        position: tuple[datetime, str, str] = (since, "", "")
        while rows := store.list_versions(
            work, owner.id, kind, name, archived=False, newest_first=False, after=position, limit=_FEW
        ):
            yield from (_version(owner, row) for row in rows)
            last = rows[-1]
            position = (last["created_at"], last["name"], last["version"])

    def by_hash(self, work: Work, owner: Owner, kind: str, code_hash: str) -> list[AssetVersion]:
        """Versions with this content, whatever their name."""
        if not code_hash.isalnum():
            return []
        return [_version(owner, row) for row in store.by_hash(work, owner.id, kind, code_hash)]

    def made_by(self, work: Work, owner: Owner, job_name: str) -> list[AssetVersion]:
        """Versions that a job has made, in order."""
        return [_version(owner, row) for row in store.by_job(work, owner.id, job_name)]

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every asset of a workspace, and what is known of its blobs."""
        store.delete_all(work, workspace_id)
        blob_store.forget_workspace(work.connection, workspace_id)

    def delete_version(self, work: Work, owner: Owner, kind: str, name: str, version: str) -> bool:
        """Whether there was one. Its bytes stay: other versions may share them."""
        return store.delete_version(work, owner.id, kind, name, version)

    def delete_container(self, work: Work, owner: Owner, kind: str, name: str) -> bool:
        """Whether there was one."""
        return store.delete_container(work, owner.id, kind, name)


def _hash(document: Mapping[str, Any]) -> str | None:
    found = document.get("properties", {}).get("hash_sha256")
    return str(found)[:80] if found else None


def _made(work: Work, moment: datetime) -> dict[str, Any]:
    by = work.actor.name[:255]
    return {"revision": 1, "created_at": moment, "created_by": by, "modified_at": moment, "modified_by": by}


def _touched(work: Work, revision: int, moment: datetime) -> dict[str, Any]:
    return {"revision": revision + 1, "modified_at": moment, "modified_by": work.actor.name[:255]}


def _container_document(entity: AssetContainer) -> dict[str, Any]:
    left_out = {"latest_version", "next_version", "is_archived", "name"}
    return {key: value for key, value in document_of(entity).items() if key not in left_out}


def _fresh_container(work: Work, entity: Asset | AssetContainer) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if isinstance(entity, AssetContainer):
        document = _container_document(entity)
    elif entity.document().get("type") is not None:
        document = {"type": entity.document()["type"]}
    anonymous = isinstance(entity, Asset) and entity.is_anonymous
    return {
        "document": document,
        "labels": {},
        "next_number": 1,
        "is_archived": False,
        "is_anonymous": anonymous,
        **_made(work, work.now),
    }


def _stamp(row: RowMapping) -> Stamp:
    return Stamp(row["revision"], row["created_at"], row["created_by"], row["modified_at"], row["modified_by"])


def _container(row: RowMapping, latest: str | None) -> ContainerRecord:
    entity = AssetContainer.parse(
        {
            **row["document"],
            "name": row["name"],
            "is_archived": row["is_archived"],
            "latest_version": latest,
            "next_version": str(row["next_number"]),
        }
    )
    return ContainerRecord(
        kind=row["kind"],
        name=row["name"],
        entity=entity,
        labels=row["labels"],
        next_number=row["next_number"],
        is_archived=row["is_archived"],
        is_anonymous=row["is_anonymous"],
        stamp=_stamp(row),
    )


def _version(owner: Owner, row: RowMapping) -> AssetVersion:
    kind, name, version = row["kind"], row["name"], row["version"]
    return AssetVersion(
        id=f"{owner.scope}/{kind}/{name}/versions/{version}",
        kind=kind,
        name=name,
        version=version,
        workspace_id=owner.id,
        entity=entity_class(SINGULAR[kind]).parse(row["document"]),
        is_archived=row["is_archived"],
        stamp=_stamp(row),
    )


def filters(tags: Sequence[str], properties: Sequence[str]) -> Callable[[AssetVersion], bool]:
    """A test for `key` and `key=value` conditions on tags and properties, as lists take them."""
    wanted_tags, wanted_properties = list(_conditions(tags)), list(_conditions(properties))

    def matches(found: AssetVersion) -> bool:
        pairs = ((wanted_tags, found.entity.tags), (wanted_properties, found.entity.properties))
        return all(
            key in held and (value is None or held[key] == value) for wanted, held in pairs for key, value in wanted
        )

    return matches


def _conditions(texts: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    for text in texts:
        for part in text.split(","):
            if part.strip():
                key, found, value = part.strip().partition("=")
                yield key, value if found else None
