"""Failures of making environments."""

from __future__ import annotations

from smalt.errors import InvalidRequest, NotFound, Unavailable


class EnvironmentUnresolvable(InvalidRequest):
    """No set of package versions satisfies the requirements."""

    code = "EnvironmentUnresolvable"


class EnvironmentBuildFailed(InvalidRequest):
    """The versions are known, but a package cannot be installed."""

    code = "EnvironmentBuildFailed"


class IndexUnreachable(Unavailable):
    """The package index does not answer, and the cache does not have what is needed."""

    code = "PackageIndexUnreachable"


class EnvironmentNotFound(NotFound):
    """A built environment is not there any more."""

    code = "EnvironmentNotFound"
