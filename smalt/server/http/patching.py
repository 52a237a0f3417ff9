"""What a PATCH makes of a resource: a JSON merge patch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def merged(present: Any, changes: Any, *, whole: Collection[str] = ()) -> Any:  # Any: JSON
    """A document with the changes in it; null removes.

    Args:
        present: The document.
        changes: What of it is to be another.
        whole: Keys whose mapping is replaced as a whole, at whatever level they are.
    """
    if not isinstance(present, dict) or not isinstance(changes, dict):
        return changes
    found = dict(present)
    for key, value in changes.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value if key in whole else merged(present.get(key), value, whole=whole)
    return found
