"""`--set a.b[0].c=value`: changes made to a document before it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from smalt.errors import InvalidRequest

_PART = re.compile(r"""'([^']+)'|"([^"]+)"|([^.\[\]]+)|\[(\d+)\]""")


def apply_overrides(document: dict[str, Any], overrides: Sequence[str]) -> None:  # Any: a YAML document
    """Apply each `path=value` in order. Values are JSON where they parse as JSON, and text otherwise.

    Raises:
        InvalidRequest: An override has no path, or its path leads through a plain value.
    """
    for override in overrides:
        path, equals, text = override.partition("=")
        parts = path_parts(path)
        if not equals or not parts:
            raise InvalidRequest(f"--set {override!r} is not of the form path=value. Write e.g. resources.cpu=2.")
        _set(document, parts, _value(text), override)


def path_parts(path: str) -> list[str]:
    """The parts of a path: `a.b[0].c` and `a.b.0.c` are the same; `a.'b.c'` has a dot in a name."""
    return ["".join(found) for found in _PART.findall(path.strip())]


def _value(text: str) -> Any:  # Any: JSON
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _set(target: Any, parts: list[str], value: Any, override: str) -> None:  # Any: a YAML document
    for part in parts[:-1]:
        inner = _get(target, part, override)
        if inner is None:
            inner = {}
            _put(target, part, inner, override)
        target = inner
    _put(target, parts[-1], value, override)


def _get(target: Any, part: str, override: str) -> Any:  # Any: a YAML document
    if isinstance(target, dict):
        return target.get(part)
    if isinstance(target, list):
        index = _index(target, part, override)
        return target[index] if index < len(target) else None
    raise InvalidRequest(f"--set {override!r}: {part!r} lies below a plain value. Set the value itself instead.")


def _put(target: Any, part: str, value: Any, override: str) -> None:  # Any: a YAML document
    if isinstance(target, dict):
        target[part] = value
        return
    if not isinstance(target, list):
        raise InvalidRequest(f"--set {override!r}: {part!r} lies below a plain value. Set the value itself instead.")
    index = _index(target, part, override)
    target[index : index + 1] = [value]


def _index(target: list[Any], part: str, override: str) -> int:  # Any: a YAML document
    if not part.isdecimal() or int(part) > len(target):
        raise InvalidRequest(
            f"--set {override!r}: {part!r} is no index of a list of {len(target)}. Use 0 to {len(target)}."
        )
    return int(part)
