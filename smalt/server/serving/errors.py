"""Failures only endpoints have."""

from __future__ import annotations

from smalt.errors import Conflict, NotFound


class EndpointNotFound(NotFound):
    """No endpoint has this name."""


class DeploymentNotFound(NotFound):
    """The endpoint has no deployment of this name."""


class OperationInProgress(Conflict):
    """Something else is being done to it."""


class DeploymentHasTraffic(Conflict):
    """Requests still go to the deployment."""

    code = "DeploymentHasTraffic"


class NothingToRollBack(Conflict):
    """The traffic has no earlier state."""

    code = "NothingToRollBack"
