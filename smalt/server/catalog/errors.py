"""Failures only the catalog has."""

from __future__ import annotations

from smalt.errors import Conflict, Forbidden, NotFound


class CardNotFound(NotFound):
    """The catalog has no card of this name."""

    code = "CardNotFound"


class LicenceNotAccepted(Forbidden):
    """The weights of a model come under a licence that nobody of the workspace has accepted."""

    code = "LicenseNotAccepted"


class NotImported(Conflict):
    """A model is asked for whose weights the workspace does not have."""

    code = "ModelNotImported"
