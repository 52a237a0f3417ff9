"""Everything that speaks the OpenAI protocol: OpenAI, Azure OpenAI, serverless endpoints, local servers.

The protocol is spoken over the HTTP client this package has anyway. The `openai` package would cost more time to
import than a batch of a thousand lines takes to run (decision 9); flow code that imports it goes on as it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smalt.errors import InvalidRequest
from smalt.flows.connections import AzureOpenAIConnection, Connection, OpenAIConnection, ServerlessConnection
from smalt.flows.providers import retry, wire
from smalt.flows.providers.base import ChatAnswer, ChatPiece, ChatRequest
from smalt.flows.providers.errors import WrappedOpenAIError, after_last_try, from_status
from smalt.flows.providers.pace import Pace
from smalt.flows.providers.wire import Lost, Response

if TYPE_CHECKING:
    import httpx2

_PUBLIC = "https://api.openai.com/v1"
_CONNECT_SECONDS = 15.0
_END = "[DONE]"


class OpenAIShaped:
    """The provider of one connection; clients, limits and back-off are shared by all who use it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pace = Pace(connection.limits)
        self._max_tries = int(connection.limits.get("max_tries", retry.MAX_TRIES))
        # A client's sockets belong to the loop they were opened on.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )
        self._blocking: httpx2.Client | None = None

    async def complete(self, request: ChatRequest) -> ChatAnswer:
        """See `ChatProvider.complete`."""
        url, headers, content = self._address(request), self._headers(request), self._content(request)
        send = wire.post if wire.is_direct(url) else self._post
        tries = 0
        while True:
            tries += 1
            async with self._pace.turn(request.estimated_tokens):
                try:
                    response = await send(url, content, headers, seconds=request.timeout_seconds)
                except Lost as error:
                    wait = self._after_loss(error, request, tries)
                else:
                    if response.status < 300:
                        self._pace.succeeded()
                        return ChatAnswer(_parsed(response), tries)
                    wait = self._after_refusal(response, request, tries)
            await asyncio.sleep(wait)

    def complete_now(self, request: ChatRequest) -> ChatAnswer:
        """See `ChatProvider.complete_now`."""
        import httpx2

        url, headers, content = self._address(request), self._headers(request), self._content(request)
        client, tries = self._client_now(url), 0
        while True:
            tries += 1
            with self._pace.turn_now(request.estimated_tokens):
                try:
                    found = client.post(
                        url, content=content, headers=headers, timeout=_timeout(request.timeout_seconds)
                    )
                except httpx2.TransportError as error:
                    wait = self._after_loss(_lost(error), request, tries)
                else:
                    response = _response(found)
                    if response.status < 300:
                        self._pace.succeeded()
                        return ChatAnswer(_parsed(response), tries)
                    wait = self._after_refusal(response, request, tries)
            time.sleep(wait)

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatPiece]:
        """See `ChatProvider.stream`; what has begun to arrive is never asked again."""
        import httpx2

        url, headers, content = self._address(request), self._headers(request), self._content(request, stream=True)
        client, tries = self._client(url), 0
        while True:
            tries += 1
            async with self._pace.turn(request.estimated_tokens):
                has_begun = False
                try:
                    async with client.stream(
                        "POST", url, content=content, headers=headers, timeout=_timeout(request.timeout_seconds)
                    ) as response:
                        if response.status_code < 300:
                            async for line in response.aiter_lines():
                                has_begun = True
                                piece = _piece(line)
                                if piece is not None:
                                    yield piece
                            self._pace.succeeded()
                            return
                        await response.aread()
                        wait = self._after_refusal(_response(response), request, tries)
                except httpx2.TransportError as error:
                    wait = self._after_loss(_lost(error), request, self._most(request) if has_begun else tries)
            await asyncio.sleep(wait)

    def stream_now(self, request: ChatRequest) -> Iterator[ChatPiece]:
        """See `ChatProvider.stream_now`."""
        import httpx2

        url, headers, content = self._address(request), self._headers(request), self._content(request, stream=True)
        client, tries = self._client_now(url), 0
        while True:
            tries += 1
            with self._pace.turn_now(request.estimated_tokens):
                has_begun = False
                try:
                    with client.stream(
                        "POST", url, content=content, headers=headers, timeout=_timeout(request.timeout_seconds)
                    ) as response:
                        if response.status_code < 300:
                            for line in response.iter_lines():
                                has_begun = True
                                piece = _piece(line)
                                if piece is not None:
                                    yield piece
                            self._pace.succeeded()
                            return
                        response.read()
                        wait = self._after_refusal(_response(response), request, tries)
                except httpx2.TransportError as error:
                    wait = self._after_loss(_lost(error), request, self._most(request) if has_begun else tries)
            time.sleep(wait)

    def _most(self, request: ChatRequest) -> int:
        return request.max_tries or self._max_tries

    async def _post(self, url: str, content: bytes, headers: Mapping[str, str], *, seconds: float) -> Response:
        """As `wire.post`, through a proxy."""
        import httpx2

        try:
            found = await self._client(url).post(url, content=content, headers=headers, timeout=_timeout(seconds))
        except httpx2.TransportError as error:
            raise _lost(error) from None
        return _response(found)

    def _after_refusal(self, response: Response, request: ChatRequest, tries: int) -> float:
        """Seconds until the next try; raises where none helps."""
        error = from_status(response.status, response.content, tries=tries)
        if not retry.may_help(response.status, response.content, tries=tries):
            raise error
        if tries >= self._most(request):
            raise after_last_try(error)
        wait = retry.pause(tries, response.headers)
        if response.status == 429:
            self._pace.hold(wait)
            return 0.0
        return wait

    def _after_loss(self, error: Lost, request: ChatRequest, tries: int) -> float:
        if tries < self._most(request):
            return retry.pause(tries)
        kind = "APITimeoutError" if error.is_slow else "APIConnectionError"
        raise after_last_try(
            WrappedOpenAIError(
                kind,
                f"{error}. Check the address of connection {self._connection.name or self._connection.kind!r}, and "
                "that it can be reached from here.",
                tries=tries,
            )
        ) from None

    def _client(self, url: str) -> httpx2.AsyncClient:
        import httpx2

        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        if found is None:
            found = self._clients[loop] = httpx2.AsyncClient(verify=url.startswith("https"))
        return found

    def _client_now(self, url: str) -> httpx2.Client:
        if self._blocking is None:
            import httpx2

            self._blocking = httpx2.Client(verify=url.startswith("https"))
        return self._blocking

    def _address(self, request: ChatRequest) -> str:
        connection = self._connection
        if isinstance(connection, AzureOpenAIConnection):
            base = str(connection.api_base).rstrip("/").removesuffix("/openai")
            deployment = quote(request.model, safe="")
            version = quote(str(connection.api_version), safe="")
            return f"{base}/openai/deployments/{deployment}/{request.operation}?api-version={version}"
        if isinstance(connection, ServerlessConnection):
            base = str(connection.api_base).rstrip("/")
            return f"{base if base.endswith('/v1') else base + '/v1'}/{request.operation}"
        base = connection.configs.get("base_url") or os.environ.get("OPENAI_BASE_URL") or _PUBLIC
        return f"{str(base).rstrip('/')}/{request.operation}"

    def _headers(self, request: ChatRequest) -> dict[str, str]:
        connection = self._connection
        headers = {"content-type": "application/json", **request.headers}
        key = connection.secrets.get("api_key")
        if isinstance(connection, AzureOpenAIConnection):
            if connection.auth_mode != "key":
                return headers | {"authorization": f"Bearer {connection.get_token()}"}
            return headers | {"api-key": str(key or "")}
        if connection.configs.get("organization"):
            headers["openai-organization"] = str(connection.configs["organization"])
        return headers | ({"authorization": f"Bearer {key}"} if key else {})

    def _content(self, request: ChatRequest, *, stream: bool = False) -> bytes:
        body: dict[str, Any] = {"model": request.model} if request.model else {}  # Any: JSON
        body |= request.body
        if stream:
            body["stream"] = True
        try:
            return json.dumps(body, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"The request to the model cannot be written as JSON: {error}.") from None


