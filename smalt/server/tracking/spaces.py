"""Which workspace a call of the MLflow protocol is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from smalt.server.http import Call
from smalt.server.tracking.access import Space
from smalt.server.work import Work


class Workspaces(Protocol):
    """The part of the workspace service that tracking asks."""

    def of(self, call: Call) -> Space:
        """The workspace a call names."""

    def resolve(self, work: Work, params: Mapping[str, str]) -> Space:
        """The workspace that path parameters name; asked for every point, so known without I/O for recent ones."""
