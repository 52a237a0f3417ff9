"""Web search through SerpAPI."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from smalt.flows.connections import SerpConnection
from smalt.flows.errors import SystemErrorException, UserErrorException
from smalt.flows.tools.builtin import web
from smalt.flows.tools.declare import ToolProvider, tool

_URL = "https://serpapi.com/search"


class SafeMode(str, Enum):  # noqa: UP042  # a text of an f-string must be as it was
    """Whether what is not for everybody is left out."""

    ACTIVE = "active"
    OFF = "off"


class Engine(str, Enum):  # noqa: UP042
    """Who searches."""

    GOOGLE = "google"
    BING = "bing"


class SerpAPIUserError(UserErrorException):
    """The search was refused."""


class SerpAPISystemError(SystemErrorException):
    """The search failed."""


class SerpAPI(ToolProvider):
    """Web search."""

    def __init__(self, connection: SerpConnection) -> None:
        super().__init__()
        self.connection = connection

    @tool
    def search(
        self,
        query: str,
        location: str = None,  # type: ignore[assignment]  # noqa: RUF013  # read by editors as it is
        safe: SafeMode = SafeMode.OFF,
        num: int = 10,
        engine: Engine = Engine.GOOGLE,
    ) -> Any:
        """What the engine finds.

        Raises:
            SerpAPIUserError: The search was refused.
            SerpAPISystemError: The search failed.
        """
        parameters = _parameters(query, location, safe, num, engine) | {"api_key": self.connection.api_key}
        try:
            return web.get(_URL, parameters)
        except web.ServiceFailed as error:
            kind = SerpAPIUserError if error.status is not None and error.status < 500 else SerpAPISystemError
            raise kind(f"SerpAPI search request failed: {_told(str(error))}") from None


def _parameters(query: str, location: str | None, safe: SafeMode, num: int, engine: Engine) -> dict[str, Any]:
    name = engine.value if isinstance(engine, Engine) else str(engine)
    is_google = name.lower() == "google"
    found: dict[str, Any] = {"q": query, "location": location, "engine": name, "output": "json"}
    if safe == SafeMode.ACTIVE:
        found["safe" if is_google else "safeSearch"] = "Active" if is_google else "Strict"
    if int(num) > 0:
        found["num" if is_google else "count"] = int(num)
    return found


def _told(text: str) -> str:
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text


@tool
def search(
    connection: SerpConnection,
    query: str,
    location: str = None,  # type: ignore[assignment]  # noqa: RUF013  # read by editors as it is
    safe: SafeMode = SafeMode.OFF,
    num: int = 10,
    engine: Engine = Engine.GOOGLE,
) -> Any:
    """What the engine finds."""
    return SerpAPI(connection).search(query=query, location=location, safe=safe, num=num, engine=engine)
