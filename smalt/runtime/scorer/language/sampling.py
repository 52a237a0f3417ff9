"""Which token comes next."""

from __future__ import annotations

import random
from collections import Counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .asking import Wanted
    from .json_prefix import JsonPrefix

_NOWHERE = float("-inf")


class Sampler:
    """Chooses tokens for one answer.

    Args:
        wanted: How.
        number: Which of several answers to the same question it is.
        ends: Tokens that end an answer.
    """

    def __init__(self, wanted: Wanted, number: int, ends: frozenset[int]) -> None:
        import torch

        self._wanted = wanted
        self._ends = ends
        self._seen: Counter[int] = Counter()
        self._random = torch.Generator()
        # The seed of each answer is its own, so that it is the same whoever else is answered beside it.
        self._random.manual_seed(random.getrandbits(62) if wanted.seed is None else hash((wanted.seed, number)) % 2**62)

    def choose(self, logits: Any) -> int:
        """The next token by the scores of all of them."""
        token = self._draw(self._scored(logits))
        self._seen[token] += 1
        return token

    def choose_json(self, logits: Any, prefix: JsonPrefix, shown: Callable[[int], str]) -> tuple[int, JsonPrefix]:
        """The next token that leaves JSON possible, and what is written then.

        Args:
            logits: The scores.
            prefix: What is written.
            shown: What a token adds to it.
        """
        import torch

        scores = self._scored(logits)
        if prefix.is_whole:
            return min(self._ends, default=-1), prefix
        drawn = self._draw(scores)
        for token in [drawn, *torch.argsort(scores, descending=True).tolist()]:
            text = shown(token)
            fresh = prefix.fed(text) if text and token not in self._ends and "\ufffd" not in text else None
            if fresh is not None:
                self._seen[token] += 1
                return token, fresh
        return min(self._ends, default=-1), prefix

    def _scored(self, logits: Any) -> Any:
        scores = logits.float().cpu()
        wanted = self._wanted
        if self._seen and (wanted.frequency_penalty or wanted.presence_penalty):
            scores = scores.clone()
            for token, count in self._seen.items():
                scores[token] -= wanted.frequency_penalty * count + wanted.presence_penalty
        return scores

    def _draw(self, scores: Any) -> int:
        import torch

        wanted = self._wanted
        if wanted.temperature < 1e-4 or wanted.top_p == 0:
            return int(scores.argmax())
        chances = torch.softmax(scores / wanted.temperature, dim=-1)
        if wanted.top_p < 1:
            ordered, places = torch.sort(chances, descending=True)
            # A token stays while those before it do not make up the share yet: the first always does.
            ordered[ordered.cumsum(0) - ordered > wanted.top_p] = 0
            chances = torch.zeros_like(chances).scatter(0, places, ordered)
        return int(torch.multinomial(chances, 1, generator=self._random))
