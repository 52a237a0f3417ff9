"""Monitors: what they found. They are written, fired and deleted as the schedules they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

from smalt.sdk.operations.base import JsonObject, JsonObjects
from smalt.sdk.room import Room


class MonitorOperations:
    """`client.monitors`.

    Args:
        room: The workspace.
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    def list(self, *, max_results: int | None = None) -> Iterator[JsonObject]:
        """Monitors by name, each with what its signals last came to."""
        return islice(self._room.transport.items(self._path()), max_results)

    def get(self, name: str) -> JsonObject:
        """One monitor.

        Raises:
            NotFound: There is none of this name.
        """
        return self._room.transport.json("GET", self._path(name))

    def runs(self, name: str, *, max_results: int | None = None) -> Iterator[JsonObject]:
        """Runs of a monitor, the newest first."""
        return islice(self._room.transport.items(self._path(name, "runs")), max_results)

    def results(self, name: str, job: str | None = None) -> JsonObject:
        """What a run found: its signals, every value, and who was told; of the last one unless another is named.

        Raises:
            NotFound: There is no such run.
        """
        return self._room.transport.json("GET", self._path(name, "runs", job or self._last(name)))

    def series(self, name: str, *, signal: str | None = None, feature: str | None = None) -> JsonObjects:
        """Values of the last hundred runs over time, the oldest first."""
        asked = {key: value for key, value in {"signal": signal, "feature": feature}.items() if value is not None}
        found = self._room.transport.json("GET", self._path(name, "series"), params=asked)
        values: JsonObjects = found["value"]
        return values

    def histogram(self, name: str, *, signal: str, feature: str, job: str | None = None) -> JsonObject:
        """How a feature was distributed in the reference and in production."""
        path = self._path(name, "runs", job or self._last(name), "histogram")
        return self._room.transport.json("GET", path, params={"signal": signal, "feature": feature})

    def _last(self, name: str) -> str:
        from smalt.errors import NotFound

        for run in self.runs(name, max_results=1):
            return str(run["jobName"])
        raise NotFound(f"The monitor {name!r} has not run yet. Run it now: smalt schedule trigger -n {name}")

    def _path(self, *words: str) -> str:
        return "/".join((self._room.path, "smalt", "monitors", *(quote(word, safe="") for word in words)))
