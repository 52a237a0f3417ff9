"""How many tokens requests take, from what was collected of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from smalt.runtime.monitoring.failure import MonitorError

_TOTAL = ("total_token_count", "total_tokens", "llm.usage.total_tokens")
_PARTS = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
_GROUP = ("group", "model", "deployment", "llm.response.model")


def counted(rows: Iterator[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, int]:
    """Tokens by group.

    Raises:
        MonitorError: No row says how many it took.
    """
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        flat = _flat(row)
        count = _count(flat, columns.get("total_token_count"))
        if count is not None:
            names = [columns["group"]] if "group" in columns else list(_GROUP)
            group = next((str(flat[name]) for name in names if flat.get(name)), "all")
            found[group] += count
    if not found:
        raise MonitorError(
            "No row says how many tokens it took. Collect `total_tokens` or the `usage` of the answer, or name the "
            "column: data_column_names: {total_token_count: ...}."
        )
    return dict(found)


def _count(row: Mapping[str, Any], named: str | None) -> int | None:
    for name in [named] if named else _TOTAL:
        if _is_count(row.get(name)):
            return int(row[name])
    for given, returned in _PARTS:
        if _is_count(row.get(given)) or _is_count(row.get(returned)):
            return sum(int(row[name]) for name in (given, returned) if _is_count(row.get(name)))
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and value >= 0


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with what stands in `usage` or `attributes` beside everything else, as spans and answers have it."""
    found = dict(row)
    for name in ("usage", "attributes"):
        inner = row.get(name)
        if isinstance(inner, str) and inner.startswith("{"):
            try:
                inner = json.loads(inner)
            except ValueError:
                continue
        if isinstance(inner, dict):
            found |= inner
    return found
