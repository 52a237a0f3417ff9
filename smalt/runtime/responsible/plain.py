"""Values of numpy and pandas as JSON has them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Json = Any
"""Whatever JSON can say."""


def plain(value: Any) -> Json:  # Any: whatever a table or a library holds
    """The value without numpy in it; what is no number is null, since JSON has no word for it."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    # NaT and NA are the only values that do not equal themselves.
    return str(value) if value == value else None


def write(path: Path, value: Any) -> None:  # Any: as above
    """Write a JSON file, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(value)), encoding="utf-8")


def read(path: Path) -> Json:
    """What a JSON file says."""
    return json.loads(path.read_text(encoding="utf-8"))
