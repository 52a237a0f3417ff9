"""The verbs of online deployments."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from smalt.entities.compute.ray import RayCompute
from smalt.entities.endpoint.base import endpoint_name
from smalt.entities.endpoint.online import OnlineDeployment
from smalt.errors import InvalidRequest
from smalt.kit import ids
from smalt.server.assets import AssetService
from smalt.server.compute import ComputeService
from smalt.server.serving import operations, scale, store
from smalt.server.serving.collections import registered
from smalt.server.serving.errors import DeploymentHasTraffic, DeploymentNotFound, OperationInProgress
from smalt.server.serving.events import ServingChanged
from smalt.server.serving.pinning import DeploymentPinner, PinnedDeployment
from smalt.server.serving.states import DeploymentState
from smalt.server.serving.store import DeploymentRecord, EndpointRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_BESIDE = frozenset({"name", "id", "creation_context", "provisioning_state", "location", "endpoint_name"})
_IN_PLACE = frozenset(
    {
        "description", "tags", "properties", "instance_count", "scale_settings", "request_settings", "instance_type",
        "liveness_probe", "readiness_probe", "startup_probe", "app_insights_enabled", "sku", "resources",
        "egress_public_network_access", "private_network_connection",
    }
)  # fmt: skip
"""What may change without new instances."""

_TOLD_TO_INSTANCES = ("max_concurrent_requests_per_instance", "request_timeout_ms")


class DeploymentService:
    """Keeps online deployments.

    Args:
        pinner: Looks up what they name.
        computes: Knows the computes that endpoints name.
        assets: Has what is collected.
    """

    def __init__(self, pinner: DeploymentPinner, computes: ComputeService, assets: AssetService) -> None:
        self._pinner = pinner
        self._computes = computes
        self._assets = assets

    def get(self, work: Work, endpoint: EndpointRecord, name: str, *, lock: bool = False) -> DeploymentRecord:
        """A deployment.

        Raises:
            DeploymentNotFound: There is none of this name.
        """
        record = store.find_deployment(work.connection, endpoint.id, name, lock=lock)
        if record is None:
            raise DeploymentNotFound(
                f"The endpoint {endpoint.name!r} has no deployment {name!r}. "
                f"See `smalt online-deployment list -e {endpoint.name}`.",
                target="name",
            )
        return record

    def list(self, work: Work, endpoint: EndpointRecord) -> list[DeploymentRecord]:
        """The deployments of an endpoint, by name."""
        return store.deployments_of(work.connection, endpoint.id)

    def put(
        self, work: Work, workspace: WorkspaceRecord, endpoint: EndpointRecord, name: str, entity: OnlineDeployment
    ) -> tuple[DeploymentRecord, bool]:
        """Create a deployment, or write one anew; also whether it is new. Instances follow by themselves.

        Raises:
            OperationInProgress: The endpoint is being deleted, or the deployment is.
            ValidationFailed: Something that it names is wrong.
        """
        _check_name(name)
        if endpoint.deleting:
            raise OperationInProgress(f"The endpoint {endpoint.name!r} is being deleted. Wait until it is gone.")
        old = store.find_deployment(work.connection, endpoint.id, name, lock=True)
        if old is not None and old.state is DeploymentState.DELETING:
            raise OperationInProgress(f"The deployment {old.name!r} is being deleted. Wait until it is gone.")
        pinned = self._pinner.pin(work, workspace, name, entity)
        entity = registered(self._assets, work, workspace, entity, endpoint=endpoint.name, deployment=name)
        whole = type(entity).parse({**entity.document(), **pinned.references})
        document = {key: value for key, value in whole.document().items() if key not in _BESIDE}
        made_of = {**pinned.document, **self._placed(work, workspace, endpoint, pinned)}
        if old is None:
            record = self._new(work, endpoint, name, document, made_of, entity)
            store.add_deployment(work.connection, record)
        else:
            record = self._changed(work, old, document, made_of, entity)
        work.publish(ServingChanged(workspace.id))
        return record, old is None

    def delete(self, work: Work, endpoint: EndpointRecord, name: str) -> str | None:
        """Have a deployment ended; the operation to wait for, or None when there was none.

        Raises:
            DeploymentHasTraffic: Requests still go to it.
        """
        record = store.find_deployment(work.connection, endpoint.id, name, lock=True)
        if record is None:
            return None
        if endpoint.traffic.get(record.name) or endpoint.mirror_traffic.get(record.name):
            raise DeploymentHasTraffic(
                f"The deployment {record.name!r} gets traffic of {endpoint.name!r}. Take it away first: "
                f'smalt online-endpoint update -n {endpoint.name} --traffic "{record.name}=0"'
            )
        operations.end(work, record.workspace_id, record.operation, error="The deployment is being deleted.")
        operation = operations.begin(work, record.workspace_id)
        store.change_deployment(
            work.connection, record, state=DeploymentState.DELETING, operation=operation, due_at=work.now
        )
        work.publish(ServingChanged(record.workspace_id))
        return operation

    def on_compute(self, work: Work, workspace: WorkspaceRecord, compute: str) -> str | None:
        """What stands in the way of a compute's end: deployments there."""
        found = store.placed_on(work.connection, workspace.id, f"{workspace.scope}/computes/{compute}")
        if not found:
            return None
        endpoint, name = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return (
            f"The deployment {name!r} of the endpoint {endpoint!r}{more} stands on the compute {compute!r}. Delete it "
            f"first: smalt online-deployment delete -n {name} -e {endpoint}."
        )

    def _placed(
        self, work: Work, workspace: WorkspaceRecord, endpoint: EndpointRecord, pinned: PinnedDeployment
    ) -> dict[str, str]:
        """The cluster that its instances are to run on, if the endpoint names one."""
        compute = self._computes.require(work, workspace, endpoint.entity().compute)
        found = None if compute is None else self._computes.find(work, workspace, compute.rsplit("/", 1)[-1])
        if compute is None or found is None or not isinstance(found.entity, RayCompute):
            return {}
        if pinned.document["recipe"]["image"] is not None:
            raise InvalidRequest(
                f"Images are run on this machine only, and the endpoint names the cluster {found.name!r}. Give the "
                "deployment an environment of packages, or make an endpoint without a compute for it.",
                target="environment",
            )
        return {"compute": compute}

    def _new(
        self,
        work: Work,
        endpoint: EndpointRecord,
        name: str,
        document: dict[str, Any],
        pinned: dict[str, Any],
        entity: OnlineDeployment,
    ) -> DeploymentRecord:  # Any: JSON
        return DeploymentRecord(
            id=ids.opaque(),
            workspace_id=endpoint.workspace_id,
            endpoint_id=endpoint.id,
            name=name,
            key=name.lower(),
            document=document,
            pinned=pinned,
            generation=1,
            live=None,
            wanted=scale.first_count(entity),
            state=DeploymentState.CREATING,
            error=None,
            operation=operations.begin(work, endpoint.workspace_id),
            created_at=work.now,
            created_by=work.actor.name,
            created_by_type=work.actor.kind.value,
            modified_at=work.now,
            modified_by=work.actor.name,
            revision=1,
            due_at=work.now,
        )

    def _changed(
        self,
        work: Work,
        old: DeploymentRecord,
        document: dict[str, Any],
        pinned: dict[str, Any],
        entity: OnlineDeployment,
    ) -> DeploymentRecord:  # Any: JSON
        """New instances only where what they are made of has changed, or has failed."""
        is_same = _made_of(document) == _made_of(old.document) and pinned == old.pinned
        keeps = is_same and old.state is not DeploymentState.FAILED
        operations.end(work, old.workspace_id, old.operation, error="The deployment was changed once more.")
        live = dict(old.live) if old.live is not None else None
        if live is not None and keeps and live["generation"] == old.generation:
            live["document"] = document
        return store.change_deployment(
            work.connection,
            old,
            document=document,
            pinned=pinned,
            generation=old.generation if keeps else old.generation + 1,
            live=live,
            wanted=scale.next_count(entity, present=old.wanted),
            state=DeploymentState.UPDATING if old.live is not None else DeploymentState.CREATING,
            error=None,
            failures=0,
            operation=operations.begin(work, old.workspace_id),
            modified_at=work.now,
            modified_by=work.actor.name,
            revision=old.revision + 1,
            due_at=work.now,
        )


def as_live(record: DeploymentRecord) -> dict[str, Any]:  # Any: JSON
    """What has come up, as it is kept."""
    return asdict(record.content)


def _made_of(document: Any) -> dict[str, Any]:  # Any: the entity as plain values
    concurrency = (document.get("request_settings") or {}).get("max_concurrent_requests_per_instance")
    kept = {key: value for key, value in document.items() if key not in _IN_PLACE}
    return {
        **kept,
        "concurrency": concurrency,
        "timeout": (document.get("request_settings") or {}).get("request_timeout_ms"),
    }


def _check_name(name: str) -> None:
    try:
        endpoint_name(name, field="deployment name")
    except ValueError as error:
        raise InvalidRequest(str(error), target="name") from None
