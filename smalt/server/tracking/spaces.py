"""Which workspace a call of the MLflow protocol is for, remembered for a moment: points arrive by the thousand."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from smalt.server.http import Call
from smalt.server.tracking.access import Space
from smalt.server.tracking.errors import DoesNotExist
from smalt.server.work import Work

_FRESH_SECONDS = 2.0


class Workspaces(Protocol):
    """The part of the workspace service that tracking asks."""

    def of(self, call: Call) -> Space:
        """The workspace a call names."""

    def find_scope(self, params: Mapping[str, str]) -> str | None:
        """The ARM id of the workspace that path parameters name; known without I/O for recent ones."""

    def get(self, work: Work, subscription: str, group: str, name: str) -> Space:
        """The workspace of this name."""


class Spaces:
    """Finds workspaces for calls that have no transaction of their own.

    A workspace may be deleted and made again under its name; then its id is another, so nothing is remembered long.
    """

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._known: dict[str, tuple[float, Space]] = {}

    def of(self, call: Call) -> Space:
        """The workspace of a call with a transaction."""
        return self._workspaces.of(call)

    def find(self, work: Work, params: Mapping[str, str]) -> Space:
        """The workspace that path parameters name.

        Raises:
            DoesNotExist: There is none.
        """
        scope = self._workspaces.find_scope(params)
        parts = (scope or "").strip("/").split("/")
        if len(parts) != 8:
            raise DoesNotExist(f"No workspace {params.get('workspace', '')[:100]!r}. Check the tracking URI.")
        key = "/".join(parts).lower()
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < _FRESH_SECONDS:
            return known[1]
        found = self._workspaces.get(work, parts[1], parts[3], parts[7])
        self._known[key] = (now, found)
        return found
