"""What a signal has left in its output, read as data that anybody may have written. Nothing in it is trusted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smalt.server.assets import Location, small_text

FILE, HISTOGRAMS = "signal.json", "histograms.json"
_MOST_VALUES = 5000
_LONGEST = 255
_LONGEST_METRIC = 128
_LONGEST_NOTE = 500
_MOST_NOTES = 50
_MOST_BINS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What a signal has come to.

    Args:
        rows: Feature, metric, value, threshold, and whether it is breached.
        facts: How many rows there were, notes, features with a histogram.
    """

    rows: list[tuple[str, str, float | None, float | None, bool]]
    facts: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON

    @property
    def breaches(self) -> int:
        """How many values are beyond their threshold."""
        return sum(is_breached for *_, is_breached in self.rows)


def read(place: Location) -> Found | None:
    """What lies there; None when a signal has left nothing that can be read."""
    document = _object(small_text(place, FILE))
    entries = document.get("metrics") if document is not None else None
    if document is None or not isinstance(entries, list):
        return None
    rows = [
        (
            str(each.get("feature") or "")[:_LONGEST],
            str(each["metric"])[:_LONGEST_METRIC],
            _number(each.get("value")),
            _number(each.get("threshold")),
            each.get("breached") is True,
        )
        for each in entries[:_MOST_VALUES]
        if isinstance(each, dict) and each.get("metric")
    ]
    notes, features = document.get("notes"), document.get("features")
    facts = {
        "production_rows": _count(document.get("production_rows")),
        "reference_rows": _count(document.get("reference_rows")),
        "notes": [str(each)[:_LONGEST_NOTE] for each in notes[:_MOST_NOTES]] if isinstance(notes, list) else [],
        "histograms": [str(each)[:_LONGEST] for each in features[:_MOST_VALUES]] if isinstance(features, list) else [],
    }
    return Found(rows, facts)


def histogram(place: Location, feature: str) -> dict[str, Any] | None:
    """How a feature is distributed in the reference and in production; None when nothing says so."""
    found = (_object(small_text(place, HISTOGRAMS)) or {}).get(feature)
    if not isinstance(found, dict) or not isinstance(found.get("labels"), list):
        return None
    counts = {
        name: [_count(each) for each in found[name][:_MOST_BINS]] if isinstance(found.get(name), list) else []
        for name in ("reference", "production")
    }
    edges = found.get("edges")
    return {
        "kind": str(found.get("kind"))[:20],
        "labels": [str(each)[:_LONGEST] for each in found["labels"][:_MOST_BINS]],
        "edges": [_number(each) for each in edges[: _MOST_BINS + 1]] if isinstance(edges, list) else None,
        **counts,
    }


def _object(text: str | None) -> dict[str, Any] | None:  # Any: JSON
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _count(value: object) -> int:
    number = _number(value)
    return 0 if number is None else min(max(int(number), 0), 2**53)
