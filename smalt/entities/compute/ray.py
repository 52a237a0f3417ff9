"""A Ray cluster that exists elsewhere, on machines or on Kubernetes, as a compute."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr

from smalt.entities.compute.base import Compute
from smalt.entities.text import Text


class RayCompute(Compute):
    """Runs jobs as submitted jobs of a Ray cluster.

    Attributes:
        address: Of the cluster's dashboard, e.g. `http://head:8265`.
        token: The cluster's token. Sealed, and never shown.
        max_concurrent_jobs: Jobs that are sent there at once; further ones wait here.
        node_folder: Where nodes keep environments and the folders of jobs.
        shared_environments: Nodes see this server's home folder under the same path, and take environments from it.
        state: Whether the cluster answers; told by the server.
        nodes: Its machines and what they offer; told by the server.
    """

    type: Literal["ray"] = "ray"
    address: Text | None = None
    token: SecretStr | None = None
    max_concurrent_jobs: int | None = Field(default=None, ge=1)
    node_folder: Text | None = None
    shared_environments: bool | None = None
    state: Text | None = None
    nodes: list[dict[str, Any]] | None = None  # Any: JSON of the cluster
