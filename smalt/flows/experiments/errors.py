"""Failures of experiments, with the names that prompt flow gives them."""

from __future__ import annotations

from smalt.errors import Conflict, NotFound
from smalt.flows.errors import UserErrorException, ValidationException


class ExperimentValueError(UserErrorException):
    """An experiment says something that does not fit together."""


class ExperimentValidationError(ValidationException):
    """A template breaks a rule of its form."""


class ExperimentHasCycle(ExperimentValueError):
    """Nodes wait for one another."""


class NoExperimentTemplateError(UserErrorException):
    """There is no template where one is asked for."""


class MultipleExperimentTemplateError(UserErrorException):
    """A folder has more than one template."""


class ExperimentNotFoundError(NotFound):
    """There is no experiment of that name."""


class ExperimentExistsError(Conflict):
    """An experiment of that name exists already."""


class ExperimentStatusError(Conflict):
    """The experiment is not in a state in which this can be done."""
