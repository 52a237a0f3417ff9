"""The routing table: all that the gateway needs to answer without the server. It holds hashes of keys, and no key."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from smalt.entities.endpoint.online import AuthMode, OnlineDeployment, OnlineEndpoint, RequestSettings
from smalt.errors import NotFound
from smalt.executors import scoring
from smalt.server.identity import IdentityService
from smalt.server.serving import scale, store
from smalt.server.serving.service import audience_of
from smalt.server.serving.states import InstanceState
from smalt.server.serving.store import DeploymentRecord, EndpointRecord, InstanceRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

AAD_AUDIENCE = "https://ml.azure.com"
"""For whom callers of `aad_token` endpoints have their tokens made."""

_LIMITS = {
    "requests_per_minute": "smalt.requestsPerMinute",
    "tokens_per_minute": "smalt.tokensPerMinute",
    "concurrent_requests": "smalt.concurrentRequests",
}
"""The properties of an endpoint that say how much each key may ask for."""

_GATEWAY_PAYLOADS = frozenset({"request", "response"})
_COLD_START_MS = 60_000
_COLD_START_QUEUE = 100

CollectorFolder = Callable[[Work, WorkspaceRecord, str, str], str | None]
"""Where what a deployment is asked and answers is kept, on this machine."""


def place_of(workspace: WorkspaceRecord, *, group: str) -> str:
    """How a workspace is called in addresses: by its name in the group of the installation, else by its guid."""
    return workspace.name if workspace.group.lower() == group.lower() else workspace.id


class RoutingTable:
    """Makes the table.

    Args:
        workspaces: Knows the workspaces.
        identity: Knows the keys of tokens, and who may call.
        group: The resource group whose workspaces are called by their names.
        collector: Where captured requests go.
        secret_of: What is shown to an instance that not only the gateway can reach.
    """

    def __init__(
        self,
        workspaces: WorkspaceService,
        identity: IdentityService,
        *,
        group: str,
        collector: CollectorFolder,
        secret_of: Callable[[str], str],
    ) -> None:
        self._workspaces = workspaces
        self._identity = identity
        self._group = group
        self.collector = collector
        self._secret_of = secret_of

    def build(self, work: Work) -> dict[str, Any]:  # Any: JSON
        """The table as it is now. Equal content has an equal version."""
        deployments: dict[str, list[DeploymentRecord]] = defaultdict(list)
        for deployment in store.all_deployments(work.connection):
            deployments[deployment.endpoint_id].append(deployment)
        instances: dict[str, list[InstanceRecord]] = defaultdict(list)
        for instance in store.all_instances(work.connection):
            instances[instance.deployment_id].append(instance)
        listed = []
        for endpoint in store.all_endpoints(work.connection):
            try:
                workspace = self._workspaces.by_id(work, endpoint.workspace_id)
            except NotFound:
                continue
            shown = self._endpoint(work, workspace, endpoint)
            shown["deployments"] = {
                each.name: self._deployment(work, workspace, endpoint, each, instances[each.id])
                for each in deployments[endpoint.id]
            }
            listed.append(shown)
        version = int.from_bytes(hashlib.sha256(msgspec.json.encode(listed)).digest()[:6], "big")
        return {"version": version, "endpoints": listed}

    def _endpoint(self, work: Work, workspace: WorkspaceRecord, record: EndpointRecord) -> dict[str, Any]:  # Any: JSON
        entity = record.entity()
        shown: dict[str, Any] = {
            "workspace": place_of(workspace, group=self._group),
            "name": record.name,
            "auth": entity.auth_mode.value,
            "key_hashes": list(record.key_hashes) if entity.auth_mode is AuthMode.KEY else [],
            "token_keys": {"keys": []},
            "issuer": self._identity.key.issuer,
            "audience": None,
            "subjects": None,
            "traffic": dict(record.traffic),
            "mirror": dict(record.mirror_traffic),
            "limits": {limit: _limit(entity, name) for limit, name in _LIMITS.items()},
        }
        if entity.auth_mode is not AuthMode.KEY:
            shown["token_keys"] = self._identity.key.jwks(work.now)
        if entity.auth_mode is AuthMode.AML_TOKEN:
            shown["audience"] = audience_of(workspace, record)
        if entity.auth_mode is AuthMode.AAD_TOKEN:
            shown["audience"] = AAD_AUDIENCE
            action, scope = "workspaces/onlineEndpoints/score/action", audience_of(workspace, record)
            shown["subjects"] = self._identity.who_may(work, action, scope)
        return shown

    def _deployment(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        endpoint: EndpointRecord,
        record: DeploymentRecord,
        instances: Iterable[InstanceRecord],
    ) -> dict[str, Any]:  # Any: JSON
        entity = (record.proven or record.content).entity()
        settings = entity.request_settings or RequestSettings()
        ready = [each for each in instances if each.state is InstanceState.READY]
        workers = [self._worker(worker, each, settings) for each in ready for worker in each.workers]
        is_cold = scale.bounds(entity)[0] == 0
        queue = settings.max_concurrent_requests_per_instance * max(len(ready), 1)
        return {
            "workers": workers,
            "request_timeout_ms": settings.request_timeout_ms,
            "max_queue_wait_ms": max(settings.max_queue_wait_ms, _COLD_START_MS if is_cold else 0),
            "max_queue": max(queue, _COLD_START_QUEUE if is_cold else 1),
            "capture": self._capture(work, workspace, endpoint, record, entity),
            "scale_to_zero": is_cold,
        }

    def _worker(
        self, worker: Mapping[str, Any], instance: InstanceRecord, settings: RequestSettings
    ) -> dict[str, Any]:  # Any: JSON
        found = {"address": worker["address"], "concurrency": _concurrency(worker, instance, settings)}
        if isinstance(worker.get("ahead"), int):
            found["ahead"] = max(0, worker["ahead"])
        if worker.get("route") is not None:  # the server of an image, which knows no secret of ours
            found["route"] = str(worker["route"])
        elif str(worker["address"]).startswith("tcp:"):
            found["secret"] = self._secret_of(instance.id)
        return found

    def _capture(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        endpoint: EndpointRecord,
        record: DeploymentRecord,
        entity: OnlineDeployment,
    ) -> dict[str, Any] | None:  # Any: JSON
        found = scoring.collected(entity.data_collector)
        wanted = {name: each for name, each in found["collections"].items() if name in _GATEWAY_PAYLOADS}
        path = self.collector(work, workspace, endpoint.name, record.name) if wanted else None
        return {**found, "collections": wanted, "path": path} if path is not None else None


def _concurrency(worker: Mapping[str, Any], instance: InstanceRecord, settings: RequestSettings) -> int:  # Any: JSON
    told = worker.get("concurrency")
    if isinstance(told, int) and told > 0:
        return told
    return max(math.ceil(settings.max_concurrent_requests_per_instance / max(len(instance.workers), 1)), 1)


def _limit(entity: OnlineEndpoint, name: str) -> int | None:
    text = entity.properties.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
