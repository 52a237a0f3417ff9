"""What a call acts on: the ARM scope that its path names, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from smalt.server.http import Call

FindScope = Callable[[Mapping[str, str]], str | None]
"""Finds the ARM id of a workspace that is named by `{workspace}` or `{workspace_id}` alone."""

_WORKSPACE_SEGMENTS = 8


def scope_segments(call: Call, find_scope: FindScope) -> tuple[str, ...]:
    """The scope of a call in lower case; empty for the whole installation.

    A parameter is always one segment, whatever characters it holds, so that no name can pose as a longer path.
    """
    template = _template(call.route.path)
    if template:
        params = call.params
        return tuple(text if is_literal else params[text].lower() for text, is_literal in template)
    if "workspace" in call.params or "workspace_id" in call.params:
        found = find_scope(call.params)
        return split_scope(found) if found is not None else ()
    return ()


def workspace_scope(call: Call, find_scope: FindScope) -> tuple[str, ...] | None:
    """The scope of the workspace a call acts in, or None when it names none that exists."""
    if "workspace" not in call.params and "workspace_id" not in call.params:
        return None
    segments = scope_segments(call, find_scope)
    return segments[:_WORKSPACE_SEGMENTS] if len(segments) >= _WORKSPACE_SEGMENTS else None


def scope_text(segments: tuple[str, ...]) -> str:
    """The scope as text, `/` for the whole installation."""
    return "/" + "/".join(segments)


@lru_cache(4096)
def split_scope(scope: str) -> tuple[str, ...]:
    """The segments of a scope in lower case."""
    return tuple(segment for segment in scope.lower().split("/") if segment)


@lru_cache(4096)
def _template(path: str) -> tuple[tuple[str, bool], ...]:
    start = path.find("/subscriptions/{subscription}")
    if start < 0:
        return ()
    segments = path[start:].strip("/").split("/")
    return tuple(
        (segment[1:-1].removesuffix(":path"), False) if segment.startswith("{") else (segment.lower(), True)
        for segment in segments
    )
