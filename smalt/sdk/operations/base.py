"""What the operations of every noun share: reading, writing and listing resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

from smalt.entities.base import Entity
from smalt.errors import InvalidRequest
from smalt.sdk.poller import Poller
from smalt.sdk.room import Room
from smalt.sdk.transport import decoded
from smalt.wire.arm import codec

E = TypeVar("E", bound=Entity)
JsonObject = dict[str, Any]  # Any: JSON
JsonObjects = list[JsonObject]


class ListViewType(StrEnum):
    """Which of the archived and the others a list shows."""

    ACTIVE_ONLY = "ActiveOnly"
    ARCHIVED_ONLY = "ArchivedOnly"
    ALL = "All"


@contextmanager
def about(target: str) -> Iterator[None]:
    """Tell a refusal inside the block which field it is about, unless it says so itself."""
    try:
        yield
    except InvalidRequest as error:
        error.target = error.target or target
        raise


class Operations(Generic[E]):
    """Reads and writes the resources of one ARM type."""

    kind: str
    """The ARM type, e.g. `datastores`."""

    def __init__(self, room: Room | None) -> None:
        self._given_room = room

    @property
    def _room(self) -> Room:
        """Where the resources are; what is on this machine only has none."""
        assert self._given_room is not None
        return self._given_room

    @property
    def _root(self) -> str:
        return self._room.path

    def _path(self, name: str, *rest: str) -> str:
        words = (self.kind, name, *rest)
        if not name or any("/" in word or word in {".", ".."} for word in words):
            raise InvalidRequest(f"{name!r} is no name. Give a name without slashes.")
        return "/".join((self._root, *(quote(word, safe="") for word in words)))

    def _read(self, body: JsonObject) -> E:
        return cast("E", codec(self.kind).from_arm(body, name=body.get("name")))

    def _get(self, name: str) -> E:
        return self._read(self._room.transport.json("GET", self._path(name)))

    def _list(self, query: Mapping[str, str] | None = None, *, max_results: int | None = None) -> Iterator[E]:
        items = self._room.transport.items(f"{self._root}/{self.kind}", params=query)
        return (self._read(body) for body in islice(items, max_results))

    def _put(self, name: str, entity: E, query: Mapping[str, str] | None = None) -> E:
        body = codec(self.kind).to_arm(entity, secrets=True)
        return self._read(self._room.transport.json("PUT", self._path(name), params=query, body=body))

    def _begin(
        self, method: str, path: str, *, body: object = None, query: Mapping[str, str] | None = None
    ) -> Poller[None]:
        response = self._room.transport.request(method, path, params=query, body=body)
        return Poller(self._room.transport, response, lambda: None)

    def _begin_put(self, name: str, body: JsonObject) -> Poller[E]:
        response = self._room.transport.request("PUT", self._path(name), body=body)
        first = decoded(response)

        def finish() -> E:
            waited = "Azure-AsyncOperation" in response.headers or not first
            return self._get(name) if waited else self._read(first)

        return Poller(self._room.transport, response, finish)


def required_name(entity: Entity, what: str) -> str:
    """The name of an entity that must have one.

    Raises:
        InvalidRequest: It has none.
    """
    name = getattr(entity, "name", None)
    if isinstance(name, str) and name:
        return name
    raise InvalidRequest(f"The {what} has no name. Write 'name:' in its file, or pass --name.", target="name")
