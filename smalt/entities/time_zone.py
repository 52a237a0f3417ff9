"""Time zones by either of their names: those of Windows, which Azure writes, and those of the IANA database."""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator
from tzlocal.windows_tz import win_tz

# The table of the Unicode consortium. Two names that Azure writes are older than it and no longer there.
_OLDER = {
    "kamchatka standard time": "Asia/Kamchatka",
    "mid-atlantic standard time": "Etc/GMT+2",
}
_WINDOWS = _OLDER | {name.lower(): place for name, place in win_tz.items()}
_CLOSEST = 3


@lru_cache(1024)
def zone(name: str) -> ZoneInfo:
    """The rules of a time zone.

    Raises:
        ValueError: There is none of this name.
    """
    found = _WINDOWS.get(name.lower())
    if found is not None:
        return ZoneInfo(found)
    # Only names of the list are opened, so that a name is never taken for a path.
    if name in _places():
        return ZoneInfo(name)
    near = difflib.get_close_matches(name, [*win_tz, *_places()], n=_CLOSEST)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(
        f"The time zone {name[:80]!r} is unknown. Write a name such as 'Pacific Standard Time' or "
        f"'America/Los_Angeles'.{hint}"
    )


@lru_cache(1)
def _places() -> frozenset[str]:
    # It reads folders, so once is enough. `localtime` is another zone on every machine.
    return frozenset(available_timezones()) - {"localtime"}


def _name(value: Any) -> Any:  # Any: raw input of a validator
    if not isinstance(value, str):
        return value
    plain = str(getattr(value, "value", value)).strip()
    zone(plain)
    return plain


TimeZoneField = Annotated[str, BeforeValidator(_name)]
"""The name of a time zone, kept as it is written."""


def _member(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


TimeZone = StrEnum("TimeZone", {_member(name): name for name in sorted(win_tz)})  # type: ignore[misc]  # the members are those of the table
"""Time zones under the names of the v2 SDK, e.g. `TimeZone.PACIFIC_STANDARD_TIME`."""
