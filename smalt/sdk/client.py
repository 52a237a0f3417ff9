"""`MLClient`: one object from which everything in a workspace is reached."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from smalt.entities.base import Entity
from smalt.errors import InvalidRequest
from smalt.sdk import connect
from smalt.sdk.operations.assets import (
    ComponentOperations,
    DataOperations,
    EnvironmentOperations,
    ModelOperations,
)
from smalt.sdk.operations.jobs import JobOperations
from smalt.sdk.operations.resources import (
    ComputeOperations,
    ConnectionOperations,
    DatastoreOperations,
    RegistryOperations,
    WorkspaceOperations,
)
from smalt.sdk.resolve import ProgressFactory, Resolver
from smalt.sdk.room import Room
from smalt.sdk.transport import Transport

if TYPE_CHECKING:
    from smalt.sdk.local import LocalEndpoints
    from smalt.sdk.operations.access import AuditOperations, RoleOperations, UserOperations
    from smalt.sdk.operations.batch import BatchDeploymentOperations, BatchEndpointOperations
    from smalt.sdk.operations.catalog import (
        CatalogOperations,
        MarketplaceSubscriptionOperations,
        ServerlessEndpointOperations,
    )
    from smalt.sdk.operations.flow_experiments import FlowExperimentOperations
    from smalt.sdk.operations.flows import FlowOperations
    from smalt.sdk.operations.jobs import Authored
    from smalt.sdk.operations.monitors import MonitorOperations
    from smalt.sdk.operations.notebooks import NotebookOperations
    from smalt.sdk.operations.online import OnlineDeploymentOperations, OnlineEndpointOperations
    from smalt.sdk.operations.schedules import ScheduleOperations
    from smalt.sdk.operations.traces import TraceOperations
    from smalt.sdk.poller import Poller


class MLClient:
    """Works in one workspace, or with a registry.

    Without arguments it works in the workspace of the server on this machine, or in the one that the environment
    names (`SMALT_URL`, `SMALT_TOKEN`).

    Args:
        credential: Anything with `get_token`, e.g. of the `azure-identity` package; by default the server's own token.
        subscription_id: Subscription.
        resource_group_name: Resource group.
        workspace_name: Workspace.
        registry_name: Registry whose assets are meant, instead of the workspace's.
        url: Address of the server.
        home: Folder of the server on this machine, `~/.smalt` by default.
        progress: Shows uploads: called with a title and the bytes in all, returns what is told of the bytes done.
    """

    def __init__(
        self,
        credential: connect.TokenCredential | None = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        registry_name: str | None = None,
        *,
        url: str | None = None,
        home: str | os.PathLike[str] | None = None,
        progress: ProgressFactory | None = None,
        **ignored: Any,  # Any: options of the v2 SDK about clouds and telemetry, which have no meaning here
    ) -> None:
        self._home = None if home is None else Path(home).expanduser().absolute()
        place = connect.find(
            credential,
            subscription=subscription_id,
            group=resource_group_name,
            workspace=workspace_name,
            url=url,
            home=self._home,
        )
        self._transport = Transport(place.url, place.token)
        self._room = Room(self._transport, place, registry_name)
        self._resolver = Resolver(self._room, progress)
        self.environments = EnvironmentOperations(self._room, self._resolver)
        self.data = DataOperations(self._room, self._resolver)
        self.models = ModelOperations(self._room, self._resolver)
        self.components = ComponentOperations(self._room, self._resolver)
        for operations in (self.environments, self.data, self.models, self.components):
            self._resolver.know(operations)

    @classmethod
    def from_config(
        cls,
        credential: connect.TokenCredential | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        file_name: str | None = None,
        **options: Any,  # Any: as for MLClient
    ) -> Self:
        """Work in the workspace that a `config.json` in this folder or above names."""
        found = connect.find_config(None if path is None else Path(path), file_name)
        return cls(credential, found["subscription"], found["group"], found["workspace"], **options)

    @cached_property
    def jobs(self) -> JobOperations:
        """Jobs."""
        return JobOperations(self._room, self._resolver)

    @cached_property
    def schedules(self) -> ScheduleOperations:
        """Schedules."""
        from smalt.sdk.operations.schedules import ScheduleOperations  # brings the table of time zones

        return ScheduleOperations(self._room, self._resolver, self.jobs)

    @cached_property
    def monitors(self) -> MonitorOperations:
        """What monitors found."""
        from smalt.sdk.operations.monitors import MonitorOperations

        return MonitorOperations(self._room)

    @cached_property
    def flows(self) -> FlowOperations:
        """Flows."""
        from smalt.sdk.operations.flows import FlowOperations

        return FlowOperations(self._room, self._resolver)

    @cached_property
    def flow_experiments(self) -> FlowExperimentOperations:
        """Experiments over several flows."""
        from smalt.sdk.operations.flow_experiments import FlowExperimentOperations

        return FlowExperimentOperations(self._room, self._resolver, self.components, self.jobs)

    @cached_property
    def notebooks(self) -> NotebookOperations:
        """Files of the workspace, sessions of notebooks, and notebooks as jobs."""
        from smalt.sdk.operations.notebooks import NotebookOperations

        return NotebookOperations(self._room, self._resolver)

    @cached_property
    def catalog(self) -> CatalogOperations:
        """The model catalog."""
        from smalt.sdk.operations.catalog import CatalogOperations

        return CatalogOperations(self._room)

    @cached_property
    def serverless_endpoints(self) -> ServerlessEndpointOperations:
        """Models of the catalog behind an address, without a deployment to look after."""
        from smalt.sdk.operations.catalog import ServerlessEndpointOperations

        return ServerlessEndpointOperations(self._room)

    @cached_property
    def marketplace_subscriptions(self) -> MarketplaceSubscriptionOperations:
        """The terms of models that were taken."""
        from smalt.sdk.operations.catalog import MarketplaceSubscriptionOperations

        return MarketplaceSubscriptionOperations(self._room)

    @cached_property
    def online_endpoints(self) -> OnlineEndpointOperations:
        """Online endpoints."""
        from smalt.sdk.operations.online import OnlineEndpointOperations

        return OnlineEndpointOperations(self._room, lambda: self._local)

    @cached_property
    def online_deployments(self) -> OnlineDeploymentOperations:
        """What answers behind online endpoints."""
        from smalt.sdk.operations.online import OnlineDeploymentOperations

        return OnlineDeploymentOperations(self._room, self._resolver, self.models, lambda: self._local)

    @cached_property
    def batch_endpoints(self) -> BatchEndpointOperations:
        """Batch endpoints."""
        from smalt.sdk.operations.batch import BatchEndpointOperations

        return BatchEndpointOperations(self._room, self._resolver)

    @cached_property
    def batch_deployments(self) -> BatchDeploymentOperations:
        """What stands behind batch endpoints."""
        from smalt.sdk.operations.batch import BatchDeploymentOperations

        return BatchDeploymentOperations(self._room, self._resolver, self.models, self.components)

    @cached_property
    def _local(self) -> LocalEndpoints:
        from smalt.sdk.local import LocalEndpoints

        return LocalEndpoints(self._home or connect.home_folder())

    @cached_property
    def datastores(self) -> DatastoreOperations:
        """Datastores."""
        return DatastoreOperations(self._room)

    @cached_property
    def compute(self) -> ComputeOperations:
        """Computes."""
        return ComputeOperations(self._room)

    @cached_property
    def connections(self) -> ConnectionOperations:
        """Connections."""
        return ConnectionOperations(self._room)

    @cached_property
    def workspaces(self) -> WorkspaceOperations:
        """Workspaces."""
        return WorkspaceOperations(self._room)

    @cached_property
    def registries(self) -> RegistryOperations:
        """Registries."""
        return RegistryOperations(self._room)

    @cached_property
    def users(self) -> UserOperations:
        """Who can sign in to the installation."""
        from smalt.sdk.operations.access import UserOperations

        return UserOperations(self._room)

    @cached_property
    def roles(self) -> RoleOperations:
        """What may be done, and who may do it where."""
        from smalt.sdk.operations.access import RoleOperations

        return RoleOperations(self._room)

    @cached_property
    def audit(self) -> AuditOperations:
        """Who changed what."""
        from smalt.sdk.operations.access import AuditOperations

        return AuditOperations(self._room)

    @cached_property
    def traces(self) -> TraceOperations:
        """What applications and flows did for each request."""
        from smalt.sdk.operations.traces import TraceOperations

        return TraceOperations(self._room)

    @property
    def subscription_id(self) -> str:
        """The subscription this client works in."""
        return self._room.subscription

    @property
    def resource_group_name(self) -> str:
        """The resource group this client works in."""
        return self._room.group

    @property
    def workspace_name(self) -> str | None:
        """The workspace this client works in."""
        return self._room.place.workspace

    def create_or_update(self, entity: Entity | Authored) -> Entity:
        """Write an entity of any kind that is written at once: jobs, assets, datastores, connections."""
        writers: dict[str, Callable[[Any], Entity]] = {  # Any: each takes its own kind
            "Job": self.jobs.create_or_update,
            "Pipeline": self.jobs.create_or_update,
            "Node": self.jobs.create_or_update,
            "PipelineFunction": self.components.create_or_update,
            "Data": self.data.create_or_update,
            "Model": self.models.create_or_update,
            "Environment": self.environments.create_or_update,
            "Component": self.components.create_or_update,
            "Datastore": self.datastores.create_or_update,
            "Connection": self.connections.create_or_update,
        }
        return cast("Entity", _writer(writers, entity, "begin_create_or_update")(entity))

    def begin_create_or_update(self, entity: Entity) -> Poller[Entity]:
        """Begin to write an entity of a kind that takes a while: computes, endpoints, schedules and more."""
        writers: dict[str, Callable[[Any], Any]] = {  # Any: each takes its own kind
            "Compute": self.compute.begin_create_or_update,
            "Workspace": self.workspaces.begin_create,
            "Registry": self.registries.begin_create,
            "BatchEndpoint": lambda endpoint: self.batch_endpoints.begin_create_or_update(endpoint),
            "BatchDeployment": lambda deployment: self.batch_deployments.begin_create_or_update(deployment),
            "OnlineEndpoint": lambda endpoint: self.online_endpoints.begin_create_or_update(endpoint),
            "OnlineDeployment": lambda deployment: self.online_deployments.begin_create_or_update(deployment),
            "ServerlessEndpoint": lambda endpoint: self.serverless_endpoints.begin_create_or_update(endpoint),
            "MarketplaceSubscription": lambda taken: self.marketplace_subscriptions.begin_create_or_update(taken),
            "Schedule": lambda schedule: self.schedules.begin_create_or_update(schedule),
        }
        return cast("Poller[Entity]", _writer(writers, entity, "create_or_update")(entity))

    def close(self) -> None:
        """Close the connections to the server."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        place = self._room.place
        return f"MLClient(url={place.url!r}, workspace={place.workspace!r}, registry={self._room.registry!r})"


def _writer(writers: dict[str, Callable[[Any], Any]], entity: object, other: str) -> Callable[[Any], Any]:
    """Who writes an entity, by the names of its class and the classes above; no entity class is imported for it."""
    for base in type(entity).__mro__:
        if base.__name__ in writers:
            return writers[base.__name__]
    raise InvalidRequest(f"A {type(entity).__name__} is not written this way. Try {other}(..).")
