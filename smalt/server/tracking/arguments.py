"""The arguments of a call of the MLflow protocol: in the query of a GET, in the JSON body of all others."""

from __future__ import annotations

from typing import Any

from smalt.server.http import Call
from smalt.server.http.paging import decode, encode
from smalt.server.tracking import limits
from smalt.server.tracking.messages import Param

VIEWS = ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")


class Arguments:
    """Reads and checks them one by one."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._in_query = call.request.method == "GET"
        self._body = {} if self._in_query else call.json_object()

    def has(self, name: str) -> bool:
        """Whether it was given at all."""
        return self._get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers are taken as they are written."""
        value = self._get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise limits.invalid(name, value, "A text is expected.")
        text = str(value)
        if "\x00" in text:
            raise limits.invalid(name, text[:50], "It holds a NUL character.")
        return text

    def required(self, name: str, *others: str) -> str:
        """A text that must be there, under this name or another one."""
        for one in (name, *others):
            found = self.text(one)
            if found:
                return found
        raise limits.missing(name)

    def flag(self, name: str) -> bool:
        """Whether it was given as true."""
        return str(self._get(name)).lower() == "true"

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        value = self._get(name)
        if value is None or value == "":
            return default
        try:
            found = int(value) if not isinstance(value, float) or value.is_integer() else low - 1
        except (TypeError, ValueError, OverflowError):
            found = low - 1
        if not low <= found <= high:
            raise limits.invalid(name, value, f"It must be a whole number from {low} to {high}.")
        return found

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        if self._in_query:
            return self._call.query_all(name)
        value = self._body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise limits.invalid(name, value, "A list of texts is expected.")
        if any("\x00" in item for item in value):
            raise limits.invalid(name, "...", "It holds a NUL character.")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """An object, empty when it was not given."""
        value = self._get(name) or {}
        if not isinstance(value, dict):
            raise limits.invalid(name, value, "An object is expected.")
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects."""
        value = self._body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise limits.invalid(name, value, "A list of objects is expected.")
        return value

    def pairs(self, name: str) -> list[Param]:
        """A list of {key, value}."""
        found: list[Param] = []
        for item in self.objects(name):
            key, value = item.get("key"), item.get("value", "")
            if not isinstance(key, str) or not isinstance(value, str):
                raise limits.invalid(name, item, "A key and a value, both texts, are expected.")
            limits.check_text("value", value, limits.REGISTRY_TAG_LENGTH)
            found.append(Param(key, value))
        return found

    def view(self, name: str) -> str:
        """A view type, by name or by number."""
        value = self.text(name, "ACTIVE_ONLY")
        if value.isdigit() and 1 <= int(value) <= len(VIEWS):
            return VIEWS[int(value) - 1]
        if value not in VIEWS:
            raise limits.invalid(name, value, f"One of {', '.join(VIEWS)} is expected.")
        return value

    def offset(self) -> int:
        """Where the asked page begins."""
        token = self.text("page_token")
        if not token:
            return 0
        found = decode(token, int, name="page_token")
        if found < 0:
            raise limits.invalid("page_token", token[:80], "Start the list again without it.")
        return found

    def _get(self, name: str) -> Any:
        if self._in_query:
            return self._call.query.get(name)
        return self._body.get(name)


def with_token(answer: dict[str, Any], after: int | None) -> dict[str, Any]:
    """The answer, with the token of the next page when there is one."""
    if after is not None:
        answer["next_page_token"] = encode(after)
    return answer
