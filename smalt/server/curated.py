"""Environments and components that are there without having been registered."""

from __future__ import annotations

from smalt.entities.base import Asset
from smalt.entities.environment import Environment
from smalt.environments import find_recipe
from smalt.server import finetuning, responsible_ai

_PUBLISHER, _PREFIX = "azureml://registries/azureml", "azureml-"


def find(scope: str, kind: str, name: str, *, hub: str) -> Asset | None:
    """The one of this name, under any of its spellings.

    Args:
        scope: Whose it would be. Outside the registry that publishes them, environments are those whose name says so:
            `sklearn-training` in a workspace is one that somebody has yet to make there.
        kind: `environments` or `components`.
        name: Its name.
        hub: Where components fetch weights from.
    """
    if kind == "components":
        return finetuning.find_component(name, hub=hub) or responsible_ai.find_component(name)
    if kind != "environments" or find_recipe(name) is None:
        return None
    if not (scope.lower().startswith(_PUBLISHER) or name.lower().startswith(_PREFIX)):
        return None
    bare = name.lower().removeprefix(_PREFIX)
    return Environment.parse({"name": name, "image": f"mcr.microsoft.com/azureml/curated/{bare}:latest"})
