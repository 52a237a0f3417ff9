"""Makes, changes, finds and removes workspaces and their resource groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import RowMapping

from smalt.entities.base import CreationContext
from smalt.entities.workspace import Workspace
from smalt.errors import Conflict, InvalidRequest, NotFound, PreconditionFailed
from smalt.kit import clock, ids
from smalt.server.events import Event
from smalt.server.http import Call, Page
from smalt.server.identity import ShortMemory
from smalt.server.work import NOBODY, Work, Works
from smalt.server.workspaces import store
from smalt.server.workspaces.record import GroupRecord, WorkspaceRecord
from smalt.wire.references import WorkspaceName

DEFAULT_LOCATION = "local"
_PROVIDER = "/providers/Microsoft.MachineLearningServices/workspaces/"
_GROUP_NAME = re.compile(r"[\w.()-]{0,89}[\w()-]", re.ASCII)
_SUBSCRIPTION = re.compile(r"[\w-]{1,64}", re.ASCII)
# What only the server says; a client that sends it back changes nothing.
_COMPUTED = frozenset(
    "id name resource_group location workspace_id discovery_url mlflow_tracking_uri provisioning_state tenant_id "
    "creation_context".split()
)


@dataclass(frozen=True, slots=True)
class WorkspaceDeleted(Event):
    """A workspace is gone; with `is_purged` for good, so that what belongs to it can be removed."""

    is_purged: bool


class WorkspaceService:
    """The workspaces of this installation.

    Args:
        works: Opens the look into the database for the gate.

    Attributes:
        on_created: Called inside the transaction that makes a workspace, e.g. to make its datastores.
        on_deleted: Called inside the transaction that deletes one, e.g. to stop what runs in it.
        on_purged: Called inside the transaction that decides that one never comes back.
    """

    def __init__(self, works: Works) -> None:
        self.on_created: list[Callable[[Work, WorkspaceRecord], None]] = []
        self.on_deleted: list[Callable[[Work, WorkspaceRecord], None]] = []
        self.on_purged: list[Callable[[Work, WorkspaceRecord], None]] = []
        self._works = works
        self._known: ShortMemory[tuple[str, ...], WorkspaceRecord] = ShortMemory()

    def of(self, call: Call) -> WorkspaceRecord:
        """The workspace that a call names.

        Raises:
            NotFound: There is none.
        """
        return self._known.get(_parameters(call.params)) or self.resolve(call.work, call.params)

    def resolve(self, work: Work, params: Mapping[str, str]) -> WorkspaceRecord:
        """The workspace that path parameters name, by group and name, by name alone, or by id.

        Raises:
            NotFound: There is none.
            InvalidRequest: The name alone means several.
        """
        key = _parameters(params)
        known = self._known.get(key)
        if known is not None:
            return known
        ticket = self._known.ticket()
        found = self._look_up(work, key)
        self._known.put(key, found, ticket=ticket)
        return found

    def named(self, work: Work, reference: WorkspaceName) -> WorkspaceRecord:
        """The workspace that a reference names: by group and name, by name alone, or by id.

        Raises:
            NotFound: There is none.
            InvalidRequest: The name alone means several.
        """
        whole = reference.resource_group is not None and reference.subscription is not None
        scope = {"subscription": reference.subscription or "", "group": reference.resource_group or ""}
        return self.resolve(work, {"workspace": reference.name, **(scope if whole else {})})

    def find_scope(self, params: Mapping[str, str]) -> str | None:
        """The ARM id of the workspace that path parameters name, or None."""
        known = self._known.get(_parameters(params))
        if known is not None:
            return known.scope
        try:
            with self._works.read(NOBODY) as work:
                return self.resolve(work, params).scope
        except (NotFound, InvalidRequest):
            return None

    def get(self, work: Work, subscription: str, group: str, name: str) -> WorkspaceRecord:
        """The workspace of this name.

        Raises:
            NotFound: There is none.
        """
        row = _clean(subscription, group, name) and store.by_key(work.connection, _key(subscription, group, name))
        if not row:
            raise NotFound(
                f"There is no workspace {name[:64]!r} in resource group {group[:96]!r} of subscription "
                f"{subscription[:64]!r}. List them with `smalt workspace list`."
            )
        return _record(row)

    def by_id(self, work: Work, workspace_id: str) -> WorkspaceRecord:
        """The workspace with this guid.

        Raises:
            NotFound: There is none.
        """
        row = _clean(workspace_id) and store.by_id(work.connection, workspace_id.lower())
        if not row:
            raise NotFound(f"There is no workspace with the id {workspace_id[:64]!r}. See `smalt workspace list`.")
        return _record(row)

    def even_deleted(self, work: Work, workspace_id: str) -> WorkspaceRecord:
        """The workspace with this guid, for those who finish what was begun in it.

        Raises:
            NotFound: There is none any more.
        """
        row = store.by_id(work.connection, workspace_id, with_deleted=True)
        if row is None:
            raise NotFound(f"There is no workspace with the id {workspace_id[:64]!r} any more. Make it again.")
        return _record(row)

    def list(self, work: Work, prefix: Sequence[str], *, after: str | None, limit: int) -> Page[WorkspaceRecord]:
        """Workspaces of a subscription or of one of its groups."""
        beginning = "/".join(part.lower() for part in prefix) + "/" if prefix else ""
        rows = store.list_workspaces(work.connection, beginning, after=after, limit=limit + 1)
        return Page([_record(row) for row in rows[:limit]], rows[limit - 1]["key"] if len(rows) > limit else None)

    def put(
        self, work: Work, subscription: str, group: str, entity: Workspace, *, if_match: str | None = None
    ) -> tuple[WorkspaceRecord, bool]:
        """Make a workspace, bring back a deleted one, or replace what is said about it; and whether it is new.

        Raises:
            NotFound: The resource group does not exist.
            PreconditionFailed: The workspace has changed since it was read.
        """
        name = entity.name
        if name is None:
            raise InvalidRequest("The workspace has no name. Give it one.", target="name")
        home = self.group(work, subscription, group)
        row = store.by_key(work.connection, _key(subscription, group, name), with_deleted=True)
        is_new = row is None or row["deleted_at"] is not None
        if if_match is not None and (row is None or is_new or not _matches(if_match, _record(row))):
            raise _changed(name)
        if row is None:
            self._add(work, home, name, entity)
        else:
            store.change_workspace(work.connection, row["id"], _changes(work, entity) | {"deleted_at": None})
        work.after_commit(self._known.forget_all)
        record = self.get(work, subscription, group, name)
        if is_new:
            for listener in self.on_created:
                listener(work, record)
        return record, is_new

    def delete(self, work: Work, record: WorkspaceRecord, *, purge: bool = False) -> None:
        """Remove a workspace; unless purged it comes back, with everything in it, when it is made again."""
        store.change_workspace(work.connection, record.id, {"deleted_at": work.now})
        work.after_commit(self._known.forget_all)
        for listener in self.on_deleted:
            listener(work, record)
        if purge:
            self.purge(work, record)
        else:
            work.publish(WorkspaceDeleted(record.id, is_purged=False))

    def purge(self, work: Work, record: WorkspaceRecord) -> None:
        """Decide that a deleted workspace never comes back. Its name is free at once; the loop removes what it held."""
        store.change_workspace(work.connection, record.id, {"key": f"{store.PURGED}{record.id}"})
        store.remove_deployments(work.connection, record.scope)
        for listener in self.on_purged:
            listener(work, record)
        work.publish(WorkspaceDeleted(record.id, is_purged=True))

    def deleted(self, work: Work, subscription: str, group: str, name: str) -> WorkspaceRecord | None:
        """The deleted workspace of this name that can still come back, if there is one."""
        key = _key(subscription, group, name) if _clean(subscription, group, name) else ""
        row = store.by_key(work.connection, key, with_deleted=True)
        return _record(row) if row is not None and row["deleted_at"] is not None else None

    def ensure_default(
        self, work: Work, *, subscription: str, group: str = "smalt", name: str = "default"
    ) -> WorkspaceRecord:
        """The workspace of a new installation; made, with its group, when it is missing."""
        self.put_group(work, subscription, group, location=DEFAULT_LOCATION, tags=None)
        row = store.by_key(work.connection, _key(subscription, group, name))
        if row is not None:
            return _record(row)
        return self.put(work, subscription, group, Workspace(name=name, display_name="Default workspace"))[0]

    def group(self, work: Work, subscription: str, name: str) -> GroupRecord:
        """The resource group of this name.

        Raises:
            NotFound: There is none.
        """
        row = _clean(subscription, name) and store.group(work.connection, _key(subscription, name))
        if not row:
            raise NotFound(
                f"Resource group {name[:96]!r} could not be found in subscription {subscription[:64]!r}. "
                "Make it with `az group create`, or PUT it.",
                code="ResourceGroupNotFound",
            )
        return _group(row)

    def groups(self, work: Work) -> Sequence[GroupRecord]:
        """Every resource group."""
        return [_group(row) for row in store.list_groups(work.connection)]

    def put_group(
        self, work: Work, subscription: str, name: str, *, location: str, tags: Mapping[str, Any] | None
    ) -> tuple[GroupRecord, bool]:
        """Make a resource group or change its tags; tags of None stay as they are."""
        if not _SUBSCRIPTION.fullmatch(subscription) or not _GROUP_NAME.fullmatch(name):
            raise InvalidRequest(
                f"The resource group {name[:96]!r} of subscription {subscription[:64]!r} has no usable name. "
                "Use up to 90 letters, digits, '-', '_', '.', '(' and ')'.",
                target="name",
            )
        key = _key(subscription, name)
        present = store.group(work.connection, key)
        row = {
            "key": key,
            "subscription": subscription,
            "name": name,
            "location": location[:64],
            "tags": dict(tags) if tags is not None else dict(present["tags"]) if present else {},
            "created_at": work.now,
        }
        store.put_group(work.connection, row)
        return self.group(work, subscription, name), present is None

    def delete_group(self, work: Work, group: GroupRecord) -> None:
        """Remove an empty resource group.

        Raises:
            Conflict: It holds workspaces.
        """
        if self.list(work, (group.subscription, group.name), after=None, limit=1).items:
            raise Conflict(f"Resource group {group.name!r} still holds workspaces. Delete them first.")
        store.delete_group(work.connection, _key(group.subscription, group.name))

    def _look_up(self, work: Work, key: tuple[str, ...]) -> WorkspaceRecord:
        if len(key) == 3:
            return self.get(work, *key)
        reference = key[0]
        row = store.by_id(work.connection, reference) if _clean(reference) else None
        if row is not None:
            return _record(row)
        rows = store.by_name(work.connection, reference) if _clean(reference) else []
        if len(rows) > 1:
            raise InvalidRequest(
                f"Several workspaces are called {reference!r}. Name it by its id instead.", target="workspace"
            )
        if not rows:
            raise NotFound(f"There is no workspace {reference[:64]!r}. List them with `smalt workspace list`.")
        return _record(rows[0])

    def _add(self, work: Work, group: GroupRecord, name: str, entity: Workspace) -> None:
        actor = work.actor
        row = {
            "id": ids.guid(),
            "key": _key(group.subscription, group.name, name),
            "name_key": name.lower(),
            "subscription": group.subscription,
            "group_name": group.name,
            "name": name,
            "location": (entity.location or group.location)[:64],
            "revision": 1,
            "created_at": work.now,
            "created_by": actor.name[:256],
            "created_by_type": actor.kind.value,
            **_changes(work, entity),
        }
        store.add_workspace(work.connection, row)


def check_match(if_match: str | None, record: WorkspaceRecord) -> None:
    """Return when a change may go on.

    Raises:
        PreconditionFailed: The workspace has changed since it was read.
    """
    if if_match is not None and not _matches(if_match, record):
        raise _changed(record.name)


def _matches(if_match: str, record: WorkspaceRecord) -> bool:
    return if_match.strip() in {"*", record.etag}


def _changed(name: str) -> PreconditionFailed:
    return PreconditionFailed(f"The workspace {name!r} is not as If-Match says. Read it again and repeat the change.")


def _changes(work: Work, entity: Workspace) -> dict[str, Any]:
    document = {key: value for key, value in entity.document().items() if key not in _COMPUTED}
    return {
        "document": document,
        "modified_at": work.now,
        "modified_by": work.actor.name[:256],
        "modified_by_type": work.actor.kind.value,
    }


def _record(row: RowMapping) -> WorkspaceRecord:
    scope = f"/subscriptions/{row['subscription']}/resourceGroups/{row['group_name']}{_PROVIDER}{row['name']}"
    entity = Workspace.parse(
        {
            **row["document"],
            "name": row["name"],
            "id": scope,
            "location": row["location"],
            "resource_group": row["group_name"],
            "workspace_id": row["id"],
            "provisioning_state": "Succeeded",
        }
    )
    entity.creation_context = CreationContext(
        created_at=clock.to_text(row["created_at"]),
        created_by=row["created_by"],
        created_by_type=row["created_by_type"],
        last_modified_at=clock.to_text(row["modified_at"]),
        last_modified_by=row["modified_by"],
        last_modified_by_type=row["modified_by_type"],
    )
    return WorkspaceRecord(
        id=row["id"],
        name=row["name"],
        group=row["group_name"],
        subscription=row["subscription"],
        location=row["location"],
        scope=scope,
        entity=entity,
        revision=row["revision"],
    )


def _group(row: RowMapping) -> GroupRecord:
    return GroupRecord(row["subscription"], row["name"], row["location"], cast("Mapping[str, Any]", row["tags"]))


def _parameters(params: Mapping[str, str]) -> tuple[str, ...]:
    if "subscription" in params and "group" in params and "workspace" in params:
        return params["subscription"].lower(), params["group"].lower(), params["workspace"].lower()
    return ((params.get("workspace_id") or params.get("workspace") or "").lower(),)


def _key(*parts: str) -> str:
    return "/".join(part.lower() for part in parts)


def _clean(*parts: str) -> bool:
    """Whether no part could pose as two, or upset a database."""
    return not any("/" in part or "\x00" in part for part in parts)
