"""What evaluators share: the mean of their scores over all lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


class Evaluator:
    """A flow whose answer is a mapping of scores."""

    def __aggregate__(self, line_results: Sequence[Mapping[str, Any]]) -> dict[str, float]:  # Any: scores and words
        """The mean of each score; lines without a number for it do not count."""
        found: dict[str, list[float]] = {}
        for each in line_results:
            for name, value in dict(each).items():
                if isinstance(value, int | float) and not math.isnan(value):
                    found.setdefault(name, []).append(float(value))
        return {name: round(sum(values) / len(values), 4) for name, values in found.items()}
