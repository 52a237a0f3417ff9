"""From a workload to what a cluster is asked to run. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from smalt.errors import InvalidRequest
from smalt.executors.base import FLOW_ENGINE, Distribution, Plan, Workload
from smalt.executors.local import planning

PLAN_FILE = "plan.json"
FACTS_FILE = "ray.json"
REQUEST_FILE = "request.json"
_ENTRYPOINT = 'exec "$(command -v python3 || command -v python)" smalt/runtime/remote/head.py'
# Beyond the job's own grace: what has been written must still reach the server.
_FAREWELL_SECONDS = 600
# The driver of a job of several nodes only waits; what it waits for takes the places.
_RAY_VARIABLES = ("RAY_ADDRESS", "RAY_AUTH_*")


@dataclass(frozen=True, slots=True)
class NodeTerms:
    """On which terms jobs use the machines of a cluster.

    Args:
        node_folder: Where they keep environments and jobs; a folder of the user that Ray runs as when left out.
        shares_environments: They see this server's home folder under the same path.
        authority: The certificate of the authority behind this server's own HTTPS.
        python_downloads: Whether a missing Python version may be downloaded there.
        uv: The version of uv they fetch where they have none.
    """

    node_folder: str | None = None
    shares_environments: bool = False
    authority: str | None = None
    python_downloads: bool = False
    uv: str = ""


def plan(workload: Workload, terms: NodeTerms) -> Plan:
    """The plan of a workload.

    Raises:
        InvalidRequest: It can never run there.
    """
    remote = workload.remote
    if remote is None:
        raise InvalidRequest("The workload says nothing of machines elsewhere, so it runs on this one only.")
    if workload.container is not None:
        raise InvalidRequest(
            "The environment is a container image, and jobs on Ray run in environments that their nodes make. Give it "
            "a conda_file, or start Ray itself in that image and the server without --containers.",
            target="environment",
        )
    inherited = list(planning.INHERITED)
    if workload.distribution.kind == "ray":
        # The command is a driver of the cluster it runs on, which is there already.
        workload = replace(workload, distribution=Distribution(), instance_count=1)
        inherited += _RAY_VARIABLES
    resources = _resources(workload)
    content = planning.content(replace(workload, environment=None, overlay_prefix=None, python=None))
    content["remote"] = {
        "artifacts_url": remote.artifacts_url,
        "collected_url": remote.collected_url,
        "root": terms.node_folder,
        "authority": terms.authority,
        "inherit": inherited,
        "resources": resources,
        "engine": FLOW_ENGINE if any(FLOW_ENGINE in text for text in content["variables"].values()) else None,
        "environment": {
            "key": remote.environment_key,
            "lock": remote.lock,
            "python_version": remote.python_version,
            "shared_prefix": str(workload.environment) if terms.shares_environments else None,
            "python_downloads": terms.python_downloads,
            "uv": terms.uv,
        },
    }
    facts = {"artifacts": str(workload.artifacts), "outputs": [m.name for m in workload.mounts if m.kind == "output"]}
    files = {
        PLAN_FILE: json.dumps(content),
        FACTS_FILE: json.dumps(facts),
        REQUEST_FILE: json.dumps(_request(workload, resources)),
    }
    return Plan(workload.name, ("/bin/sh", "-c", _ENTRYPOINT), {}, files)


def _resources(workload: Workload) -> dict[str, float]:
    """What each instance takes, as Ray calls it."""
    remote = workload.remote
    assert remote is not None
    found: dict[str, float] = {"CPU": remote.cpus}
    if remote.gpus:
        found["GPU"] = remote.gpus
    if remote.memory_bytes:
        found["memory"] = remote.memory_bytes
    return found


def _request(workload: Workload, resources: Mapping[str, float]) -> dict[str, Any]:  # Any: JSON
    """The submission without its package.

    The plan travels in the package, not in variables: those are shown to everyone who looks at the dashboard.
    """
    patience = {"RAY_JOB_STOP_WAIT_TIME_S": str(int(workload.grace_seconds + _FAREWELL_SECONDS))}
    request: dict[str, Any] = {
        "entrypoint": _ENTRYPOINT,
        "submission_id": workload.name,
        "metadata": {"smalt": workload.name},
        "runtime_env": {"env_vars": patience},
    }
    if workload.instance_count == 1:
        request["entrypoint_num_cpus"] = resources["CPU"]
        if "GPU" in resources:
            request["entrypoint_num_gpus"] = resources["GPU"]
        if "memory" in resources:
            request["entrypoint_memory"] = int(resources["memory"])
    return request
