"""What a registered environment comes to on this machine: whether it is built, and the packages that are in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.environments import EnvironmentCache
from smalt.errors import InvalidRequest, Unsupported
from smalt.server.assets import AssetService
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, ok
from smalt.server.jobs.software import Software
from smalt.server.workspaces import WorkspaceService

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_CONDA = re.compile(r"^https?://\S+/([A-Za-z0-9_.-]+)-([^-/\s]+)-[^-/\s]+\.(?:conda|tar\.bz2)", re.MULTILINE)


def build_routes(
    software: Software, cache: EnvironmentCache, assets: AssetService, workspaces: WorkspaceService
) -> list[Route]:
    """The route.

    Args:
        software: Decides what stands for an environment.
        cache: Where what is built is.
        assets: Where registered environments are.
        workspaces: Finds the workspace of a call.
    """

    def show(call: Call) -> Answer:
        """Whether a version of an environment is built on this machine, and which packages are in it."""
        workspace = workspaces.of(call)
        name, version = call.params["name"], call.params["version"]
        found = assets.resolve(call.work, workspace, "environments", f"azureml:{name}:{version}")
        try:
            _, recipe = software.choose(call.work, workspace, found.id)
        except (InvalidRequest, Unsupported) as error:
            return ok({"state": "Refused", "reason": str(error), "packages": [], "notes": []})
        built = cache.made(recipe)
        if built is None:
            return ok({"state": "NotBuilt", "packages": [], "notes": list(recipe.notes)})
        packages = [] if built.image else packages_of(_text(Path(built.lock)))
        return ok(_document(built.python_version, built.image, packages, built.notes))

    table = Routes(prefix=WORKSPACE + "/environments/{name}/versions/{version}")
    table.add("GET", "/build", show, action="workspaces/environments/versions/read")
    return table.all


def _document(
    python: str, image: str | None, packages: list[Mapping[str, str]], notes: tuple[str, ...]
) -> dict[str, Any]:  # Any: JSON
    return {"state": "Built", "python": python, "image": image, "packages": packages, "notes": list(notes)}


def _text(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8")
    except OSError:
        return ""


def packages_of(lock: str) -> list[Mapping[str, str]]:
    """Names and versions in the text of a lock file, of pip or of conda."""
    found = {(match[1], match[2]) for pattern in (_CONDA, _PINNED) for match in pattern.finditer(lock)}
    return [{"name": name, "version": version} for name, version in sorted(found, key=lambda one: one[0].lower())]
