"""Failures of tracking, each with the code an MLflow client tests for."""

from __future__ import annotations

from smalt.errors import Conflict, Forbidden, InvalidRequest, NotFound, SmaltError


class InvalidParameter(InvalidRequest):
    """A value breaks one of MLflow's rules."""

    code = "INVALID_PARAMETER_VALUE"


class AlreadyExists(Conflict):
    """The name is taken. MLflow answers this with 400, and its clients look at the code."""

    status = 400
    code = "RESOURCE_ALREADY_EXISTS"


class DoesNotExist(NotFound):
    """No experiment, run, model or artifact of this name."""

    code = "RESOURCE_DOES_NOT_EXIST"


class EndpointNotFound(NotFound):
    """The MLflow protocol has, or once had, such a call; this server does not."""

    code = "ENDPOINT_NOT_FOUND"


class NotImplementedHere(SmaltError):
    """A call of the MLflow protocol that this server does not serve."""

    status = 501
    code = "NOT_IMPLEMENTED"


class InvalidState(InvalidRequest):
    """What was named is deleted, or otherwise not in the state the call needs."""

    code = "INVALID_STATE"


class NotYours(Forbidden):
    """A running job's token was used for something outside that job."""

    code = "PERMISSION_DENIED"
