"""The verbs of online endpoints: their traffic, and the keys and tokens of their callers."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from smalt.entities.endpoint.base import endpoint_name
from smalt.entities.endpoint.online import AuthMode, OnlineEndpoint
from smalt.errors import InvalidRequest, ValidationFailed
from smalt.kit import ids
from smalt.server.compute import ComputeService
from smalt.server.http import Page
from smalt.server.identity import IdentityService
from smalt.server.serving import operations, store
from smalt.server.serving.errors import EndpointNotFound, NothingToRollBack, OperationInProgress
from smalt.server.serving.events import RoutingChanged, ServingChanged
from smalt.server.serving.states import DeploymentState
from smalt.server.serving.store import DeploymentRecord, EndpointRecord
from smalt.server.vault import Vault
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_BESIDE = frozenset(
    {
        "name", "id", "creation_context", "traffic", "mirror_traffic", "provisioning_state", "scoring_uri",
        "openapi_uri", "location", "kind",
    }
)  # fmt: skip
"""Fields that are kept beside the document, or are not the sender's to write."""

PRIMARY, SECONDARY = "primary", "secondary"


@dataclass(frozen=True, slots=True)
class EndpointToken:
    """A token that opens one endpoint."""

    text: str
    expires_at: datetime
    refresh_after: datetime


