"""The API description, from the route table itself: what is served is what is described."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from smalt.server.http import fields
from smalt.server.http.route import ANYONE, Handler, Route, Wire

JsonObject = dict[str, Any]

_PARAMETER = re.compile(r"\{([^}:]+)(:path)?\}")
_TEXT: JsonObject = {"type": "string"}
_ERROR_BODIES: dict[Wire, tuple[str, JsonObject]] = {
    Wire.ARM: (
        "application/json",
        {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {"code": _TEXT, "message": _TEXT},
                }
            },
        },
    ),
    Wire.MLFLOW: (
        "application/json",
        {
            "type": "object",
            "required": ["error_code", "message"],
            "properties": {"error_code": _TEXT, "message": _TEXT},
        },
    ),
    Wire.OAUTH: (
        "application/json",
        {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {"error": _TEXT, "error_description": _TEXT},
        },
    ),
    Wire.BLOB: ("application/xml", {"type": "object", "xml": {"name": "Error"}}),
}
_COMMON_QUERY: dict[str, JsonObject] = {
    "$top": {"type": "integer", "minimum": 1, "maximum": 1000},
    "$skip": {"type": "string", "description": "The token of a next page, from `nextLink`."},
    "listViewType": {"type": "string", "enum": ["ActiveOnly", "ArchivedOnly", "All"]},
}


def describe(routes: Iterable[Route], *, version: str) -> JsonObject:
    """An OpenAPI 3.1 document.

    Args:
        routes: The table.
        version: Of the program.
    """
    paths: dict[str, JsonObject] = {}
    operations = _Operations()
    for route in sorted(routes, key=lambda route: (route.path.lower(), route.method)):
        template = _PARAMETER.sub(lambda match: f"{{{match[1]}}}", route.path) or "/"
        paths.setdefault(template, {})[route.method.lower()] = operations.of(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "smalt", "version": version, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": operations.schemas,
        },
        "paths": paths,
    }


class _Operations:
    """Describes route by route; what several share is described once.

    Attributes:
        schemas: Of bodies, by name.
    """

    def __init__(self) -> None:
        self.schemas: dict[str, JsonObject] = {}
        self._bodies: dict[Any, str] = {}
        self._handlers: dict[tuple[str, Handler], str] = {}
        self._used: set[str] = set()

    def of(self, route: Route) -> JsonObject:
        """The operation of a route. One that only spells the path of another differently says which in `x-same-as`."""
        name = self._unique(route)
        operation: JsonObject = {
            "operationId": name,
            "summary": route.summary,
            "x-action": route.action,
            "x-wire": route.wire.value,
            "responses": {"2XX": {"description": "Done."}, "4XX": _failure(route)},
        }
        first = self._handlers.setdefault((route.method, route.handler), name)
        if first != name:
            operation["x-same-as"] = first
        parameters = _parameters(route)
        if parameters:
            operation["parameters"] = parameters
        content = self._content(route)
        if content:
            operation["requestBody"] = {"content": content}
        if route.action == ANYONE:
            operation["security"] = []
        return operation

    def _content(self, route: Route) -> JsonObject:
        if route.method in {"GET", "HEAD"}:
            return {}
        if route.max_body_bytes is None:
            return {"application/octet-stream": {"schema": {}}} if route.method == "PUT" else {}
        if route.body is not None:
            media_type = "application/x-www-form-urlencoded" if route.wire is Wire.OAUTH else "application/json"
            return {media_type: {"schema": self._schema(route)}}
        return {"application/json": {"schema": {"type": "object"}}} if route.method in {"PUT", "PATCH"} else {}

    def _schema(self, route: Route) -> JsonObject:
        body = route.body
        if isinstance(body, dict):
            return body
        assert body is not None
        if body not in self._bodies:
            made = fields.body(body) if isinstance(body, str) else body()
            self._bodies[body] = name = f"Body{len(self._bodies) + 1}"
            self.schemas[name] = made
        return {"$ref": f"#/components/schemas/{self._bodies[body]}"}

    def _unique(self, route: Route) -> str:
        words = [word for word in re.split(r"[^A-Za-z0-9]+", _PARAMETER.sub("", route.path)) if word]
        stem = route.method.lower() + "".join(word[:1].upper() + word[1:] for word in words[-4:])
        name, number = stem, 1
        while name in self._used:
            number += 1
            name = f"{stem}{number}"
        self._used.add(name)
        return name


def _parameters(route: Route) -> list[JsonObject]:
    found: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name, _ in _PARAMETER.findall(route.path)
    ]
    for notation in route.query:
        name, schema, must = fields.read(notation)
        found.append({"name": name, "in": "query", "required": must, "schema": _COMMON_QUERY.get(name, schema)})
    return found


def _failure(route: Route) -> JsonObject:
    media_type, schema = _ERROR_BODIES[route.wire]
    described: JsonObject = {"description": "Refused, with the reason and what to do."}
    if route.method != "HEAD":
        described["content"] = {media_type: {"schema": schema}}
    return described
