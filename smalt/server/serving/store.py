"""Every query of online endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, delete, insert, or_, select, update

from smalt.entities.endpoint.online import OnlineDeployment, OnlineEndpoint
from smalt.entities.kinds import entity_class
from smalt.server.serving.states import DeploymentState, InstanceState, OperationStatus
from smalt.server.serving.tables import online_deployments as deployments
from smalt.server.serving.tables import online_endpoints as endpoints
from smalt.server.serving.tables import online_instances as instances
from smalt.server.serving.tables import serving_operations as operations


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """An online endpoint as stored."""

    id: str
    workspace_id: str
    name: str
    key: str
    document: Mapping[str, Any]  # Any: the entity as plain values
    traffic: Mapping[str, int]
    mirror_traffic: Mapping[str, int]
    traffic_before: Mapping[str, Mapping[str, int]] | None
    traffic_at: datetime
    watched: bool
    sealed: str
    key_hashes: Sequence[str]
    deleting: bool
    created_at: datetime
    created_by: str
    created_by_type: str
    modified_at: datetime
    modified_by: str
    revision: int

    def entity(self) -> OnlineEndpoint:
        """The whole endpoint."""
        whole = {
            **self.document,
            "name": self.name,
            "traffic": dict(self.traffic),
            "mirror_traffic": dict(self.mirror_traffic),
            "provisioning_state": "Deleting" if self.deleting else "Succeeded",
        }
        return OnlineEndpoint.parse(whole)


@dataclass(frozen=True, slots=True)
class Content:
    """What instances of one generation are made of.

    Args:
        generation: Counts the contents of a deployment.
        document: The deployment.
        pinned: What its references came to.
    """

    generation: int
    document: Mapping[str, Any]  # Any: the entity as plain values
    pinned: Mapping[str, Any]  # Any: JSON

    def entity(self) -> OnlineDeployment:
        """The deployment."""
        found = entity_class("online_deployment", self.document.get("type")).parse(self.document)
        assert isinstance(found, OnlineDeployment)
        return found


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """An online deployment as stored."""

    id: str
    workspace_id: str
    endpoint_id: str
    name: str
    key: str
    document: Mapping[str, Any]  # Any: the entity as plain values
    pinned: Mapping[str, Any]  # Any: JSON
    generation: int
    live: Mapping[str, Any] | None  # Any: JSON
    wanted: int
    state: DeploymentState
    error: str | None
    operation: str | None
    created_at: datetime
    created_by: str
    created_by_type: str
    modified_at: datetime
    modified_by: str
    revision: int
    environment_key: str | None = None
    worker: str | None = None
    failures: int = 0
    due_at: datetime | None = None
    lease: str | None = None
    lease_until: datetime | None = None

    @property
    def content(self) -> Content:
        """What its instances are to have."""
        return Content(self.generation, self.document, self.pinned)

    @property
    def proven(self) -> Content | None:
        """What has come up last; it answers while something newer is tried."""
        return None if self.live is None else Content(**self.live)

    def entity(self) -> OnlineDeployment:
        """The whole deployment."""
        whole = {**self.document, "name": self.name, "provisioning_state": self.state.value}
        found = entity_class("online_deployment", whole.get("type")).parse(whole)
        assert isinstance(found, OnlineDeployment)
        return found


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """An instance that was started."""

    id: str
    workspace_id: str
    deployment_id: str
    generation: int
    workload: str
    state: InstanceState
    workers: Sequence[Mapping[str, Any]]  # Any: JSON
    started_at: datetime
    ready_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OperationRecord:
    """Something that a client waits for."""

    id: str
    workspace_id: str
    status: OperationStatus
    error: str | None
    started_at: datetime
    ended_at: datetime | None = None


def find_endpoint(connection: Connection, workspace_id: str, name: str, *, lock: bool = False) -> EndpointRecord | None:
    """An endpoint by its name in any case."""
    query = select(endpoints).where(endpoints.c.workspace_id == workspace_id, endpoints.c.key == name.lower())
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else EndpointRecord(**row._mapping)


def endpoint_by_id(connection: Connection, endpoint_id: str, *, lock: bool = False) -> EndpointRecord | None:
    """An endpoint by its id."""
    query = select(endpoints).where(endpoints.c.id == endpoint_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else EndpointRecord(**row._mapping)


def page_of_endpoints(
    connection: Connection, workspace_id: str, *, after: str | None, limit: int
) -> list[EndpointRecord]:
    """Endpoints in the order of their names."""
    query = select(endpoints).where(endpoints.c.workspace_id == workspace_id).order_by(endpoints.c.key).limit(limit)
    if after is not None:
        query = query.where(endpoints.c.key > after.lower())
    return [EndpointRecord(**row._mapping) for row in connection.execute(query)]


def all_endpoints(connection: Connection) -> list[EndpointRecord]:
    """Every endpoint of every workspace, by id."""
    query = select(endpoints).order_by(endpoints.c.id)
    return [EndpointRecord(**row._mapping) for row in connection.execute(query)]


_ANY_ENDPOINT = select(endpoints.c.id).limit(1)


def has_endpoints(connection: Connection) -> bool:
    """Whether there is any endpoint."""
    return connection.execute(_ANY_ENDPOINT).first() is not None


def add_endpoint(connection: Connection, record: EndpointRecord) -> None:
    """Insert an endpoint."""
    connection.execute(insert(endpoints).values(asdict(record)))


def change_endpoint(connection: Connection, record: EndpointRecord, **values: Any) -> EndpointRecord:  # Any: columns
    """Set columns of an endpoint; the endpoint as it is then."""
    connection.execute(update(endpoints).where(endpoints.c.id == record.id).values(**values))
    return replace(record, **values)


def remove_endpoint(connection: Connection, record: EndpointRecord) -> None:
    """Delete an endpoint."""
    connection.execute(delete(endpoints).where(endpoints.c.id == record.id))


def find_deployment(
    connection: Connection, endpoint_id: str, name: str, *, lock: bool = False
) -> DeploymentRecord | None:
    """A deployment by its name in any case."""
    query = select(deployments).where(deployments.c.endpoint_id == endpoint_id, deployments.c.key == name.lower())
    return _deployment(connection, query.with_for_update() if lock else query)


def deployments_of(connection: Connection, endpoint_id: str) -> list[DeploymentRecord]:
    """The deployments of an endpoint, by name."""
    query = select(deployments).where(deployments.c.endpoint_id == endpoint_id).order_by(deployments.c.key)
    return [_deployment_record(row) for row in connection.execute(query)]


def all_deployments(connection: Connection) -> list[DeploymentRecord]:
    """Every deployment of every workspace."""
    return [_deployment_record(row) for row in connection.execute(select(deployments).order_by(deployments.c.id))]


def placed_on(connection: Connection, workspace_id: str, compute_id: str) -> list[tuple[str, str]]:
    """Endpoint and name of each deployment whose instances stand, or are to stand, on a compute."""
    wanted, live = deployments.c.pinned["compute"], deployments.c.live["pinned"]["compute"]
    query = (
        select(endpoints.c.name, deployments.c.name)
        .join(endpoints, endpoints.c.id == deployments.c.endpoint_id)
        .where(deployments.c.workspace_id == workspace_id)
        .where((wanted.as_string() == compute_id) | (live.as_string() == compute_id))
        .order_by(endpoints.c.key, deployments.c.key)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


class ServedModel(NamedTuple):
    """A model, the deployment that serves it, and where it is."""

    endpoint: str
    deployment: str
    id: str
    uri: str


def models_served(connection: Connection, workspace_id: str) -> list[ServedModel]:
    """The model of each deployment of a workspace that has one."""
    model = deployments.c.pinned["model"]
    facts = (model["id"].as_string(), model["uri"].as_string())
    joined = select(endpoints.c.name, deployments.c.name, *facts).join(
        endpoints, endpoints.c.id == deployments.c.endpoint_id
    )
    query = joined.where(deployments.c.workspace_id == workspace_id, facts[0].is_not(None))
    return [ServedModel(*row) for row in connection.execute(query.order_by(endpoints.c.key, deployments.c.key))]


def add_deployment(connection: Connection, record: DeploymentRecord) -> None:
    """Insert a deployment."""
    connection.execute(insert(deployments).values(asdict(record)))


def change_deployment(
    connection: Connection, record: DeploymentRecord, **values: Any
) -> DeploymentRecord:  # Any: values of columns
    """Set columns of a deployment; the deployment as it is then."""
    connection.execute(update(deployments).where(deployments.c.id == record.id).values(**values))
    return replace(record, **values)


def remove_deployment(connection: Connection, record: DeploymentRecord) -> None:
    """Delete a deployment."""
    connection.execute(delete(deployments).where(deployments.c.id == record.id))


def release(connection: Connection, *, worker: str, now: datetime) -> None:
    """Give back what an earlier life of this worker held."""
    values = {"lease": None, "lease_until": None, "due_at": now}
    connection.execute(update(deployments).where(deployments.c.worker == worker).values(**values))


def due(connection: Connection, *, worker: str, now: datetime) -> list[str]:
    """Ids of the deployments whose turn it is."""
    query = select(deployments.c.id).where(_is_due(worker, now)).order_by(deployments.c.due_at)
    return list(connection.execute(query).scalars())


def claim(
    connection: Connection, deployment_id: str, *, worker: str, lease: str, now: datetime, until: datetime
) -> DeploymentRecord | None:
    """Take one deployment by a lease; None when another worker was first."""
    ours = deployments.c.id == deployment_id, _is_due(worker, now)
    taken = connection.execute(update(deployments).where(*ours).values(lease=lease, lease_until=until, worker=worker))
    if taken.rowcount == 0:
        return None
    return _deployment(connection, select(deployments).where(deployments.c.id == deployment_id))


def held(connection: Connection, deployment_id: str, *, lease: str) -> DeploymentRecord | None:
    """A deployment that is leased, locked for this transaction; None when the lease was lost."""
    query = select(deployments).where(deployments.c.id == deployment_id, deployments.c.lease == lease)
    return _deployment(connection, query.with_for_update())


def call(connection: Connection, *deployment_ids: str, now: datetime) -> None:
    """Have deployments looked at in the next turn."""
    connection.execute(update(deployments).where(deployments.c.id.in_(deployment_ids)).values(due_at=now))


def environments_in_use(connection: Connection) -> set[str]:
    """Keys of the environments that deployments run in."""
    query = select(deployments.c.environment_key).where(deployments.c.environment_key.is_not(None))
    return {str(key) for key in connection.execute(query).scalars()}


def names_and_tags(connection: Connection, workspace_id: str) -> list[tuple[str, Mapping[str, str]]]:
    """Every endpoint of a workspace that is not being deleted, with its tags."""
    query = select(endpoints.c.name, endpoints.c.document["tags"])
    query = query.where(endpoints.c.workspace_id == workspace_id, endpoints.c.deleting.is_(False))
    return [(row[0], row[1] or {}) for row in connection.execute(query.order_by(endpoints.c.name))]


def instances_of(connection: Connection, deployment_id: str) -> list[InstanceRecord]:
    """The instances of a deployment, the oldest first."""
    query = select(instances).where(instances.c.deployment_id == deployment_id)
    return _instances(connection, query)


def all_instances(connection: Connection) -> list[InstanceRecord]:
    """Every instance."""
    return _instances(connection, select(instances))


def add_instance(connection: Connection, record: InstanceRecord) -> None:
    """Insert an instance."""
    connection.execute(insert(instances).values(asdict(record)))


def change_instance(
    connection: Connection, record: InstanceRecord, **values: Any
) -> InstanceRecord:  # Any: values of columns
    """Set columns of an instance; the instance as it is then."""
    connection.execute(update(instances).where(instances.c.id == record.id).values(**values))
    return replace(record, **values)


def remove_instance(connection: Connection, record: InstanceRecord) -> None:
    """Delete an instance."""
    connection.execute(delete(instances).where(instances.c.id == record.id))


def add_operation(connection: Connection, record: OperationRecord) -> None:
    """Insert an operation."""
    connection.execute(insert(operations).values(asdict(record)))


def find_operation(connection: Connection, operation_id: str) -> OperationRecord | None:
    """An operation."""
    row = connection.execute(select(operations).where(operations.c.id == operation_id)).one_or_none()
    if row is None:
        return None
    return OperationRecord(**{**row._mapping, "status": OperationStatus(row.status)})


def end_operation(
    connection: Connection, operation_id: str, *, status: OperationStatus, error: str | None, now: datetime
) -> None:
    """Say how an operation has ended."""
    values = {"status": status.value, "error": error, "ended_at": now}
    ours = operations.c.id == operation_id, operations.c.ended_at.is_(None)
    connection.execute(update(operations).where(*ours).values(**values))


def forget_operations(connection: Connection, *, before: datetime) -> None:
    """Delete operations that ended long ago."""
    connection.execute(delete(operations).where(operations.c.ended_at < before))


def remove_all(connection: Connection, workspace_id: str) -> None:
    """Delete what is left of a workspace."""
    for table in (instances, deployments, endpoints, operations):
        connection.execute(delete(table).where(table.c.workspace_id == workspace_id))


def _is_due(worker: str, now: datetime) -> Any:  # Any: a condition
    return and_(
        deployments.c.due_at <= now,
        or_(deployments.c.worker.is_(None), deployments.c.worker == worker),
        or_(deployments.c.lease_until.is_(None), deployments.c.lease_until < now),
    )


def _deployment(connection: Connection, query: Select[Any]) -> DeploymentRecord | None:  # Any: the columns selected
    row = connection.execute(query).one_or_none()
    return None if row is None else _deployment_record(row)


def _deployment_record(row: Row[Any]) -> DeploymentRecord:  # Any: the columns of the table
    return DeploymentRecord(**{**row._mapping, "state": DeploymentState(row.state)})


def _instances(connection: Connection, query: Select[Any]) -> list[InstanceRecord]:  # Any: the columns selected
    found = connection.execute(query.order_by(instances.c.started_at, instances.c.id))
    return [InstanceRecord(**{**row._mapping, "state": InstanceState(row.state)}) for row in found]
