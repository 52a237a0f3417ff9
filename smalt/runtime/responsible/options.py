"""Options of steps, which are text: lists, mappings, numbers and names as JSON."""

from __future__ import annotations

import json
from typing import Any

from smalt.runtime.responsible.failure import AnalysisError


def listed(text: str | None, name: str) -> list[Any]:  # Any: JSON
    """A list.

    Raises:
        AnalysisError: It is none.
    """
    found = _json(text, name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise AnalysisError(f"The input {name} is no JSON list: {str(text)[:200]!r}. Write e.g. '[\"age\"]'.")
    return found


def mapping(text: str | None, name: str) -> dict[str, Any]:  # Any: JSON
    """A mapping.

    Raises:
        AnalysisError: It is none.
    """
    found = _json(text, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise AnalysisError(
            f"The input {name} is no JSON object: {str(text)[:200]!r}. Write e.g. '{{\"age\": [0, 9]}}'."
        )
    return found


def truth(text: str) -> bool:
    """True or false, as components write it."""
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise AnalysisError(f"{text[:50]!r} is neither true nor false.")
    return word == "true"


def seed(text: str) -> int | None:
    """A number, or `None` as text."""
    word = text.strip().strip("'\"")
    return None if word.lower() in ("", "none", "null") else int(word)


def _json(text: str | None, name: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError as failure:
        raise AnalysisError(f"The input {name} is no JSON ({failure}): {str(text)[:200]!r}.") from None
