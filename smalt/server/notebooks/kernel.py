"""The environment of a notebook: the one that was named, with a kernel in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from smalt.server.jobs import Draft

_KERNEL = "ipykernel"
_NAMED = re.compile(r"\s*([A-Za-z0-9._-]+)")


def with_kernel(draft: Draft, *, parts: Mapping[str, str] | None = None) -> Draft:
    """A job whose environment has a kernel; `parts` are pinned to it as well.

    A container is left as it is: it brings a kernel along, or one is installed as the job begins.
    """
    recipe = draft.pinned["recipe"]
    named = {found[1].lower() for line in recipe["requirements"] if (found := _NAMED.match(line))}
    if recipe.get("image") is None and _KERNEL not in named:
        recipe = {**recipe, "requirements": [*recipe["requirements"], _KERNEL]}
    more = {**(draft.pinned.get("parts") or {}), **(parts or {})}
    return draft.with_pinned({**draft.pinned, "recipe": recipe, **({"parts": more} if more else {})})
