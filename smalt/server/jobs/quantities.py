"""Amounts of processors, memory and GPUs as Kubernetes writes them, which is how jobs of Azure ML ask for them."""

from __future__ import annotations

import re

from smalt.errors import InvalidRequest

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|[kKMGT]i?|)[bB]?\s*")
_FACTORS = {"": 1.0, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def amount(text: str | None, target: str) -> float | None:
    """A number: `500m` is 0.5, `4Gi` is 4 * 2**30, `2G` is 2e9.

    Raises:
        InvalidRequest: The text is no amount.
    """
    if text is None:
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise InvalidRequest(f"{target} {text!r} is no amount. Write 2, 500m, 4Gi or 4G.", target=target)
    number, unit = float(found[1]), found[2]
    if unit.endswith("i"):
        return number * float(1024 ** ("KMGT".index(unit[0].upper()) + 1))
    return number * _FACTORS[unit]
