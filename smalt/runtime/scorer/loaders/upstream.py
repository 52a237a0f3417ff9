"""A model that another server runs, such as vLLM or Ollama: its protocol is OpenAI's, and a connection opens it."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.parse

from ..http11 import Answer
from ..language import asking
from ..language.asking import Refused
from .base import Loader, LoadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from ..http11 import Request
    from ..settings import Settings

_JSON = ("content-type", "application/json")
_PATHS = frozenset({"/chat/completions", "/completions", "/embeddings"})
_INFO, _MODELS = "/info", "/models"
_REFUSED = ("x-smalt-refused", "1")
_PIECE = 16 << 10
_OPENAI = "https://api.openai.com/v1"
_API_VERSION = "2024-10-21"
_HANDED_ON = frozenset({400, 404, 422, 429})


class UpstreamLoader(Loader):
    """Hands requests on.

    Args:
        settings: `upstream` says which connection and which model; `connections` names the file that has it.
    """

    is_async = True
    paths = _PATHS | {_INFO, _MODELS} | frozenset("/v1" + each for each in _PATHS | {_MODELS})

    def __init__(self, settings: Settings) -> None:
        self._asked: dict[str, str] = settings.document["upstream"]
        self._file = str(settings.document.get("connections"))
        self._timeout = settings.timeout_seconds

    def load(self) -> None:
        """Read the connection; nobody is asked yet."""
        with open(self._file, "rb") as file:
            documents = json.loads(file.read())
        name = self._asked["connection"]
        if name not in documents:
            raise LoadError(f"There is no connection {name!r} any more. Make it again: smalt connection create.")
        self._server = _Server(documents[name], self._asked["model"])

    async def score(self, request: Request) -> Answer:
        """Ask the other server."""
        path = request.path[3:] if request.path.startswith("/v1/") else request.path
        model = self._asked["model"]
        if path == _INFO:
            told = {"model_name": model, "model_type": "chat_completion", "model_provider_name": "upstream"}
            return Answer(200, json.dumps(told).encode(), [_JSON])
        if path == _MODELS:
            listed = [{"id": model, "object": "model", "created": 0, "owned_by": "upstream"}]
            return Answer(200, json.dumps({"object": "list", "data": listed}).encode(), [_JSON])
        try:
            document = {**asking.document_of(request.body), "model": model}
        except Refused as refused:
            return refused.answer()
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(None, self._server.ask, path, document, self._timeout)
        except (OSError, http.client.HTTPException) as failure:
            print(f"smalt: {self._server.address} did not answer: {failure!r}", flush=True)
            return _failed(502, f"The server behind connection {self._asked['connection']!r} does not answer.")
        kind = answer.getheader("content-type") or _JSON[1]
        if answer.status == 200 and kind.startswith("text/event-stream"):
            return Answer(200, b"", [("content-type", kind)], _pieces(answer))
        body = await loop.run_in_executor(None, answer.read)
        if answer.status == 200:
            return Answer(200, body, [("content-type", kind), ("x-smalt-tokens", str(_tokens(body)))])
        if answer.status in _HANDED_ON:
            return Answer(answer.status, body, [("content-type", kind), _REFUSED])
        return _failed(502, f"The server behind connection {self._asked['connection']!r} answers {answer.status}.")

    def swagger(self, version: str) -> dict[str, Any] | None:
        """The routes that are handed on; which of them the other server answers, it tells when it is asked."""
        return asking.openapi(self._asked["model"], sorted(_PATHS), _INFO) if version == "3" else None

    def describe(self) -> dict[str, Any]:
        """The model, and through which connection."""
        return {"loader": "upstream", "name": self._asked["model"], "connection": self._asked["connection"]}


class _Server:
    """Another server, as a connection describes it."""

    def __init__(self, connection: dict[str, Any], model: str) -> None:
        key = connection.get("api_key") or (connection.get("credentials") or {}).get("key")
        base = next((connection[each] for each in ("azure_endpoint", "endpoint", "api_base", "target") if
                     connection.get(each)), _OPENAI)  # fmt: skip
        self._headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        self._query = ""
        if connection.get("type") == "azure_open_ai":
            base = f"{base.rstrip('/')}/openai/deployments/{urllib.parse.quote(model, safe='')}"
            self._query = f"?api-version={connection.get('api_version') or _API_VERSION}"
            self._headers["api-key"] = key or ""
        elif key:
            self._headers["authorization"] = f"Bearer {key}"
        self._place = urllib.parse.urlsplit(base.rstrip("/"))
        if self._place.scheme not in ("http", "https") or not self._place.hostname:
            raise LoadError(f"The connection has the address {base!r}. Write one that begins with https://.")
        self.address = base

    def ask(self, path: str, document: dict[str, Any], timeout: float) -> http.client.HTTPResponse:
        """The answer, of which the head is here."""
        kind = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(self._place.hostname), self._place.port, timeout=timeout)
        connection.request("POST", self._place.path + path + self._query, json.dumps(document), self._headers)
        return connection.getresponse()


async def _pieces(answer: http.client.HTTPResponse) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    try:
        while True:
            piece = await loop.run_in_executor(None, answer.read1, _PIECE)
            if not piece:
                return
            yield piece
    finally:
        answer.close()


def _tokens(body: bytes) -> int:
    try:
        usage = json.loads(body).get("usage")
    except (ValueError, AttributeError):
        return 0
    found = usage.get("total_tokens") if isinstance(usage, dict) else None
    return found if isinstance(found, int) else 0


def _failed(status: int, message: str) -> Answer:
    body = {"status": status, "code": "upstream_failed", "message": message}
    return Answer(status, json.dumps({**body, "error": {"code": body["code"], "message": message}}).encode(), [_JSON])
