"""The verbs of serverless endpoints. Each has an online endpoint of its name, with one deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smalt.entities.catalog import ModelCard
from smalt.entities.endpoint.base import endpoint_name
from smalt.entities.endpoint.online import ManagedOnlineDeployment, OnlineEndpoint
from smalt.entities.endpoint.serverless import ServerlessAuthMode, ServerlessEndpoint
from smalt.errors import Conflict, InvalidRequest, NotFound, Unsupported
from smalt.executors.scoring import UPSTREAM_CONNECTION, UPSTREAM_MODEL
from smalt.server.catalog import CatalogService, Found
from smalt.server.http import Page
from smalt.server.records import Record, Records
from smalt.server.serverless.tables import serverless_endpoints
from smalt.server.serving import DeploymentService, EndpointService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference

DEPLOYMENT = "model"
"""The deployment behind each."""

SERVERLESS = "smalt.serverless"
"""The property of an online endpoint that says whose it is."""

_LIMITS = {"smalt.requestsPerMinute": "1000", "smalt.tokensPerMinute": "200000"}
"""What each key may ask for, as on Azure, unless the endpoint says otherwise in its own properties."""

_MOST_INSTANCES, _FEWEST_INSTANCES = "smalt.maxInstances", "smalt.minInstances"
_TIMEOUT_MS, _COLD_START_MS, _AT_ONCE = 180_000, 120_000, 32
_STATES = {"Succeeded": "Online", "Creating": "Creating", "Updating": "Online", "Failed": "CreationFailed",
           "Deleting": "Deleting"}  # fmt: skip
_GONE = "Suspended"


@dataclass(frozen=True, slots=True)
class Seen:
    """A serverless endpoint, and how far what runs it is.

    Args:
        record: As it was asked for.
        entity: The same.
        provisioning: As ARM has it: Creating, Succeeded, Failed and so on.
        state: As the service has it: Online and so on.
        operation: What a client waits for.
        error: Why it failed.
    """

    record: Record
    entity: ServerlessEndpoint
    provisioning: str
    state: str
    operation: str | None
    error: str | None


class ServerlessService:
    """Keeps serverless endpoints.

    Args:
        catalog: Knows the models.
        endpoints: Keeps what runs them.
        deployments: The same.
    """

    def __init__(self, catalog: CatalogService, endpoints: EndpointService, deployments: DeploymentService) -> None:
        self._catalog = catalog
        self._endpoints = endpoints
        self._deployments = deployments
        self._records = Records(serverless_endpoints)

    def put(self, work: Work, workspace: WorkspaceRecord, name: str, entity: ServerlessEndpoint) -> tuple[Seen, bool]:
        """Create an endpoint, or write one anew; also whether it is new.

        Raises:
            NotImported: The workspace has no weights of the model.
            LicenceNotAccepted: Nobody has accepted its licence.
            Conflict: An online endpoint has this name.
        """
        _check(name, entity)
        found = self._catalog.require_model(work, workspace, _name_of(entity.model_id))
        old = self._records.find(work, workspace.id, name)
        is_there = self._endpoints.exists(work, workspace, name)
        if old is None and is_there:
            raise Conflict(f"An online endpoint has the name {name!r}. Take another.", target="name")
        document = entity.model_copy(update={"name": name}).document()
        record, is_new = self._records.put(work, workspace.id, name, document)
        online, _ = self._endpoints.put(work, workspace, name, _endpoint_of(name, entity, found.card, is_on=is_there))
        self._deployments.put(work, workspace, online, DEPLOYMENT, _deployment_of(entity, found))
        # It may have traffic while it is on its way: who asks then is told to come back.
        self._endpoints.put(work, workspace, name, _endpoint_of(name, entity, found.card, is_on=True))
        return self._seen(work, workspace, record), is_new

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> Seen:
        """An endpoint.

        Raises:
            NotFound: There is none of this name.
        """
        record = self._records.find(work, workspace.id, name)
        if record is None:
            raise NotFound(
                f"No serverless endpoint {name[:255]!r} in workspace {workspace.name!r}. See "
                "`smalt serverless-endpoint list`.",
                target="name",
            )
        return self._seen(work, workspace, record)

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None) -> Page[Seen]:
        """Endpoints by name."""
        page = self._records.page(work, workspace.id, after=after)
        return Page([self._seen(work, workspace, record) for record in page.items], page.after)

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> str | None:
        """Have an endpoint ended; the operation to wait for, or None when there was none."""
        if not self._records.delete(work, workspace.id, name):
            return None
        return self._endpoints.delete(work, workspace, name)

    def keys(self, work: Work, workspace: WorkspaceRecord, name: str) -> dict[str, str]:
        """The keys of callers."""
        self.get(work, workspace, name)
        return self._endpoints.keys(self._endpoints.get(work, workspace, name))

    def regenerate(
        self, work: Work, workspace: WorkspaceRecord, name: str, which: str, value: str | None
    ) -> dict[str, str]:
        """Put a new key in the place of one of the two; both as they are then."""
        self.get(work, workspace, name)
        return self._endpoints.keys(self._endpoints.regenerate(work, workspace, name, which, value))

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every row of a workspace; what runs is ended with its online endpoints."""
        self._records.delete_all(work, workspace_id)

    def _seen(self, work: Work, workspace: WorkspaceRecord, record: Record) -> Seen:
        entity = ServerlessEndpoint.parse(record.document)
        try:
            online = self._endpoints.get(work, workspace, record.name)
            deployment = self._deployments.get(work, online, DEPLOYMENT)
        except NotFound:
            return Seen(record, entity, "Failed", _GONE, None, "The online endpoint that ran it was deleted.")
        provisioning = deployment.state.value
        state = _STATES.get(provisioning, "Unknown")
        if deployment.live is not None and state == "CreationFailed":
            state = "Online"  # What came up before still answers.
        return Seen(record, entity, provisioning, state, deployment.operation, deployment.error)


