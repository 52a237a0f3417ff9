"""The API description, from the route table itself: what is served is what is described."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from smalt.server.http.route import ANYONE, Route, Wire

_PARAMETER = re.compile(r"\{([^}:]+)(:path)?\}")
_ERROR_BODIES: dict[Wire, dict[str, Any]] = {
    Wire.ARM: {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    },
    Wire.MLFLOW: {
        "type": "object",
        "required": ["error_code", "message"],
        "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    },
}


def describe(routes: Iterable[Route], *, version: str, server: str = "/") -> dict[str, Any]:
    """An OpenAPI 3.1 document.

    Args:
        routes: The table.
        version: Of the program.
        server: Base URL for tools that call the API.
    """
    paths: dict[str, dict[str, Any]] = {}
    used: set[str] = set()
    for route in sorted(routes, key=lambda route: (route.path.lower(), route.method)):
        template = _PARAMETER.sub(lambda match: f"{{{match[1]}}}", route.path) or "/"
        paths.setdefault(template, {})[route.method.lower()] = _operation(route, used)
    return {
        "openapi": "3.1.0",
        "info": {"title": "smalt", "version": version, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def _operation(route: Route, used: set[str]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name, _ in _PARAMETER.findall(route.path)
    ]
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query]
    operation: dict[str, Any] = {
        "operationId": _unique(route, used),
        "summary": route.summary,
        "x-action": route.action,
        "responses": {"2XX": {"description": "Done."}, "4XX": _failure(route)},
    }
    if parameters:
        operation["parameters"] = parameters
    if route.method in {"POST", "PUT", "PATCH"} and route.wire in _ERROR_BODIES:
        schema = route.body or {"type": "object"}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    if route.action == ANYONE:
        operation["security"] = []
    return operation


def _failure(route: Route) -> dict[str, Any]:
    body = _ERROR_BODIES.get(route.wire)
    described: dict[str, Any] = {"description": "Refused, with the reason and what to do."}
    if body is not None and route.method != "HEAD":
        described["content"] = {"application/json": {"schema": body}}
    return described


def _unique(route: Route, used: set[str]) -> str:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", _PARAMETER.sub("", route.path)) if word]
    stem = route.method.lower() + "".join(word[:1].upper() + word[1:] for word in words[-4:])
    name, number = stem, 1
    while name in used:
        number += 1
        name = f"{stem}{number}"
    used.add(name)
    return name
