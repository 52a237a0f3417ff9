"""Texts ranked by the words that they share with a query: BM25, with its usual constants."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_SATURATION, _LENGTH = 1.5, 0.75


class Words:
    """The words of texts, counted once (BM25)."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._counts = [Counter(_words(text)) for text in texts]
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = max(1.0, sum(self._lengths) / max(1, len(self._lengths)))
        self._spread = Counter(word for counts in self._counts for word in counts)

    def ranked(self, query: str) -> list[tuple[int, float]]:
        """The texts that share words with the query, best first."""
        total = len(self._counts)
        scores: dict[int, float] = {}
        for word in set(_words(query)):
            spread = self._spread.get(word, 0)
            if not spread:
                continue
            weight = math.log(1 + (total - spread + 0.5) / (spread + 0.5))
            for number, counts in enumerate(self._counts):
                count = counts.get(word, 0)
                if count:
                    length = 1 - _LENGTH + _LENGTH * self._lengths[number] / self._mean
                    found = weight * count * (_SATURATION + 1) / (count + _SATURATION * length)
                    scores[number] = scores.get(number, 0.0) + found
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
