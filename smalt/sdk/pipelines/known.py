"""Components of the server in place of their names, so that a check tells what is wrong with their steps as well."""

from __future__ import annotations

from collections.abc import Callable

from smalt.entities.component import Component
from smalt.errors import InvalidRequest, NotFound
from smalt.sdk.anchor import JsonObject
from smalt.wire import references

LookUp = Callable[[str, str | None, str | None], Component]
"""Finds a component of the workspace by name, version and label."""


def with_known(steps: JsonObject, look_up: LookUp, mistakes: list[InvalidRequest]) -> JsonObject:
    """Steps with the documents of the components that they name; a name that nothing has is a mistake."""
    found: JsonObject = {}
    for name, step in steps.items():
        reference = step.get("component")
        named = references.parse(reference) if isinstance(reference, str) else None
        if isinstance(named, references.AssetReference) and named.registry is None and named.workspace is None:
            try:
                component = look_up(named.name, named.version, named.label)
            except NotFound as error:
                mistakes.append(InvalidRequest(error.message, target=f"jobs.{name}.component"))
            else:
                # It was checked when it was registered.
                step = step | {"component": component.document() | {"_source": "REMOTE.WORKSPACE.COMPONENT"}}
        found[name] = step
    return found
