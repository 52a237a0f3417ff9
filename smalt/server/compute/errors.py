"""Failures only computes have."""

from __future__ import annotations

from smalt.errors import Conflict, InvalidRequest, NotFound


class ComputeNotFound(NotFound):
    """No compute has this name."""


class ReservedCompute(InvalidRequest):
    """The name means something by itself and cannot be taken or removed."""

    code = "ReservedComputeName"


class ComputeStopped(Conflict):
    """The compute instance is stopped, so nothing can run on it."""

    code = "ComputeStopped"


class ComputeBusy(Conflict):
    """Jobs or deployments stand on the cluster."""

    code = "ComputeBusy"
