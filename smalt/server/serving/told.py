"""When the gateway goes by what was written: who changes an endpoint, or hears of a change, asks it at once."""

from __future__ import annotations

import asyncio
import contextlib

from smalt.server.serving.bell import wait
from smalt.server.serving.gateway import Gateway
from smalt.server.serving.table import RoutingTable
from smalt.server.work import SYSTEM, Works

_LONGEST_SECONDS = 5.0


class Told:
    """Waits for the gateway.

    Args:
        works: Opens the looks into the database.
        gateway: Who is told.
        table: What it is told.
    """

    def __init__(self, works: Works, gateway: Gateway, table: RoutingTable) -> None:
        self._works = works
        self._gateway = gateway
        self._table = table

    async def __call__(self) -> None:
        """Return when the gateway goes by the table of now: within milliseconds, and never after five seconds."""
        with contextlib.suppress(TimeoutError), self._gateway.asked.listening() as rung:
            async with asyncio.timeout(_LONGEST_SECONDS):
                while not await asyncio.to_thread(self._is_current):
                    await wait(rung, _LONGEST_SECONDS)

    def _is_current(self) -> bool:
        with self._works.read(SYSTEM) as work:
            version = self._table.build(work)["version"]
        return self._gateway.knows(version)
