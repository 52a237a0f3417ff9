"""A Ray cluster as its dashboard's HTTP API shows it: packages, submitted jobs, nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

from smalt.errors import InvalidRequest, NotFound, Unavailable

_PATIENCE = httpx2.Timeout(30.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """A machine of a cluster, and what it offers."""

    name: str
    address: str
    is_head: bool
    is_alive: bool
    resources: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RayJob:
    """A submitted job in Ray's own words."""

    status: str
    message: str
    error_type: str | None

    @property
    def is_over(self) -> bool:
        """Whether its entrypoint runs no more."""
        return self.status in {"SUCCEEDED", "FAILED", "STOPPED"}


class Cluster:
    """Speaks with one cluster.

    Args:
        address: Of its dashboard, e.g. `http://head:8265`.
        token: Its token, if it asks for one.
    """

    def __init__(self, address: str, token: str | None) -> None:
        self.address = address.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.Client(base_url=self.address, headers=headers, timeout=_PATIENCE, trust_env=False)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def send_package(self, name: str, content: bytes) -> str:
        """Keep a package for a job; its URI. What no job uses for ten minutes is forgotten."""
        path = f"/api/packages/gcs/{quote(name)}"
        if self._ask("GET", path, also=(404,)).status_code == 404:
            self._ask("PUT", path, content=content)
        return f"gcs://{name}"

    def submit(self, request: Mapping[str, Any]) -> None:  # Any: JSON
        """Submit a job, at most once for each `submission_id`.

        Raises:
            InvalidRequest: Ray does not take it.
        """
        answer = self._ask("POST", "/api/jobs/", json=request, also=(400, 500))
        if answer.is_success or "already exists" in answer.text:
            return
        last = answer.text.strip().splitlines()[-1:] or [str(answer.status_code)]
        if answer.status_code == 400:
            raise InvalidRequest(f"The Ray cluster at {self.address} does not take the job: {last[0]}")
        raise Unavailable(f"The Ray cluster at {self.address} could not start the job: {last[0]}")

    def job(self, name: str) -> RayJob | None:
        """A job, or None when the cluster knows of none."""
        answer = self._ask("GET", f"/api/jobs/{quote(name, safe='')}", also=(404,))
        if answer.status_code == 404:
            return None
        fields = answer.json()
        return RayJob(fields["status"], fields.get("message") or "", fields.get("error_type"))

    def stop(self, name: str) -> None:
        """Have a job's entrypoint signalled."""
        self._ask("POST", f"/api/jobs/{quote(name, safe='')}/stop", also=(404,))

    def nodes(self) -> list[ClusterNode]:
        """The machines, those that are gone included."""
        listed = self._ask("GET", "/api/v0/nodes", params={"limit": 1000}).json()["data"]["result"]["result"]
        return [
            ClusterNode(
                name=str(node["node_id"]),
                address=str(node["node_ip"]),
                is_head=bool(node.get("is_head_node")),
                is_alive=node["state"] == "ALIVE",
                resources={key: value for key, value in (node.get("resources_total") or {}).items() if ":" not in key},
            )
            for node in listed
        ]

    def _ask(
        self, method: str, path: str, *, also: tuple[int, ...] = (), **request: Any
    ) -> httpx2.Response:  # Any: arguments of the client
        try:
            answer = self._client.request(method, path, **request)
        except httpx2.HTTPError as error:
            why = str(error) or type(error).__name__
            raise Unavailable(
                f"The Ray cluster at {self.address} does not answer ({why}). See that its head runs and that the "
                "dashboard listens on that address (ray start --head --dashboard-host)."
            ) from None
        if answer.status_code in (401, 403):
            raise Unavailable(
                f"The Ray cluster at {self.address} refuses the token ({answer.status_code}). Attach the compute "
                "again with the cluster's token: smalt compute attach --type ray --token-file FILE.",
                code="ClusterTokenRefused",
            )
        if answer.is_success or answer.status_code in also:
            return answer
        last = answer.text.strip().splitlines()[-1:] or [""]
        kind = NotFound if answer.status_code == 404 else Unavailable
        raise kind(f"The Ray cluster at {self.address} answered {answer.status_code} to {method} {path}: {last[0]}")
