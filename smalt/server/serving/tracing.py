"""Where the instances of flows send their traces, and the token by which they may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from smalt.server.identity import IdentityService
from smalt.server.work import JobGrant, Work
from smalt.server.workspaces import WorkspaceRecord

_LIFETIME = timedelta(days=180)
"""An instance that lives longer traces no more until it is started anew."""

_ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class TracesOfInstances:
    """Gives instances what OpenTelemetry's exporters read from the environment.

    Args:
        identities: Makes their tokens.
        url: Where instances on this machine reach the server.
    """

    def __init__(self, identities: IdentityService, url: str) -> None:
        self._identities = identities
        self._url = url

    def variables(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        endpoint: str,
        deployment: str,
        own: Mapping[str, str],
        *,
        url: str | None = None,
    ) -> dict[str, str]:
        """The variables of a new instance; none where the deployment's own say another address.

        Args:
            work: The transaction.
            workspace: The workspace.
            endpoint: Its endpoint.
            deployment: Its deployment.
            own: The variables that the deployment sets itself.
            url: Where the instance reaches the server, if it is not on this machine.
        """
        if any(name in own for name in _ADDRESSES):
            return {}
        grant = JobGrant(JobGrant.name_of_instance(endpoint, deployment), workspace.id)
        token = self._identities.issue_job_token(work, grant, lifetime=_LIFETIME)
        told = {"service.name": endpoint, "smalt.endpoint": endpoint, "smalt.deployment": deployment}
        return {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{url or self._url}{workspace.scope}/smalt/traces/v1/traces",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"Authorization={quote(f'Bearer {token}')}",
            "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={quote(value)}" for key, value in told.items()),
        }

    def end(self, work: Work, workspace_id: str, endpoint: str, deployment: str) -> None:
        """Take the tokens of a deployment's instances away."""
        self._identities.revoke_job_token(work, workspace_id, JobGrant.name_of_instance(endpoint, deployment))
