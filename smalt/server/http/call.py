"""One HTTP request as a handler sees it: path parameters as given, query without regard to case, body decoded once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from smalt.errors import InvalidRequest
from smalt.server.http import incoming, paging
from smalt.server.work import NOBODY, Actor, Work

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from smalt.server.http.route import Route

_TRUE = {"true", "1", "yes"}

T = TypeVar("T")


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of a lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found.decode("latin-1")
    return None


class Call:
    """What a handler is given.

    Attributes:
        route: The entry of the table that matched.
        params: Path parameters, unquoted, in the caller's spelling.
        request: The request underneath, for streams.
        actor: Who asks; set once the gate has admitted them.
        body: The whole body, for routes that have it read for them.
    """

    def __init__(self, request: Request, route: Route, params: Mapping[str, str], base_url: str) -> None:
        self.request = request
        self.route = route
        self.params = params
        self.base_url = base_url
        self.actor: Actor = NOBODY
        self.body = b""
        self._work: Work | None = None
        self._json: Any = msgspec.UNSET
        self._query: dict[str, str] | None = None

    @property
    def work(self) -> Work:
        """The transaction of this request (only in plain-function handlers)."""
        if self._work is None:
            raise AssertionError("An asynchronous handler opens its own unit of work.")
        return self._work

    @property
    def path(self) -> str:
        """The path as it was asked for, decoded."""
        return str(self.request.scope["path"])

    def header(self, name: str) -> str | None:
        """A request header."""
        return header(self.request.scope, name.lower().encode("latin-1"))

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters with lower-case names; of a repeated one the last."""
        if self._query is None:
            self._query = {key.lower(): value for key, value in self._pairs()}
        return self._query

    def query_all(self, name: str) -> list[str]:
        """Every value of a repeated query parameter."""
        return [value for key, value in self._pairs() if key.lower() == name.lower()]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A true-or-false query parameter."""
        value = self.query.get(name.lower())
        return default if value is None else value.lower() in _TRUE

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        """A whole-number query parameter within bounds.

        Raises:
            InvalidRequest: It is no number or lies outside.
        """
        value = self.query.get(name.lower())
        if value is None or value == "":
            return default
        try:
            found = int(value)
        except ValueError:
            found = low - 1
        if not low <= found <= high:
            raise InvalidRequest(
                f"{name}={value[:40]!r} is no number from {low} to {high}. Send one, or leave it out.", target=name
            )
        return found

    def json(self) -> Any:
        """The body as JSON; an empty body is None.

        Raises:
            InvalidRequest: It is not JSON, or holds what nothing could keep.
        """
        if self._json is msgspec.UNSET:
            self._json = incoming.json_value(self.body)
        return self._json

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one.

        Raises:
            InvalidRequest: It is another kind of value.
        """
        value = self.json()
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise InvalidRequest(
                f"The body must be a JSON object, not {type(value).__name__}. Send {{...}}.", target="body"
            )
        return value

    def position(self, shape: type[T], name: str = "$skip") -> T | None:
        """Where the asked page begins, or None for the first.

        Args:
            shape: What positions of this list are, e.g. `str` for lists in the order of names.
            name: The parameter that carries the token.

        Raises:
            InvalidRequest: The token was not made for such a list.
        """
        token = self.query.get(name.lower())
        return paging.decode(token, shape, name=name) if token else None

    def listing(self, page: paging.Page[dict[str, Any]]) -> dict[str, Any]:
        """A list answer in ARM's shape, with the link to the next page."""
        answer: dict[str, Any] = {"value": list(page.items)}
        if page.after is not None:
            kept = [(key, value) for key, value in self._pairs() if key.lower() != "$skip"]
            link = urlencode([*kept, ("$skip", paging.encode(page.after))])
            answer["nextLink"] = f"{self.base_url}{quote(self.path)}?{link}"
        return answer

    def _pairs(self) -> list[tuple[str, str]]:
        return incoming.pairs(self.request.scope["query_string"])
