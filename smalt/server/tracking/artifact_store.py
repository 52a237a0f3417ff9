"""The bytes of artifacts, in the containers of the assets slice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

from smalt.errors import InvalidRequest
from smalt.server.assets import Containers, receive
from smalt.server.tracking.artifacts import Content, Entry


class ContainerArtifacts:
    """What tracking asks of a store, over `Containers`. Streams hold one chunk at a time in memory."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers

    async def put(self, workspace_id: str, container: str, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Store a file whole or not at all, over an old one."""
        store = self._containers.store(workspace_id, container)
        await receive(chunks, lambda pieces: store.write(key, pieces))

    async def get(self, workspace_id: str, container: str, key: str) -> Content | None:
        """A file, or None."""
        store = self._containers.store(workspace_id, container)
        info = await asyncio.to_thread(store.head, key)
        if info is None:
            return None
        return Content(info.size, _pushed(store.read(key, 0, info.size)))

    async def delete(self, workspace_id: str, container: str, key: str) -> None:
        """Remove a file, or everything below a folder; fine when nothing is there."""
        store = self._containers.store(workspace_id, container)
        if not await asyncio.to_thread(store.delete, key):
            await asyncio.to_thread(store.delete_prefix, f"{key}/")

    def entries(self, workspace_id: str, container: str, key: str) -> Sequence[Entry]:
        """What stands directly below a folder, by name; empty when it is no folder."""
        store = self._containers.store(workspace_id, container)
        prefix = f"{key}/" if key else ""
        found: list[Entry] = []
        after: str | None = None
        while True:
            page = store.list(prefix, delimiter="/", after=after)
            found += [Entry(item.key[len(prefix) :], False, item.size) for item in page.items]
            found += [Entry(folder[len(prefix) :].rstrip("/"), True) for folder in page.prefixes]
            after = page.after
            if after is None:
                return sorted(found, key=lambda entry: entry.name)

    def size(self, workspace_id: str, container: str, key: str) -> int | None:
        """The size of a file, or None when there is no file of this key."""
        try:
            info = self._containers.store(workspace_id, container).head(key)
        except InvalidRequest:
            return None
        return info.size if info is not None else None


async def _pushed(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        chunk = await asyncio.to_thread(next, content, None)
        if chunk is None:
            return
        yield chunk
