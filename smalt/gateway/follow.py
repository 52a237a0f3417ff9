"""Keeps the table up to date: asks the server for changes, and goes on with the last copy while there is none."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import httpx2

from smalt.gateway.table import Table, TableFile, parse

_log = logging.getLogger(__name__)

_POLL_SECONDS = 40.0
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 5.0


class Follower:
    """Asks for the table again and again; an answer comes when it has changed, or after a while.

    Args:
        home: The folder of the server, whose `server.json` says where it is now.
        token: Opens the table.
        file: Where the last table is kept.
        apply: Takes a new table.
    """

    def __init__(self, home: Path, token: str, file: TableFile, apply: Callable[[Table], None]) -> None:
        self._home = home
        self._token = token
        self._file = file
        self._apply = apply
        self._version = -1

    def begin(self) -> None:
        """Start with the copy on disk."""
        table = self._file.read()
        self._version = table.version
        self._apply(table)

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = _PAUSE_SECONDS
        headers = {"authorization": f"Bearer {self._token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=_POLL_SECONDS, trust_env=False) as client:
            while True:
                try:
                    await self._ask(client)
                    pause = _PAUSE_SECONDS
                    continue
                except (httpx2.HTTPError, OSError, ValueError) as failure:
                    _log.info("The table could not be asked for: %s.", failure)
                except Exception:
                    _log.exception("The table could not be taken; what was there before is served.")
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _ask(self, client: httpx2.AsyncClient) -> None:
        server = json.loads((self._home / "server.json").read_bytes())["url"]
        answer = await client.get(f"{server}/gateway/table", params={"after": str(self._version)})
        if answer.status_code in (204, 304):
            return
        answer.raise_for_status()
        table = parse(answer.content)
        if table.version == self._version:
            return
        self._apply(table)
        self._version = table.version
        self._file.keep(answer.content)