class EndpointService:
    """Keeps online endpoints.

    Args:
        vault: Seals the keys of callers.
        identity: Signs tokens of callers.
        computes: Knows the computes that endpoints of Kubernetes name.
    """

    def __init__(self, vault: Vault, identity: IdentityService, computes: ComputeService) -> None:
        self._vault = vault
        self._identity = identity
        self._computes = computes

    def get(self, work: Work, workspace: WorkspaceRecord, name: str, *, lock: bool = False) -> EndpointRecord:
        """An endpoint.

        Raises:
            EndpointNotFound: There is none of this name.
        """
        record = store.find_endpoint(work.connection, workspace.id, name, lock=lock)
        if record is None:
            raise EndpointNotFound(
                f"No online endpoint {name!r} in workspace {workspace.name!r}. See `smalt online-endpoint list`.",
                target="name",
            )
        return record

    def exists(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Whether an endpoint has this name."""
        return store.find_endpoint(work.connection, workspace.id, name) is not None

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None, limit: int) -> Page[EndpointRecord]:
        """Endpoints by name."""
        found = store.page_of_endpoints(work.connection, workspace.id, after=after, limit=limit + 1)
        return Page(found[:limit], found[limit - 1].name if len(found) > limit else None)

    def put(
        self, work: Work, workspace: WorkspaceRecord, name: str, entity: OnlineEndpoint
    ) -> tuple[EndpointRecord, bool]:
        """Create an endpoint, or write one anew; also whether it is new.

        Raises:
            ValidationFailed: Traffic is sent to a deployment that is not there or has never come up.
            OperationInProgress: It is being deleted.
        """
        _check_name(name)
        if entity.compute is not None:
            self._computes.require(work, workspace, entity.compute)
        old = store.find_endpoint(work.connection, workspace.id, name, lock=True)
        if old is not None and old.deleting:
            raise OperationInProgress(f"The endpoint {old.name!r} is being deleted. Wait until it is gone.")
        document = {key: value for key, value in entity.document().items() if key not in _BESIDE}
        traffic = {key: share for key, share in entity.traffic.items() if share}
        mirror = {key: share for key, share in entity.mirror_traffic.items() if share}
        deployments = [] if old is None else store.deployments_of(work.connection, old.id)
        traffic, mirror = _checked(traffic, mirror, deployments)
        if old is None:
            record = self._new(work, workspace, name, document)
            store.add_endpoint(work.connection, record)
        else:
            record = store.change_endpoint(
                work.connection,
                old,
                document=document,
                modified_at=work.now,
                modified_by=work.actor.name,
                revision=old.revision + 1,
            )
        record = self._route(work, record, traffic, mirror)
        work.publish(ServingChanged(workspace.id))
        return record, old is None

    def done_at_once(self, work: Work, workspace: WorkspaceRecord) -> str:
        """An operation that has ended, for callers who wait for every change as for long ones."""
        operation = operations.begin(work, workspace.id)
        operations.end(work, workspace.id, operation)
        return operation

    def roll_back(self, work: Work, workspace: WorkspaceRecord, name: str) -> EndpointRecord:
        """Give the traffic the state that it had before its last change; a second call takes that back.

        Raises:
            NothingToRollBack: There is no earlier state, or it names what is gone.
        """
        record = self.get(work, workspace, name, lock=True)
        before = record.traffic_before
        if before is None:
            raise NothingToRollBack(
                f"The traffic of {record.name!r} was never changed, so there is nothing to go back to."
            )
        deployments = store.deployments_of(work.connection, record.id)
        try:
            traffic, mirror = _checked(dict(before["traffic"]), dict(before["mirror_traffic"]), deployments)
        except ValidationFailed as error:
            raise NothingToRollBack(f"The traffic of {record.name!r} cannot go back. {error.message}") from None
        changed = self._route(work, record, traffic, mirror, watched=False)
        work.publish(ServingChanged(record.workspace_id))
        return changed

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> str | None:
        """Have an endpoint and its deployments ended; the operation to wait for, or None when there was none."""
        record = store.find_endpoint(work.connection, workspace.id, name, lock=True)
        if record is None:
            return None
        return self.end(work, record)

    def end(self, work: Work, record: EndpointRecord) -> str:
        """Have an endpoint ended; the operation to wait for."""
        operation = operations.begin(work, record.workspace_id)
        store.change_endpoint(
            work.connection, record, deleting=True, traffic={}, mirror_traffic={}, watched=False,
            document={**record.document, "deletion": operation},
        )  # fmt: skip
        for each in store.deployments_of(work.connection, record.id):
            store.change_deployment(work.connection, each, state=DeploymentState.DELETING, due_at=work.now)
        ended = store.endpoint_by_id(work.connection, record.id)
        if ended is not None:
            remove_if_empty(work, ended)
        work.publish(ServingChanged(record.workspace_id))
        return operation

    def keys(self, record: EndpointRecord) -> dict[str, str]:
        """The keys of callers: `primary` and `secondary`.

        Raises:
            InvalidRequest: Callers of this endpoint come with tokens.
        """
        if record.entity().auth_mode is not AuthMode.KEY:
            raise InvalidRequest(
                f"The endpoint {record.name!r} takes tokens ({record.entity().auth_mode.value}), not keys. Get one "
                f"with: smalt online-endpoint get-credentials -n {record.name}"
            )
        return self._open(record)

    def regenerate(
        self, work: Work, workspace: WorkspaceRecord, name: str, which: str, value: str | None = None
    ) -> EndpointRecord:
        """Put a new key in the place of one of the two.

        Raises:
            InvalidRequest: There is no such key, or the endpoint takes tokens.
        """
        record = self.get(work, workspace, name, lock=True)
        keys = self.keys(record)
        if which.lower() not in keys:
            raise InvalidRequest(f"keyType {which[:40]!r} is unknown. Send Primary or Secondary.", target="keyType")
        # The official client sends the present key along, and wants another one all the same.
        keys[which.lower()] = value if value is not None and value not in keys.values() else _new_key()
        work.tell(key=which.lower())
        changed = store.change_endpoint(
            work.connection, record, sealed=self._seal(record, keys), key_hashes=_hashes(keys),
            modified_at=work.now, modified_by=work.actor.name, revision=record.revision + 1,
        )  # fmt: skip
        work.publish(ServingChanged(record.workspace_id))
        return changed

    def token(self, work: Work, workspace: WorkspaceRecord, record: EndpointRecord) -> EndpointToken:
        """A token that opens this endpoint and nothing else.

        Raises:
            InvalidRequest: Callers of this endpoint come with keys, or with tokens of their own.
        """
        if record.entity().auth_mode is not AuthMode.AML_TOKEN:
            raise InvalidRequest(
                f"The endpoint {record.name!r} is of auth_mode {record.entity().auth_mode.value}; tokens are made "
                "for those of aml_token only."
            )
        made = self._identity.issue_endpoint_token(work, work.actor, audience=audience_of(workspace, record))
        return EndpointToken(made.text, made.expires_at, made.issued_at + (made.expires_at - made.issued_at) / 2)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every endpoint of a workspace that is gone for good."""
        store.remove_all(work.connection, workspace_id)

    def _route(
        self,
        work: Work,
        record: EndpointRecord,
        traffic: Mapping[str, int],
        mirror: Mapping[str, int],
        *,
        watched: bool = True,
    ) -> EndpointRecord:
        """Write the traffic down, what it was before, and tell the audit trail of both."""
        if traffic == record.traffic and mirror == record.mirror_traffic:
            return record
        before = {"traffic": dict(record.traffic), "mirror_traffic": dict(record.mirror_traffic)}
        after = {"traffic": dict(traffic), "mirror_traffic": dict(mirror)}
        work.tell(before=before, after=after)
        return store.change_endpoint(
            work.connection,
            record,
            traffic=after["traffic"],
            mirror_traffic=after["mirror_traffic"],
            traffic_before=before if record.traffic or record.mirror_traffic else record.traffic_before,
            traffic_at=work.now,
            watched=watched and record.entity().rollout is not None and bool(record.traffic),
        )

    def _new(
        self, work: Work, workspace: WorkspaceRecord, name: str, document: Mapping[str, Any]
    ) -> EndpointRecord:  # Any: the entity as plain values
        keys = {PRIMARY: _new_key(), SECONDARY: _new_key()}
        record = EndpointRecord(
            id=ids.opaque(),
            workspace_id=workspace.id,
            name=name,
            key=name.lower(),
            document=document,
            traffic={},
            mirror_traffic={},
            traffic_before=None,
            traffic_at=work.now,
            watched=False,
            sealed="",
            key_hashes=_hashes(keys),
            deleting=False,
            created_at=work.now,
            created_by=work.actor.name,
            created_by_type=work.actor.kind.value,
            modified_at=work.now,
            modified_by=work.actor.name,
            revision=1,
        )
        return replace(record, sealed=self._seal(record, keys))

    def _seal(self, record: EndpointRecord, keys: Mapping[str, str]) -> str:
        return self._vault.seal(msgspec.json.encode(keys).decode(), context=_context(record))

    def _open(self, record: EndpointRecord) -> dict[str, str]:
        keys: dict[str, str] = msgspec.json.decode(self._vault.open(record.sealed, context=_context(record)))
        return keys


def remove_if_empty(work: Work, endpoint: EndpointRecord) -> bool:
    """Remove an endpoint that is being deleted, once it has no deployment."""
    if store.deployments_of(work.connection, endpoint.id):
        return False
    store.remove_endpoint(work.connection, endpoint)
    operations.end(work, endpoint.workspace_id, str(endpoint.document.get("deletion") or "") or None)
    work.publish(RoutingChanged(endpoint.workspace_id))
    return True


def reseal_keys(work: Work, vault: Vault, fresh: Vault) -> int:
    """Seal the keys of every endpoint with another vault; how many endpoints there were."""
    found = store.all_endpoints(work.connection)
    for record in found:
        whole = vault.open(record.sealed, context=_context(record))
        store.change_endpoint(work.connection, record, sealed=fresh.seal(whole, context=_context(record)))
    return len(found)


def audience_of(workspace: WorkspaceRecord, record: EndpointRecord) -> str:
    """For whom the tokens of an endpoint are made."""
    return f"{workspace.scope}/onlineEndpoints/{record.name}"


def _checked(
    traffic: dict[str, int], mirror: dict[str, int], deployments: list[DeploymentRecord]
) -> tuple[dict[str, int], dict[str, int]]:
    """Traffic under the names that the deployments have.

    Raises:
        ValidationFailed: It goes to one that is not there, or that has never come up.
    """
    there = {each.key: each for each in deployments if each.state is not DeploymentState.DELETING}
    for field, shares in (("traffic", traffic), ("mirror_traffic", mirror)):
        for name in shares:
            found = there.get(name.lower())
            if found is None:
                known = ", ".join(each.name for each in there.values()) or "none"
                raise ValidationFailed(f"{field} names {name!r}, and the endpoint has: {known}.", target=field)
            if found.live is None and not found.state.is_settled:
                continue  # It is on its way; until then its requests are told to come back.
            if found.live is None:
                raise ValidationFailed(
                    f"The deployment {found.name!r} has failed, so it can have no {field}. Mend it first.", target=field
                )
    both = traffic.keys() & mirror.keys()
    if both:
        raise ValidationFailed(
            f"{min(both)!r} gets traffic already, so nothing can be mirrored to it. Mirror to another deployment.",
            target="mirror_traffic",
        )
    return (
        {there[name.lower()].name: share for name, share in traffic.items()},
        {there[name.lower()].name: share for name, share in mirror.items()},
    )


def _hashes(keys: Mapping[str, str]) -> list[str]:
    return [hashlib.sha256(key.encode()).hexdigest() for key in keys.values()]


def _new_key() -> str:
    return secrets.token_urlsafe(48)


def _context(record: EndpointRecord) -> str:
    return f"online-endpoint/{record.workspace_id}/{record.key}"


def _check_name(name: str) -> None:
    try:
        endpoint_name(name, field="endpoint name")
    except ValueError as error:
        raise InvalidRequest(str(error), target="name") from None
