"""What is wrong with a table, said to the person who wrote it."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TableError(Exception):
    """The table cannot be read; the message says why, and what to do."""


def needed(package: str, purpose: str) -> Any:  # Any: the module
    """A package of the user's environment.

    Raises:
        TableError: It is not installed there.
    """
    try:
        return importlib.import_module(package)
    except ImportError as failure:
        raise TableError(
            f"{purpose} needs the package {package!r}, which this environment lacks ({failure}). "
            f"Add {package} to the environment."
        ) from None