def _check(name: str, entity: ServerlessEndpoint) -> None:
    try:
        endpoint_name(name, field="endpoint name")
    except ValueError as error:
        raise InvalidRequest(str(error), target="name") from None
    if (entity.content_safety or "disabled").lower() != "disabled":
        raise Unsupported(
            "contentSafety is Enabled, and questions and answers are not looked at here. Leave it out or send "
            "Disabled; a flow before the model can call a content safety service.",
            target="content_safety",
        )
    if entity.auth_mode is not ServerlessAuthMode.KEY:
        raise Unsupported(
            f"auth_mode {entity.auth_mode.value!r} is not served for serverless endpoints. Write key, or make an "
            "online endpoint with aad_token.",
            target="auth_mode",
        )


def _name_of(model_id: str) -> str:
    """The name of the model that an id means: of a registry, of the workspace, or plain."""
    if "/" not in model_id and ":" not in model_id:
        return model_id
    reference = references.parse_asset(model_id, "models")
    if not isinstance(reference, AssetReference) or reference.version is not None:
        raise InvalidRequest(
            f"model_id {model_id[:200]!r} names a version, and the latest is always served. Leave the version out.",
            target="model_id",
        )
    return reference.name


def _endpoint_of(name: str, entity: ServerlessEndpoint, card: ModelCard, *, is_on: bool) -> OnlineEndpoint:
    own = {key: value for key, value in entity.properties.items() if key in _LIMITS}
    return OnlineEndpoint.parse(
        {
            "name": name,
            "auth_mode": "key",
            "description": entity.description,
            "tags": entity.tags,
            "properties": {**_LIMITS, **own, SERVERLESS: str(card.name)},
            "traffic": {DEPLOYMENT: 100} if is_on else {},
        }
    )


def _deployment_of(entity: ServerlessEndpoint, found: Found) -> ManagedOnlineDeployment:
    settings = {
        "request_timeout_ms": _TIMEOUT_MS,
        "max_queue_wait_ms": _COLD_START_MS,
        "max_concurrent_requests_per_instance": _AT_ONCE,
    }
    scale = {
        "type": "target_utilization",
        "min_instances": _count(entity.properties, _FEWEST_INSTANCES, 0),
        "max_instances": _count(entity.properties, _MOST_INSTANCES, 1),
    }
    served: Mapping[str, object] = {"model": found.model.id} if found.model is not None else {
        "properties": {UPSTREAM_CONNECTION: str(found.card.connection), UPSTREAM_MODEL: str(found.card.served_as)}
    }  # fmt: skip
    return ManagedOnlineDeployment.parse(
        {"name": DEPLOYMENT, "request_settings": settings, "scale_settings": scale, **served}
    )


def _count(properties: Mapping[str, str], name: str, default: int) -> int:
    text = properties.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= 1000):
        raise InvalidRequest(f"The property {name} is {text!r}. Write a number up to 1000.", target="properties")
    return int(text)
