"""ARM routes of online endpoints and deployments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smalt.entities.endpoint.online import OnlineDeployment, OnlineEndpoint
from smalt.errors import InvalidRequest, NotFound
from smalt.kit import clock
from smalt.server.http import SIGNED_IN, WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, merged, ok
from smalt.server.serving import store
from smalt.server.serving.bell import Bell, wait
from smalt.server.serving.deployments import DeploymentService
from smalt.server.serving.document import Documents, operation_to_json
from smalt.server.serving.instances import Instances
from smalt.server.serving.service import PRIMARY, SECONDARY, EndpointService
from smalt.server.serving.states import OperationStatus
from smalt.server.serving.store import OperationRecord
from smalt.server.serving.told import Told
from smalt.server.work import NOBODY, Works
from smalt.server.workspaces import WorkspaceService
from smalt.wire.arm import codec

_ALL = WORKSPACE + "/onlineEndpoints"
_ONE = _ALL + "/{name}"
_DEPLOYMENTS = _ALL + "/{endpoint}/deployments"
_DEPLOYMENT = _DEPLOYMENTS + "/{name}"
_OPERATIONS = "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}"
_WHOLE = ("traffic", "mirrorTraffic", "environmentVariables")
_LAST_OPERATION = "AzureAsyncOperationUri"
_PAGE_SIZE = 100
_PATIENCE_SECONDS = 1.5
_MOST_LINES = 100_000


class _Handlers:
    def __init__(
        self,
        endpoints: EndpointService,
        deployments: DeploymentService,
        workspaces: WorkspaceService,
        documents: Documents,
        instances: Instances,
        told: Told,
    ) -> None:
        self._endpoints = endpoints
        self._deployments = deployments
        self._workspaces = workspaces
        self._documents = documents
        self._instances = instances
        self._told = told

    def list(self, call: Call) -> Answer:
        """Online endpoints of a workspace."""
        workspace = self._workspaces.of(call)
        limit = call.number("count", default=_PAGE_SIZE, low=1, high=1000)
        page = self._endpoints.page(call.work, workspace, after=call.position(str), limit=limit)
        wanted = call.query.get("name")
        shown = [
            self._documents.endpoint(workspace, each)
            for each in page.items
            if wanted is None or each.key == wanted.lower()
        ]
        return ok(call.listing(Page(shown, page.after)))

    def show(self, call: Call) -> Answer:
        """One online endpoint."""
        workspace = self._workspaces.of(call)
        return ok(self._documents.endpoint(workspace, self._endpoints.get(call.work, workspace, call.params["name"])))

    def put(self, call: Call) -> Answer:
        """Create an online endpoint, or write one anew; done, and known to the gateway, with the answer."""
        return self._put(call, call.json_object())

    def patch(self, call: Call) -> Answer:
        """Change what the body names of an online endpoint; done, and known to the gateway, with the answer."""
        workspace = self._workspaces.of(call)
        record = self._endpoints.get(call.work, workspace, call.params["name"], lock=True)
        present = codec("onlineEndpoints").to_arm(record.entity())
        return self._put(call, merged(present, call.json_object(), whole=_WHOLE))

    def _put(self, call: Call, body: dict[str, Any]) -> Answer:  # Any: JSON
        workspace = self._workspaces.of(call)
        entity = codec("onlineEndpoints").from_arm(body, name=call.params["name"])
        assert isinstance(entity, OnlineEndpoint)
        entity.properties.pop(_LAST_OPERATION, None)
        record, is_new = self._endpoints.put(call.work, workspace, call.params["name"], entity)
        operation = self._endpoints.done_at_once(call.work, workspace)
        shown = _with_operation(call, self._documents.endpoint(workspace, record), operation)
        return self._known(created(shown, is_new=is_new))

    def _known(self, answer: Answer) -> Answer:
        """The answer, held back until callers of the endpoint meet what it says."""
        answer.comes_after = self._told
        return answer

    def delete(self, call: Call) -> Answer:
        """Delete an online endpoint and its deployments."""
        operation = self._endpoints.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty() if operation is None else _accepted(call, operation)

    def roll_back(self, call: Call) -> Answer:
        """Give the traffic the state that it had before its last change."""
        workspace = self._workspaces.of(call)
        record = self._endpoints.roll_back(call.work, workspace, call.params["name"])
        return self._known(ok(self._documents.endpoint(workspace, record)))

    def keys(self, call: Call) -> Answer:
        """The keys of callers."""
        workspace = self._workspaces.of(call)
        found = self._endpoints.keys(self._endpoints.get(call.work, workspace, call.params["name"]))
        return ok({"primaryKey": found[PRIMARY], "secondaryKey": found[SECONDARY]})

    def regenerate(self, call: Call) -> Answer:
        """Put a new key in the place of one of the two; with the answer the old one opens nothing any more."""
        body = call.json_object()
        kind, value = body.get("keyType", "Primary"), body.get("keyValue")
        if not isinstance(kind, str) or not (value is None or isinstance(value, str)):
            raise InvalidRequest("keyType is no text. Send Primary or Secondary.", target="keyType")
        if value is not None and not 16 <= len(value) <= 256:
            raise InvalidRequest("keyValue must have 16 to 256 characters. Leave it out for a random key.")
        self._endpoints.regenerate(call.work, self._workspaces.of(call), call.params["name"], kind, value)
        return self._known(empty(200))

    def token(self, call: Call) -> Answer:
        """A token that opens this endpoint."""
        workspace = self._workspaces.of(call)
        record = self._endpoints.get(call.work, workspace, call.params["name"])
        made = self._endpoints.token(call.work, workspace, record)
        return ok(
            {
                "accessToken": made.text,
                "expiryTimeUtc": int(made.expires_at.timestamp()),
                "refreshAfterTimeUtc": int(made.refresh_after.timestamp()),
                "tokenType": "Bearer",
            }
        )

    def list_deployments(self, call: Call) -> Answer:
        """Deployments of an online endpoint."""
        workspace = self._workspaces.of(call)
        endpoint = self._endpoints.get(call.work, workspace, call.params["endpoint"])
        found = self._deployments.list(call.work, endpoint)
        return ok(call.listing(Page([self._documents.deployment(workspace, endpoint, each) for each in found])))

    def show_deployment(self, call: Call) -> Answer:
        """One deployment."""
        workspace = self._workspaces.of(call)
        endpoint = self._endpoints.get(call.work, workspace, call.params["endpoint"])
        record = self._deployments.get(call.work, endpoint, call.params["name"])
        return ok(_with_operation(call, self._documents.deployment(workspace, endpoint, record), record.operation))

    def put_deployment(self, call: Call) -> Answer:
        """Create a deployment, or write one anew; its instances follow."""
        return self._put_deployment(call, call.json_object())

    def patch_deployment(self, call: Call) -> Answer:
        """Change what the body names of a deployment."""
        workspace = self._workspaces.of(call)
        endpoint = self._endpoints.get(call.work, workspace, call.params["endpoint"])
        record = self._deployments.get(call.work, endpoint, call.params["name"], lock=True)
        present = codec("onlineDeployments").to_arm(record.entity())
        return self._put_deployment(call, merged(present, call.json_object(), whole=_WHOLE))

    def _put_deployment(self, call: Call, body: dict[str, Any]) -> Answer:  # Any: JSON
        workspace = self._workspaces.of(call)
        endpoint = self._endpoints.get(call.work, workspace, call.params["endpoint"])
        entity = codec("onlineDeployments").from_arm(body, name=call.params["name"])
        assert isinstance(entity, OnlineDeployment)
        entity.properties.pop(_LAST_OPERATION, None)
        record, is_new = self._deployments.put(call.work, workspace, endpoint, call.params["name"], entity)
        assert record.operation is not None
        shown = _with_operation(call, self._documents.deployment(workspace, endpoint, record), record.operation)
        return created(shown, is_new=is_new, headers=operation_headers(call, record.operation))

    def delete_deployment(self, call: Call) -> Answer:
        """Delete a deployment that gets no traffic."""
        workspace = self._workspaces.of(call)
        endpoint = store.find_endpoint(call.work.connection, workspace.id, call.params["endpoint"], lock=True)
        operation = None if endpoint is None else self._deployments.delete(call.work, endpoint, call.params["name"])
        return empty() if operation is None else _accepted(call, operation)

    def logs(self, call: Call) -> Answer:
        """The last lines that a deployment has written."""
        workspace = self._workspaces.of(call)
        endpoint = self._endpoints.get(call.work, workspace, call.params["endpoint"])
        record = self._deployments.get(call.work, endpoint, call.params["name"])
        body = call.json_object()
        lines = body.get("tail")
        if lines is None or (isinstance(lines, int) and lines < 0):
            lines = _MOST_LINES
        if not isinstance(lines, int) or isinstance(lines, bool):
            raise InvalidRequest("tail is no number of lines. Send e.g. 100.", target="tail")
        lines = min(lines, _MOST_LINES)
        if str(body.get("containerType") or "InferenceServer").lower() == "storageinitializer":
            text = self._instances.build_log(record.id, record.content, lines=lines)
        else:
            text = self._instances.logs(record.id, lines=lines) or record.error or ""
        return ok({"content": text})

    def skus(self, call: Call) -> Answer:
        """The sizes that an instance can have: the one of this machine."""
        workspace = self._workspaces.of(call)
        endpoint = self._endpoints.get(call.work, workspace, call.params["endpoint"])
        self._deployments.get(call.work, endpoint, call.params["name"])
        capacity = {"default": 1, "minimum": 1, "maximum": 1000, "scaleType": "Automatic"}
        return ok(
            call.listing(Page([{"resourceType": "deployments", "sku": {"name": "Default"}, "capacity": capacity}]))
        )


class _Operations:
    """Answers how far operations are; whoever asks waits a moment for the end."""

    def __init__(self, works: Works, bell: Bell) -> None:
        self._works = works
        self._bell = bell

    async def status(self, call: Call) -> Answer:
        """How far an operation of an endpoint is."""
        record = await self._ended(call)
        return Answer(200, operation_to_json(record, call.path), {"Retry-After": "1"})

    async def result(self, call: Call) -> Answer:
        """The end of an operation of an endpoint: 202 until then."""
        record = await self._ended(call)
        if record.status is OperationStatus.IN_PROGRESS:
            return Answer(202, None, {"Location": f"{call.base_url}{call.path}", "Retry-After": "1"})
        if record.error is not None:
            return Answer(200, operation_to_json(record, call.path))
        return empty()

    async def _ended(self, call: Call) -> OperationRecord:
        with self._bell.listening() as rung:
            deadline = clock.now().timestamp() + _PATIENCE_SECONDS
            while True:
                record = self._find(call.params["operation"])
                left = deadline - clock.now().timestamp()
                if record.status is not OperationStatus.IN_PROGRESS or left <= 0:
                    return record
                await wait(rung, left)

    def _find(self, operation: str) -> OperationRecord:
        with self._works.read(NOBODY) as work:
            record = store.find_operation(work.connection, operation)
        if record is None:
            raise NotFound(f"There is no operation {operation[:64]!r}. Look at the resource itself.")
        return record


def routes(
    endpoints: EndpointService,
    deployments: DeploymentService,
    workspaces: WorkspaceService,
    *,
    documents: Documents,
    instances: Instances,
    works: Works,
    bell: Bell,
    told: Told,
) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(endpoints, deployments, workspaces, documents, instances, told)
    kind = "workspaces/onlineEndpoints"
    table = Routes()
    listed = ("count:int", "$skip", "name", "computeType", "tags", "properties", "orderBy")
    schema = codec("onlineEndpoints").schema
    table.add("GET", _ALL, handlers.list, action=f"{kind}/read", query=listed)
    table.add("GET", _ONE, handlers.show, action=f"{kind}/read")
    table.add("PUT", _ONE, handlers.put, action=f"{kind}/write", body=schema)
    table.add("PATCH", _ONE, handlers.patch, action=f"{kind}/write", body=schema)
    table.add("DELETE", _ONE, handlers.delete, action=f"{kind}/delete")
    table.add("POST", f"{_ONE}/rollback", handlers.roll_back, action=f"{kind}/write")
    # Both give secrets away, so they leave a row in the audit trail as writes do.
    table.add("POST", f"{_ONE}/listKeys", handlers.keys, action=f"{kind}/listKeys/action")
    table.add("POST", f"{_ONE}/token", handlers.token, action=f"{kind}/token/action")
    keys = "keyType keyValue"
    table.add("POST", f"{_ONE}/regenerateKeys", handlers.regenerate, action=f"{kind}/regenerateKeys/action", body=keys)
    _add_deployments(table, handlers, f"{kind}/deployments")
    operations = _Operations(works, bell)
    for word, handler in (("mfeOperationsStatus", operations.status), ("mfeOperationResults", operations.result)):
        table.add("GET", f"{_OPERATIONS}/{word}/{{operation}}", handler, action=SIGNED_IN)
    return table.all


def _add_deployments(table: Routes, handlers: _Handlers, kind: str) -> None:
    schema: Callable[[], dict[str, Any]] = codec("onlineDeployments").schema  # Any: a JSON schema
    listed = ("$orderBy", "$top:int", "$skip")
    table.add("GET", _DEPLOYMENTS, handlers.list_deployments, action=f"{kind}/read", query=listed)
    table.add("GET", _DEPLOYMENT, handlers.show_deployment, action=f"{kind}/read")
    table.add("PUT", _DEPLOYMENT, handlers.put_deployment, action=f"{kind}/write", body=schema)
    table.add("PATCH", _DEPLOYMENT, handlers.patch_deployment, action=f"{kind}/write", body=schema)
    table.add("DELETE", _DEPLOYMENT, handlers.delete_deployment, action=f"{kind}/delete")
    action = f"{kind}/getLogs/action"
    body = "containerType tail:int"
    table.add("POST", f"{_DEPLOYMENT}/getLogs", handlers.logs, action=action, writes=False, body=body)
    table.add("GET", f"{_DEPLOYMENT}/skus", handlers.skus, action=f"{kind}/read", query=("count:int", "$skip"))


def _with_operation(call: Call, resource: dict[str, Any], operation: str | None) -> dict[str, Any]:  # Any: JSON
    """A resource that also says where to ask how far its last change is, for callers who see no headers."""
    if operation is not None:
        resource["properties"]["properties"][_LAST_OPERATION] = _status_url(call, operation)
    return resource


def _status_url(call: Call, operation: str, word: str = "mfeOperationsStatus") -> str:
    subscription = call.params["subscription"]
    return (
        f"{call.base_url}/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/local"
        f"/{word}/{operation}"
    )


def operation_headers(call: Call, operation: str, *, accepted: bool = False) -> dict[str, str]:
    """Headers that say where to ask how far an operation is, of an answer that shows a resource or that has no body."""
    headers = {"Azure-AsyncOperation": _status_url(call, operation), "Retry-After": "1"}
    if accepted:
        return headers | {"Location": _status_url(call, operation, "mfeOperationResults")}
    return headers | {"x-ms-async-operation-timeout": "PT1H"}


def _accepted(call: Call, operation: str) -> Answer:
    return Answer(202, None, operation_headers(call, operation, accepted=True))
