"""Time spans in the spelling of ISO 8601, as ARM writes limits and probes: `PT1H30M`."""

from __future__ import annotations

import math
import re

_PATTERN = re.compile(
    r"^P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)
_SECONDS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def to_iso(seconds: float) -> str:
    """Spell a span of seconds, e.g. 5400 as `PT1H30M`."""
    whole, rest = divmod(round(seconds, 9), 1)
    hours, left = divmod(int(whole), 3600)
    minutes, last = divmod(left, 60)
    # Never in powers of ten, which the format does not know.
    tail = f"{last + rest:.9f}".rstrip("0").rstrip(".") + "S" if last or rest or not (hours or minutes) else ""
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + tail


def from_iso(text: str) -> float:
    """Seconds in an ISO 8601 span.

    Raises:
        ValueError: `text` is not such a span.
    """
    match = _PATTERN.match(text.strip().upper())
    if match is None or text.strip().upper() in {"P", "PT"}:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT1H30M.")
    seconds = sum(float(value) * _SECONDS[unit] for unit, value in match.groupdict().items() if value)
    if not math.isfinite(seconds):
        raise ValueError(f"{text[:40]!r}... is longer than any number says.")
    return seconds
