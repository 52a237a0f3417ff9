"""Values of secrets that this process has had in hand, so that they can be struck out of what leaves it."""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST = 8
"""What is shorter would strike out words that are none."""

_MOST = 10_000
_values: dict[str, None] = {}


def note(secrets: Iterable[object]) -> None:
    """Remember secrets; what is no text, short or already stars is none."""
    for secret in secrets:
        if isinstance(secret, str) and len(secret) >= _SHORTEST and secret.strip("*") and len(_values) < _MOST:
            _values[secret] = None


def noted() -> tuple[str, ...]:
    """All of them."""
    return tuple(_values)
