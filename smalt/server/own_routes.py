"""What the server answers about itself: whether it is well, and what it can be asked."""

from __future__ import annotations

from functools import cache

import msgspec

from smalt.server.http import ANYONE, Answer, Call, Route, Routes, ok
from smalt.server.http.openapi import describe


def own_routes(others: list[Route], *, version: str) -> list[Route]:
    """Health and the API description."""
    table = Routes()

    def health(call: Call) -> Answer:
        """Tell that the server answers."""
        return ok({"status": "ok", "version": version})

    @cache
    def described() -> bytes:
        return msgspec.json.encode(describe([*others, *table.all], version=version))

    def description(call: Call) -> Answer:
        """The OpenAPI description of every route."""
        return Answer(200, described(), media_type="application/json; charset=utf-8")

    table.add("GET", "/health", health, action=ANYONE)
    table.add("GET", "/openapi.json", description, action=ANYONE)
    return table.all
