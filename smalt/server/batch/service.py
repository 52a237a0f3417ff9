"""The verbs of batch endpoints and their deployments."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from smalt.entities.component import ANONYMOUS_COMPONENT, Component
from smalt.entities.endpoint.base import endpoint_name
from smalt.entities.endpoint.batch import (
    BatchDeployment,
    BatchEndpoint,
    ModelBatchDeployment,
    PipelineComponentBatchDeployment,
)
from smalt.entities.kinds import entity_class
from smalt.errors import InvalidRequest, NotFound, Unsupported
from smalt.server.assets import AssetService
from smalt.server.batch.tables import batch_deployments, batch_endpoints
from smalt.server.compute import ComputeService
from smalt.server.http import Page
from smalt.server.records import Record, Records
from smalt.server.serving import DeploymentPinner
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_BESIDE = frozenset(
    {"name", "id", "creation_context", "provisioning_state", "scoring_uri", "openapi_uri", "location", "endpoint_name"}
)
_PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """A deployment, and what its references came to.

    Args:
        record: Its row.
        entity: The deployment.
        pinned: What a model deployment names, as JSON.
    """

    record: Record
    entity: ModelBatchDeployment | PipelineComponentBatchDeployment
    pinned: Mapping[str, Any]  # Any: JSON

    @property
    def name(self) -> str:
        """Its name."""
        return self.record.name.partition("/")[2]


class BatchService:
    """Keeps batch endpoints.

    Args:
        pinner: Looks up what deployments of models name.
        assets: Finds components.
        computes: Knows computes.
    """

    def __init__(self, pinner: DeploymentPinner, assets: AssetService, computes: ComputeService) -> None:
        self._pinner = pinner
        self._assets = assets
        self._computes = computes
        self._endpoints = Records(batch_endpoints)
        self._deployments = Records(batch_deployments)

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> tuple[Record, BatchEndpoint]:
        """An endpoint.

        Raises:
            NotFound: There is none of this name.
        """
        record = self._endpoints.find(work, workspace.id, name)
        if record is None:
            raise NotFound(
                f"No batch endpoint {name!r} in workspace {workspace.name!r}. See `smalt batch-endpoint list`.",
                target="name",
            )
        return record, endpoint_of(record)

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None, limit: int) -> Page[Record]:
        """Endpoints by name."""
        return self._endpoints.page(work, workspace.id, after=after, limit=limit)

    def put(self, work: Work, workspace: WorkspaceRecord, name: str, entity: BatchEndpoint) -> tuple[Record, bool]:
        """Create an endpoint, or write one anew; also whether it is new.

        Raises:
            InvalidRequest: It cannot have this name, or its default deployment is not there.
        """
        _check_name(name, "endpoint name")
        default = entity.defaults.deployment_name if entity.defaults is not None else None
        if default and self._deployments.find(work, workspace.id, f"{name}/{default}") is None:
            raise InvalidRequest(
                f"defaults.deploymentName names {default!r}, which the endpoint {name!r} does not have. Create it "
                "first.",
                target="properties.defaults.deploymentName",
            )
        document = {key: value for key, value in entity.document().items() if key not in _BESIDE}
        return self._endpoints.put(work, workspace.id, name, document)

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Delete an endpoint and its deployments; whether there was one. Its jobs stay."""
        record = self._endpoints.find(work, workspace.id, name)
        if record is None:
            return False
        for each in self._of(work, workspace, record.name):
            self._deployments.delete(work, workspace.id, each.name)
        return self._endpoints.delete(work, workspace.id, name)

    def deployments(self, work: Work, workspace: WorkspaceRecord, endpoint: str) -> list[StoredDeployment]:
        """The deployments of an endpoint, by name."""
        record, _ = self.get(work, workspace, endpoint)
        return [_stored(each) for each in self._of(work, workspace, record.name)]

    def deployment(self, work: Work, workspace: WorkspaceRecord, endpoint: str, name: str) -> StoredDeployment:
        """A deployment.

        Raises:
            NotFound: There is none of this name.
        """
        self.get(work, workspace, endpoint)
        record = self._deployments.find(work, workspace.id, f"{endpoint}/{name}")
        if record is None:
            raise NotFound(
                f"The batch endpoint {endpoint!r} has no deployment {name!r}. "
                f"See `smalt batch-deployment list -e {endpoint}`.",
                target="name",
            )
        return _stored(record)

    def put_deployment(
        self, work: Work, workspace: WorkspaceRecord, endpoint: str, name: str, entity: BatchDeployment
    ) -> tuple[StoredDeployment, bool]:
        """Create a deployment, or write one anew; also whether it is new.

        Raises:
            ValidationFailed: Something that it names is wrong.
        """
        _check_name(name, "deployment name")
        found, _ = self.get(work, workspace, endpoint)
        pinned: Mapping[str, Any] = {}  # Any: JSON
        if isinstance(entity, ModelBatchDeployment):
            if entity.compute is not None:
                self._computes.require(work, workspace, entity.compute)
            looked_up = self._pinner.pin(work, workspace, name, entity)
            entity = type(entity).parse({**entity.document(), **looked_up.references})
            pinned = looked_up.document
        elif isinstance(entity, PipelineComponentBatchDeployment):
            entity = self._with_component(work, workspace, entity)
        document = {key: value for key, value in entity.document().items() if key not in _BESIDE}
        key = f"{found.name}/{name}"
        record, is_new = self._deployments.put(work, workspace.id, key, {**document, _PINNED: dict(pinned)})
        return _stored(record), is_new

    def delete_deployment(self, work: Work, workspace: WorkspaceRecord, endpoint: str, name: str) -> bool:
        """Delete a deployment; whether there was one. An endpoint whose default it was has none."""
        record = self._endpoints.find(work, workspace.id, endpoint)
        if record is None or not self._deployments.delete(work, workspace.id, f"{endpoint}/{name}"):
            return False
        default = (record.document.get("defaults") or {}).get("deployment_name") or ""
        if default.lower() == name.lower():
            self._endpoints.put(work, workspace.id, record.name, {**record.document, "defaults": {}})
        return True

    def register_step(self, work: Work, workspace: WorkspaceRecord, component: Component) -> str:
        """The id of a component that only its job knows; the same content always has the same one."""
        content = msgspec.json.encode(component.document(), order="sorted")
        version = str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16]))
        if self._assets.exists(work, workspace, "components", ANONYMOUS_COMPONENT, version):
            return self._assets.get(work, workspace, "components", ANONYMOUS_COMPONENT, version).id
        return self._assets.register(work, workspace, "components", ANONYMOUS_COMPONENT, version, component).id

    def models_in_use(self, work: Work, workspace: WorkspaceRecord) -> list[tuple[str, str, str]]:
        """Endpoint, deployment and the id of the model, of every deployment that has one."""
        found = []
        for record in self._all(work, workspace, self._deployments):
            model = (record.document.get(_PINNED) or {}).get("model")
            endpoint, _, name = record.name.partition("/")
            found += [(endpoint, name, str(model["id"]))] if model else []
        return found

    def names_and_tags(self, work: Work, workspace: WorkspaceRecord) -> list[tuple[str, Mapping[str, str]]]:
        """Every endpoint with its tags."""
        return [(each.name, each.document.get("tags") or {}) for each in self._all(work, workspace, self._endpoints)]

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every endpoint of a workspace."""
        self._endpoints.delete_all(work, workspace_id)
        self._deployments.delete_all(work, workspace_id)

    def _all(self, work: Work, workspace: WorkspaceRecord, records: Records) -> Iterator[Record]:
        after: str | None = None
        while True:
            page = records.page(work, workspace.id, after=after, limit=1000)
            yield from page.items
            after = page.after
            if after is None:
                return

    def _of(self, work: Work, workspace: WorkspaceRecord, endpoint: str) -> list[Record]:
        prefix = f"{endpoint}/"
        found = self._deployments.page(work, workspace.id, after=endpoint, limit=1000).items
        return [each for each in found if each.name.lower().startswith(prefix.lower())]

    def _with_component(
        self, work: Work, workspace: WorkspaceRecord, entity: PipelineComponentBatchDeployment
    ) -> PipelineComponentBatchDeployment:
        if not isinstance(entity.component, str):
            raise InvalidRequest(
                "The deployment names no component by its id. The command line and the SDK register one that is "
                "written in a file.",
                target="properties.deploymentConfiguration.componentId",
            )
        version = self._assets.resolve(work, workspace, "components", entity.component)
        assert isinstance(version.entity, Component)
        if version.entity.type != "pipeline":
            raise Unsupported(
                f"The component {version.name!r} is of type {version.entity.type!r}; a batch deployment runs "
                "pipelines. Put it into one.",
                target="properties.deploymentConfiguration.componentId",
            )
        return entity.model_copy(update={"component": version.id})


def endpoint_of(record: Record) -> BatchEndpoint:
    """The endpoint in a row."""
    return BatchEndpoint.parse({**record.document, "name": record.name, "provisioning_state": "Succeeded"})


def _stored(record: Record) -> StoredDeployment:
    document = {key: value for key, value in record.document.items() if key != _PINNED}
    whole = {**document, "name": record.name.partition("/")[2], "provisioning_state": "Succeeded"}
    entity = entity_class("batch_deployment", document.get("type")).parse(whole)
    assert isinstance(entity, ModelBatchDeployment | PipelineComponentBatchDeployment)
    return StoredDeployment(record, entity, record.document.get(_PINNED) or {})


def _check_name(name: str, field: str) -> None:
    try:
        endpoint_name(name, field=field)
    except ValueError as error:
        raise InvalidRequest(str(error), target="name") from None
