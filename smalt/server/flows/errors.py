"""Failures only flows have."""

from __future__ import annotations

from smalt.errors import Conflict, InvalidRequest, NotFound


class FlowNotFound(NotFound):
    """There is no flow of this name, or no such version of it."""

    code = "FlowNotFound"


class FlowExists(Conflict):
    """The name of a new flow is taken."""

    code = "FlowExists"


class FlowMovedOn(Conflict):
    """Somebody has saved a later version than the one that was edited."""


class InvalidFlowFiles(InvalidRequest):
    """The files that were sent are none that a flow can have."""

    code = "InvalidFlowFiles"
