"""The route by which the gateway learns the routing table."""

from __future__ import annotations

import asyncio

from smalt.errors import NotAuthenticated
from smalt.kit import clock
from smalt.server.http import ANYONE, Answer, Call, Route, Routes, ok
from smalt.server.identity import bearer_token
from smalt.server.serving.bell import Bell, wait
from smalt.server.serving.gateway import Gateway
from smalt.server.serving.table import RoutingTable
from smalt.server.work import SYSTEM, Works

_LONGEST_POLL_SECONDS = 25.0
_NEVER = -1


class _Handlers:
    def __init__(self, works: Works, table: RoutingTable, gateway: Gateway, bell: Bell) -> None:
        self._works = works
        self._table = table
        self._gateway = gateway
        self._bell = bell

    async def table(self, call: Call) -> Answer:
        """The routing table, as soon as it is another than the one of a version; with it the gateway says what it has.

        Callers are known by the gateway's own token, which only the owner of the home folder can read.
        """
        if not self._gateway.is_its_token(bearer_token(call.header("authorization"))):
            raise NotAuthenticated(
                "This is for the gateway. Send its own token, which is in gateway.token in the home folder, as "
                "`Authorization: Bearer <token>`."
            )
        known = call.number("after", default=_NEVER, low=_NEVER, high=1 << 53)
        deadline = clock.now().timestamp() + _LONGEST_POLL_SECONDS
        with self._bell.listening() as rung:
            while True:
                self._gateway.heard(known if known != _NEVER else None)
                found = await asyncio.get_running_loop().run_in_executor(None, self._build)
                left = deadline - clock.now().timestamp()
                if found["version"] != known or left <= 0:
                    return ok(found)
                await wait(rung, left)

    def _build(self) -> dict[str, object]:
        with self._works.read(SYSTEM) as work:
            return self._table.build(work)


def gateway_routes(works: Works, table: RoutingTable, gateway: Gateway, bell: Bell) -> list[Route]:
    """The route of the gateway."""
    handlers = _Handlers(works, table, gateway, bell)
    routes = Routes()
    routes.add("GET", "/gateway/table", handlers.table, action=ANYONE, query=("after:int",))
    return routes.all
