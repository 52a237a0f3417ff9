"""What calls cost: tokens times a price per million, from a table that anyone may correct.

The table that ships holds list prices of common models in US dollars. `prices.json` in the home of flows
(`{"model": {"prompt": 0.15, "completion": 0.6}}`) adds to it and wins.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from smalt.errors import InvalidRequest
from smalt.flows.home import flows_home
from smalt.flows.providers.base import Tokens

_MILLION = 1_000_000
_LIST = {
    "gpt-4o": (2.5, 10.0),
    "gpt-4o-mini": (0.15, 0.6),
    "gpt-4.1": (2.0, 8.0),
    "gpt-4.1-mini": (0.4, 1.6),
    "gpt-4.1-nano": (0.1, 0.4),
    "gpt-4": (30.0, 60.0),
    "gpt-4-turbo": (10.0, 30.0),
    "gpt-35-turbo": (0.5, 1.5),
    "gpt-3.5-turbo": (0.5, 1.5),
    "text-embedding-ada-002": (0.1, 0.0),
    "text-embedding-3-small": (0.02, 0.0),
    "text-embedding-3-large": (0.13, 0.0),
    "echo": (0.0, 0.0),
}


def cost(model: str, tokens: Tokens, table: Path | None = None) -> float | None:
    """US dollars, or None where the price of the model is not known.

    Args:
        model: Its name; that of a version, such as `gpt-4o-2024-08-06`, costs as the model does.
        tokens: What it took.
        table: Prices that add to the list, instead of those of the home of flows.

    Raises:
        InvalidRequest: The file is no table of prices.
    """
    path = table or flows_home() / "prices.json"
    prices = _prices(path, _changed_at(path))
    found = prices.get(model) or next(
        (prices[name] for name in sorted(prices, key=len, reverse=True) if model.startswith(f"{name}-")), None
    )
    return None if found is None else (tokens.prompt * found[0] + tokens.completion * found[1]) / _MILLION


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(4)
def _prices(path: Path, changed_at: int | None) -> dict[str, tuple[float, float]]:
    if changed_at is None:
        return dict(_LIST)
    try:
        own = {
            str(name): (float(each["prompt"]), float(each.get("completion", 0)))
            for name, each in json.loads(path.read_text()).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidRequest(
            f'{path} is no table of prices ({error!r}). Write {{"model": {{"prompt": 0.15, "completion": 0.6}}}}.'
        ) from None
    return _LIST | own