KINDS = (AzureOpenAIConnection, OpenAIConnection, ServerlessConnection)
"""The kinds of connections that speak this protocol."""


def _timeout(seconds: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))


def _lost(error: httpx2.TransportError) -> Lost:
    import httpx2

    told = f"{type(error).__name__}: {error}".rstrip(": ")
    return Lost(told, is_slow=isinstance(error, httpx2.TimeoutException))


def _response(found: httpx2.Response) -> Response:
    return Response(found.status_code, found.headers, found.content)


def _parsed(response: Response) -> Mapping[str, Any]:  # Any: JSON
    try:
        found = json.loads(response.content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise WrappedOpenAIError(
            "APIResponseValidationError",
            f"The service answered no JSON object but {response.content[:200]!r}. Check the address of the connection.",
            http_status=response.status,
        )
    return found


def _piece(line: str) -> ChatPiece | None:
    if not line.startswith("data:"):
        return None
    told = line[5:].strip()
    if not told or told == _END:
        return None
    try:
        found = json.loads(told)
    except ValueError:
        return None
    if isinstance(found, dict) and "error" in found:
        raise WrappedOpenAIError("APIError", f"The stream broke off: {json.dumps(found['error'])[:500]}. Ask again.")
    return ChatPiece(found) if isinstance(found, dict) else None
