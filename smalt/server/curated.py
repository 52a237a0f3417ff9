"""Environments and components that are there without having been registered."""

from __future__ import annotations

from smalt.entities.base import Asset
from smalt.entities.environment import Environment
from smalt.environments import find_recipe
from smalt.server import finetuning, responsible_ai


def find(kind: str, name: str, *, hub: str) -> Asset | None:
    """The one of this name, under any of its spellings.

    Args:
        kind: `environments` or `components`.
        name: Its name.
        hub: Where components fetch weights from.
    """
    if kind == "components":
        return finetuning.find_component(name, hub=hub) or responsible_ai.find_component(name)
    found = find_recipe(name) if kind == "environments" else None
    if found is None:
        return None
    bare = name.lower().removeprefix("azureml-")
    return Environment.parse({"name": name, "image": f"mcr.microsoft.com/azureml/curated/{bare}:latest"})
