"""What pages about endpoints need beside the resources: to try one, and to see how it is asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import quote

from starlette.responses import Response

from smalt.blobs import clean_key
from smalt.kit import clock
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, ok
from smalt.server.serving.requests import AccessLog
from smalt.server.serving.service import EndpointService
from smalt.server.serving.table import place_of
from smalt.server.serving.told import Told
from smalt.server.serving.trying import Address, Trial
from smalt.server.work import Works
from smalt.server.workspaces import WorkspaceService

_ONE = WORKSPACE + "/onlineEndpoints/{name}"
_SHORTEST, _LONGEST = 1, 24 * 60


class _Handlers:
    def __init__(
        self,
        endpoints: EndpointService,
        workspaces: WorkspaceService,
        *,
        works: Works,
        trial: Trial,
        log: AccessLog,
        group: str,
        told: Told,
    ) -> None:
        self._endpoints = endpoints
        self._workspaces = workspaces
        self._works = works
        self._trial = trial
        self._log = log
        self._group = group
        self._told = told

    async def try_out(self, call: Call) -> Response:
        """Send a request to an endpoint through the gateway, as the caller; the answer comes as the model gives it."""
        path = quote(clean_key(call.params["rest"]))
        address = await asyncio.to_thread(self._address, call)
        headers = {name.lower(): value for name, value in call.request.headers.items()}
        return await self._trial.send(address, path, headers=headers, body=call.body)

    async def describe(self, call: Call) -> Answer:
        """What an endpoint, or one of its deployments, tells of what it takes, as OpenAPI; null where it does not."""
        address = await asyncio.to_thread(self._address, call)
        await self._told()  # Pages hear of a new deployment a moment before the gateway does.
        return ok({"openapi": await self._trial.describe(address, call.query.get("deployment") or None)})

    def _address(self, call: Call) -> Address:
        with self._works.read(call.actor) as work:
            workspace = self._workspaces.resolve(work, call.params)
            record = self._endpoints.get(work, workspace, call.params["name"])
            return self._trial.address(work, workspace, record)

    def metrics(self, call: Call) -> Answer:
        """What callers have asked an endpoint lately: requests, errors, percentiles of latency, by deployment."""
        workspace = self._workspaces.of(call)
        record = self._endpoints.get(call.work, workspace, call.params["name"])
        minutes = call.number("minutes", default=15, low=_SHORTEST, high=_LONGEST)
        place = place_of(workspace, group=self._group)
        return ok(self._log.document(place, record.name, now=clock.now(), span=timedelta(minutes=minutes)))


def page_routes(
    endpoints: EndpointService,
    workspaces: WorkspaceService,
    *,
    works: Works,
    trial: Trial,
    log: AccessLog,
    group: str,
    told: Told,
) -> list[Route]:
    """The routes of pages."""
    handlers = _Handlers(endpoints, workspaces, works=works, trial=trial, log=log, group=group, told=told)
    routes = Routes()
    score = "workspaces/onlineEndpoints/score/action"
    routes.add("POST", f"{_ONE}/invoke/{{rest:path}}", handlers.try_out, action=score, audited=False)
    routes.add("GET", f"{_ONE}/description", handlers.describe, action=score, query=("deployment",))
    read = "workspaces/onlineEndpoints/read"
    routes.add("GET", f"{_ONE}/metrics", handlers.metrics, action=read, query=("minutes:int",))
    return routes.all
