"""Finds the route for a path: a tree of segments, literals without regard to case, parameters as given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from smalt.errors import InvalidRequest
from smalt.server.http.route import Route, Wire

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    rest: _Node | None = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """What stands at a path: the routes by method, and the values of the parameters, still percent-encoded."""

    routes: dict[str, tuple[Route, tuple[str, ...]]]
    values: tuple[str, ...]

    def params(self, names: Sequence[str]) -> dict[str, str]:
        """Parameter values under the names that the route's own template gives them.

        Raises:
            InvalidRequest: One holds control characters or is not UTF-8.
        """
        return {name: _decode(value) for name, value in zip(names, self.values, strict=True)}


class RouteTree:
    """All routes. Matching costs the length of the path, whatever their number."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._wires: dict[str, Wire] = {}
        for route in routes:
            self._insert(route)

    def _insert(self, route: Route) -> None:
        node = self._root
        names: list[str] = []
        for segment in _segments(route.path):
            if segment.startswith("{") and segment.endswith(":path}"):
                names.append(segment[1:-6])
                node.rest = node.rest or _Node()
                node = node.rest
            elif segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment.lower(), _Node())
        if route.method in node.routes:
            raise ValueError(f"Two routes answer {route.method} {route.path}.")
        node.routes[route.method] = (route, tuple(names))
        for first in _segments(route.path.lower())[:1]:
            self._wires.setdefault(first, route.wire)

    def wire(self, raw_path: str) -> Wire:
        """Whose conventions a path follows, when nothing stands there as well: those of its first segment."""
        return next((self._wires.get(first, Wire.ARM) for first in _segments(raw_path.lower())[:1]), Wire.ARM)

    def match(self, raw_path: str) -> Match | None:
        """The routes at a path that is still percent-encoded."""
        segments = _segments(raw_path)
        values: list[str] = []
        node = _descend(self._root, segments, 0, values)
        return Match(node.routes, tuple(values)) if node is not None else None


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _descend(node: _Node, segments: list[str], index: int, values: list[str]) -> _Node | None:
    if index == len(segments):
        if node.routes:
            return node
        if node.rest is not None and node.rest.routes:
            values.append("")
            return node.rest
        return None
    segment = segments[index]
    literal = node.literals.get(segment.lower())
    if literal is not None:
        found = _descend(literal, segments, index + 1, values)
        if found is not None:
            return found
    if node.parameter is not None and segment:
        values.append(segment)
        found = _descend(node.parameter, segments, index + 1, values)
        if found is not None:
            return found
        values.pop()
    if node.rest is not None:
        values.append("/".join(segments[index:]))
        return node.rest
    return None


def _decode(text: str) -> str:
    try:
        value = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"The path segment {text[:80]!r} is not UTF-8. Encode it as UTF-8, then with percent signs.", target="path"
        ) from error
    if _CONTROL.search(value):
        raise InvalidRequest(f"The path segment {text[:80]!r} holds a control character. Leave it out.", target="path")
    return value
