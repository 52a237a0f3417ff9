"""Failures of whole runs, with the names that prompt flow gives them."""

from __future__ import annotations

from smalt.errors import Conflict, NotFound
from smalt.flows.errors import UserErrorException, ValidationException


class InputMappingError(ValidationException):
    """The sources of a run do not fit together."""


class ApplyInputMappingError(InputMappingError):
    """A column that is mapped does not exist."""


class EmptyInputsData(ValidationException):
    """A run without lines."""


class BatchRunTimeoutError(UserErrorException):
    """The time of a whole run is over."""


class WorkerDied(UserErrorException):
    """The process that ran a line ended before the line did."""


class InvalidRunError(UserErrorException):
    """A run that cannot be made as it is described."""


class RunNotFoundError(NotFound):
    """There is no run of that name."""


class RunExistsError(Conflict):
    """A run of that name exists already."""


class InvalidRunStatusError(Conflict):
    """The run is not in a state in which this can be done."""
