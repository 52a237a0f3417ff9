"""ARM routes of computes."""

from __future__ import annotations

from typing import Any

from smalt.entities.compute.base import Compute
from smalt.entities.compute.ray import RayCompute
from smalt.errors import InvalidRequest
from smalt.kit import ids
from smalt.server.compute import machine
from smalt.server.compute.document import cluster_facts, to_arm
from smalt.server.compute.service import ComputeService
from smalt.server.compute.sites import Sites
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, merged, ok
from smalt.server.workspaces import WorkspaceService
from smalt.wire.arm import codec

_ONE = WORKSPACE + "/computes/{name}"
_PAGE_SIZE = 100


class _Handlers:
    def __init__(self, service: ComputeService, workspaces: WorkspaceService, sites: Sites) -> None:
        self._service = service
        self._workspaces = workspaces
        self._sites = sites

    def list(self, call: Call) -> Answer:
        """Computes of a workspace."""
        workspace = self._workspaces.of(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        found = self._service.page(call.work, workspace, after=call.position(str), limit=limit + 1)
        after = found[limit - 1].name if len(found) > limit else None
        return ok(call.listing(Page([to_arm(workspace, record) for record in found[:limit]], after)))

    def show(self, call: Call) -> Answer:
        """One compute; a cluster is asked for its machines."""
        workspace = self._workspaces.of(call)
        record = self._service.get(call.work, workspace, call.params["name"])
        facts = cluster_facts(*self._sites.nodes(record)) if isinstance(record.entity, RayCompute) else None
        return ok(to_arm(workspace, record, facts))

    def put(self, call: Call) -> Answer:
        """Create or update a compute; it is ready at once."""
        workspace = self._workspaces.of(call)
        entity = _entity(call.json_object(), call.params["name"])
        record, is_new = self._service.put(call.work, workspace, call.params["name"], entity)
        return created(to_arm(workspace, record), is_new=is_new)

    def patch(self, call: Call) -> Answer:
        """Change the scale settings of a cluster."""
        workspace = self._workspaces.of(call)
        record = self._service.get(call.work, workspace, call.params["name"])
        present = codec("computes").to_arm(self._service.with_secrets(record), secrets=True)
        whole = merged(present, _as_stored(call.json_object()))
        changed, _ = self._service.put(call.work, workspace, record.name, _entity(whole, record.name))
        return ok(to_arm(workspace, changed))

    def delete(self, call: Call) -> Answer:
        """Remove a compute; done at once."""
        was_there = self._service.delete(call.work, self._workspaces.of(call), call.params["name"])
        return empty(200 if was_there else 204)

    def start(self, call: Call) -> Answer:
        """Start a compute instance."""
        self._service.start(call.work, self._workspaces.of(call), call.params["name"])
        return _done(call)

    def stop(self, call: Call) -> Answer:
        """Stop a compute instance."""
        self._service.stop(call.work, self._workspaces.of(call), call.params["name"])
        return _done(call)

    def restart(self, call: Call) -> Answer:
        """Restart a compute instance."""
        self._service.restart(call.work, self._workspaces.of(call), call.params["name"])
        return _done(call)

    def nodes(self, call: Call) -> Answer:
        """Nodes of a cluster: those of a Ray cluster, and else the one machine."""
        record = self._service.get(call.work, self._workspaces.of(call), call.params["name"])
        if isinstance(record.entity, RayCompute):
            return ok({"nodes": cluster_facts(*self._sites.nodes(record))["nodes"]})
        node = {"nodeId": f"{record.name}-0", "nodeState": "idle", "privateIpAddress": "127.0.0.1", "port": 22}
        return ok({"nodes": [node]})

    def machine(self, call: Call) -> Answer:
        """How busy the machine of the server is, where jobs of computes run that are not attached."""
        self._workspaces.of(call)
        found = machine.look()
        memory = {"total": found.memory_bytes, "available": found.available_bytes}
        running, waiting = self._service.jobs_here(call.work)
        jobs = {"running": running, "waiting": waiting, "atOnce": self._service.slots}
        return ok({"cores": found.cores, "load": found.load, "memoryBytes": memory, "jobs": jobs})

    def keys(self, call: Call) -> Answer:
        """Keys of a compute; there are none, as jobs run under the server's user."""
        record = self._service.get(call.work, self._workspaces.of(call), call.params["name"])
        return ok({"computeType": codec("computes").to_arm(record.entity)["properties"]["computeType"]})


def routes(service: ComputeService, workspaces: WorkspaceService, sites: Sites) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(service, workspaces, sites)
    table = Routes()
    table.add(
        "GET", WORKSPACE + "/computes", handlers.list, action="workspaces/computes/read", query=("$top:int", "$skip")
    )
    table.add("GET", WORKSPACE + "/smalt/machine", handlers.machine, action="workspaces/computes/read")
    table.add("GET", _ONE, handlers.show, action="workspaces/computes/read")
    table.add("PUT", _ONE, handlers.put, action="workspaces/computes/write", body=codec("computes").schema)
    table.add("PATCH", _ONE, handlers.patch, action="workspaces/computes/write", body=codec("computes").schema)
    table.add("DELETE", _ONE, handlers.delete, action="workspaces/computes/delete")
    for verb in ("start", "stop", "restart"):
        action = f"workspaces/computes/{verb}/action"
        table.add("POST", f"{_ONE}/{verb}", getattr(handlers, verb), action=action)
    table.add("POST", f"{_ONE}/listNodes", handlers.nodes, action="workspaces/computes/listNodes/action", writes=False)
    table.add("POST", f"{_ONE}/listKeys", handlers.keys, action="workspaces/computes/listKeys/action", writes=False)
    return table.all


def _entity(body: dict[str, Any], name: str) -> Compute:  # Any: JSON
    entity = codec("computes").from_arm(body, name=name)
    assert isinstance(entity, Compute)
    return entity


def _as_stored(changes: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    """A PATCH body has the scale settings one level higher than the resource."""
    properties = changes.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise InvalidRequest("'properties' is no object. Send {{...}}.", target="properties")
    if properties and "scaleSettings" in properties:
        inner = {**properties.get("properties", {}), "scaleSettings": properties["scaleSettings"]}
        rest = {key: value for key, value in properties.items() if key != "scaleSettings"}
        return {**changes, "properties": {**rest, "properties": inner}}
    return changes


def _done(call: Call) -> Answer:
    """202 as clients require of these verbs, with a status that has already succeeded."""
    subscription, location = call.params["subscription"], "local"
    status = (
        f"{call.base_url}/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices"
        f"/locations/{location}/operationsStatus/{ids.guid()}"
    )
    return Answer(202, None, {"Azure-AsyncOperation": status, "Location": status, "Retry-After": "1"})
