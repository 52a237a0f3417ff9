"""The lineage of a job: what it was made from, and what it made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smalt.server.assets import AssetVersion
from smalt.server.jobs.document import job_id
from smalt.server.jobs.outputs import artifact_uri, artifacts_of
from smalt.server.jobs.store import JobRecord
from smalt.server.workspaces import WorkspaceRecord


def lineage(
    workspace: WorkspaceRecord, record: JobRecord, children: Sequence[JobRecord], made: Sequence[AssetVersion]
) -> dict[str, Any]:  # Any: JSON
    """Code, environment, inputs, outputs, registered assets, parent and children, each by id or URI."""
    pinned = record.pinned
    inputs = {
        name: {"uri": found["uri"], "assetId": found.get("asset")} for name, found in pinned.get("inputs", {}).items()
    }
    outputs = {
        name: {"uri": uri, "assetId": record.registered.get(name)} for name, uri in pinned.get("outputs", {}).items()
    }
    assets = dict.fromkeys([*record.registered.values(), *(version.id for version in made)])
    return {
        "job": job_id(workspace, record.name),
        "experiment": record.experiment,
        "parent": job_id(workspace, record.parent) if record.parent else None,
        "children": [job_id(workspace, child.name) for child in children],
        "code": (pinned.get("code") or {}).get("id"),
        "environment": pinned.get("environment"),
        "environmentKey": record.environment_key,
        "compute": pinned.get("compute"),
        "inputs": inputs,
        "outputs": outputs,
        "artifacts": artifact_uri(artifacts_of(record)),
        "assets": list(assets),
        "models": [asset for asset in assets if "/models/" in asset],
    }
