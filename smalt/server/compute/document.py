"""A compute as ARM shows it: the entity, and the facts a client expects of a machine that is simply there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smalt.entities.compute.amlcompute import AmlCompute
from smalt.entities.compute.instance import ComputeInstance
from smalt.executors.ray import ClusterNode
from smalt.kit import clock
from smalt.server.compute.store import ComputeRecord
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.arm import codec, envelope

_TYPE = "Microsoft.MachineLearningServices/workspaces/computes"


def to_arm(
    workspace: WorkspaceRecord, record: ComputeRecord, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:  # Any: JSON
    """The resource, with what has just been found out of it."""
    body = codec("computes").to_arm(record.entity)
    properties = body.pop("properties")
    properties |= {
        "computeLocation": record.entity.location,
        "provisioningState": "Succeeded",
        "createdOn": clock.to_text(record.created_at),
        "modifiedOn": clock.to_text(record.modified_at),
        "isAttachedCompute": record.entity.type in {"kubernetes", "virtualmachine", "synapsespark", "ray"},
        "provisioningErrors": None,
        "disableLocalAuth": False,
    }
    properties["properties"] = (properties.get("properties") or {}) | _facts(record) | dict(facts or {})
    return envelope.resource(
        id=f"{workspace.scope}/computes/{record.name}",
        name=record.name,
        type=_TYPE,
        properties=properties,
        created_at=record.created_at,
        created_by=record.created_by,
        modified_at=record.modified_at,
        modified_by=record.modified_by,
        **body,
    )


def _facts(record: ComputeRecord) -> dict[str, Any]:  # Any: JSON
    if isinstance(record.entity, AmlCompute):
        counts = dict.fromkeys(
            ("idleNodeCount", "runningNodeCount", "preparingNodeCount", "unusableNodeCount", "leavingNodeCount"), 0
        )
        return {
            "osType": "Linux",
            "allocationState": "Steady",
            "allocationStateTransitionTime": clock.to_text(record.modified_at),
            "currentNodeCount": 1,
            "targetNodeCount": 1,
            "nodeStateCounts": counts | {"idleNodeCount": 1, "preemptedNodeCount": 0},
            "errors": None,
        }
    if isinstance(record.entity, ComputeInstance):
        operation = {
            "operationName": record.last_operation,
            "operationTime": clock.to_text(record.modified_at),
            "operationStatus": "Succeeded",
            "operationTrigger": record.last_trigger,
        }
        return {"state": record.state, "applications": [], "errors": [], "lastOperation": operation}
    return {}


def cluster_facts(state: str, nodes: Sequence[ClusterNode]) -> dict[str, Any]:  # Any: JSON
    """What a cluster answered, as facts of the resource."""
    listed = [
        {
            "nodeId": node.name,
            "privateIpAddress": node.address,
            "nodeState": "alive" if node.is_alive else "dead",
            "isHead": node.is_head,
            "resources": dict(node.resources),
        }
        for node in nodes
    ]
    return {"state": state, "nodes": listed}
