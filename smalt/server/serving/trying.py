"""Tries an endpoint for somebody at a page of this server: their request goes through the gateway, as everybody's does.

A browser can neither reach the gateway, which is another origin, nor should it hold the keys of an endpoint.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.responses import StreamingResponse

from smalt.entities.endpoint.online import AuthMode
from smalt.errors import Unavailable
from smalt.server.identity import IdentityService
from smalt.server.serving.gateway import GatewayPlace
from smalt.server.serving.service import PRIMARY, EndpointService
from smalt.server.serving.store import EndpointRecord
from smalt.server.serving.table import AAD_AUDIENCE, place_of
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_SENT = ("content-type", "accept", "azureml-model-deployment")
_TOLD = ("content-type", "azureml-model-deployment", "x-request-id", "retry-after", "ms-azureml-model-error-statuscode")
_OK, _UNAUTHENTICATED = 200, 401
_MOST_BYTES = 1 << 20
_TIMEOUT = httpx2.Timeout(310.0, connect=5.0)
_GUARDS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class Address:
    """Where an endpoint is, and what opens it.

    Args:
        url: What its addresses begin with.
        secret: A key or a token.
    """

    url: str
    secret: str


class Trial:
    """Hands requests on.

    Args:
        place: The gateway's.
        endpoints: Knows keys and tokens.
        identity: Makes tokens.
        group: The resource group whose workspaces are called by their names.
    """

    def __init__(self, place: GatewayPlace, endpoints: EndpointService, identity: IdentityService, group: str) -> None:
        self._place = place
        self._endpoints = endpoints
        self._identity = identity
        self._group = group

    def address(self, work: Work, workspace: WorkspaceRecord, record: EndpointRecord) -> Address:
        """Where to send a request, with what the caller may open it with. They were admitted to score."""
        scheme = "http" if self._place.authority is None else "https"
        place = place_of(workspace, group=self._group)
        url = f"{scheme}://127.0.0.1:{self._place.port}/endpoints/{place}/{record.name}"
        mode = record.entity().auth_mode
        if mode is AuthMode.KEY:
            return Address(url, self._endpoints.keys(record)[PRIMARY])
        if mode is AuthMode.AML_TOKEN:
            return Address(url, self._endpoints.token(work, workspace, record).text)
        return Address(url, self._identity.issue_access_token(work, work.actor, audience=AAD_AUDIENCE).text)

    async def send(self, address: Address, path: str, *, headers: Mapping[str, str], body: bytes) -> StreamingResponse:
        """The answer to a request as it comes, with its status.

        Raises:
            Unavailable: The gateway does not answer, or does not know the endpoint's newest key yet.
        """
        sent = {name: headers[name] for name in _SENT if name in headers}
        async with contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(self._client(address))
            request = client.build_request("POST", f"{address.url}/{path}", headers=sent, content=body)
            try:
                answer = await client.send(request, stream=True)
            except httpx2.TransportError as failure:
                raise Unavailable(
                    f"The gateway did not answer ({type(failure).__name__}). It starts with the first endpoint; see "
                    "`smalt status`, and try again in a moment."
                ) from None
            stack.push_async_callback(answer.aclose)
            if answer.status_code == _UNAUTHENTICATED:  # A page would take it for the end of its own session.
                raise Unavailable("The gateway does not know this endpoint's key yet. Try again in a moment.")
            kept = stack.pop_all()
        told = {name: answer.headers[name] for name in _TOLD if name in answer.headers}
        return StreamingResponse(_pieces(answer, kept), answer.status_code, {**_GUARDS, **told})

    async def describe(self, address: Address, deployment: str | None) -> dict[str, Any] | None:  # Any: JSON
        """What a deployment tells of what it takes, in OpenAPI 3 or else 2; None where it tells nothing."""
        headers = {} if deployment is None else {"azureml-model-deployment": deployment}
        async with self._client(address) as client:
            for version in (3, 2):
                request = client.build_request("GET", f"{address.url}/swagger.json?version={version}", headers=headers)
                try:
                    found = await _document(client, request)
                except (httpx2.TransportError, ValueError):
                    return None
                if found is not None:
                    return found
        return None

    def _client(self, address: Address) -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {address.secret}"}
        return httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT, trust_env=False, verify=self._verify())

    def _verify(self) -> ssl.SSLContext | bool:
        authority = self._place.authority
        return True if authority is None else ssl.create_default_context(cafile=authority / "ca.pem")


async def _document(client: httpx2.AsyncClient, request: httpx2.Request) -> dict[str, Any] | None:  # Any: JSON
    """The object that is answered; None where it is none, or larger than a description can be: models write it."""
    answer = await client.send(request, stream=True)
    try:
        content = b""
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > _MOST_BYTES:
                return None
    finally:
        await answer.aclose()
    found = json.loads(content) if answer.status_code == _OK else None
    return found if isinstance(found, dict) else None


async def _pieces(answer: httpx2.Response, held: contextlib.AsyncExitStack) -> AsyncIterator[bytes]:
    async with held:
        async for piece in answer.aiter_bytes():
            yield piece
