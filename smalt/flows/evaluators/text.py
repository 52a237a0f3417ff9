"""Scores that compare a response with the truth by its words: F1, exact match, BLEU, GLEU, ROUGE, METEOR."""

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TypedDict

from smalt.flows.evaluators.base import Evaluator

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_WORD = re.compile(r"\w+|[^\w\s]")
_ORDERS = 4


def normalized(text: str) -> list[str]:
    """The words of a text without case, punctuation and articles, as question answering counts them."""
    plain = "".join(" " if each in string.punctuation else each for each in text.lower())
    return _ARTICLES.sub(" ", plain).split()


def words(text: str) -> list[str]:
    """The words and marks of a text, without case."""
    return _WORD.findall(text.lower())


class ExactMatchScore(TypedDict):
    """What `ExactMatch` answers."""

    exact_match: float


class ExactMatch(Evaluator):
    """1 where response and truth are the same but for case, punctuation and articles."""

    def __call__(self, *, response: str, ground_truth: str) -> ExactMatchScore:
        """Judge one line."""
        return {"exact_match": float(normalized(response) == normalized(ground_truth))}


class F1Score(TypedDict):
    """What `F1` answers."""

    f1_score: float


class F1(Evaluator):
    """The harmonic mean of precision and recall over shared words."""

    def __call__(self, *, response: str, ground_truth: str) -> F1Score:
        """Judge one line."""
        return {"f1_score": round(_f1(normalized(response), normalized(ground_truth)), 4)}


class BleuScore(TypedDict):
    """What `Bleu` answers."""

    bleu_score: float


class Bleu(Evaluator):
    """BLEU of up to four words in a row, smoothed as for single sentences."""

    def __call__(self, *, response: str, ground_truth: str) -> BleuScore:
        """Judge one line."""
        return {"bleu_score": round(_bleu(words(response), words(ground_truth)), 4)}


class GleuScore(TypedDict):
    """What `Gleu` answers."""

    gleu_score: float


class Gleu(Evaluator):
    """GLEU: the lower of precision and recall over one to four words in a row."""

    def __call__(self, *, response: str, ground_truth: str) -> GleuScore:
        """Judge one line."""
        said, true = _all_grams(words(response)), _all_grams(words(ground_truth))
        most = max(said.total(), true.total())
        return {"gleu_score": round((said & true).total() / most, 4) if most else 0.0}


class RougeScores(TypedDict):
    """What `Rouge` answers."""

    rouge_precision: float
    rouge_recall: float
    rouge_f1_score: float


class Rouge(Evaluator):
    """ROUGE: precision, recall and F1 over words in a row (`rouge1`, `rouge2`), or the longest common row (`rougeL`).

    Args:
        rouge_type: `rouge1` to `rouge4`, or `rougeL`.
    """

    def __init__(self, rouge_type: str = "rougeL") -> None:
        if not re.fullmatch(r"rouge(?:[1-4]|L)", rouge_type):
            raise ValueError(f"There is no {rouge_type!r}. Use rouge1 to rouge4, or rougeL.")
        self._order = rouge_type.removeprefix("rouge")

    def __call__(self, *, response: str, ground_truth: str) -> RougeScores:
        """Judge one line."""
        said, true = words(response), words(ground_truth)
        if self._order == "L":
            shared, counts = _longest_common(said, true), (len(said), len(true))
        else:
            ours, theirs = _grams(said, int(self._order)), _grams(true, int(self._order))
            shared, counts = (ours & theirs).total(), (ours.total(), theirs.total())
        precision, recall = (shared / count if count else 0.0 for count in counts)
        return {
            "rouge_precision": round(precision, 4),
            "rouge_recall": round(recall, 4),
            "rouge_f1_score": round(_harmonic(precision, recall), 4),
        }


class MeteorScore(TypedDict):
    """What `Meteor` answers."""

    meteor_score: float


class Meteor(Evaluator):
    """METEOR over equal words and word stems, with its penalty for words out of order.

    Args:
        alpha: The weight of recall.
        beta: How steep the penalty is.
        gamma: How large it can be.
    """

    def __init__(self, alpha: float = 0.9, beta: float = 3.0, gamma: float = 0.5) -> None:
        self._alpha, self._beta, self._gamma = float(alpha), float(beta), float(gamma)

    def __call__(self, *, response: str, ground_truth: str) -> MeteorScore:
        """Judge one line."""
        said, true = words(response), words(ground_truth)
        pairs = _aligned(said, true)
        if not pairs:
            return {"meteor_score": 0.0}
        precision, recall = len(pairs) / len(said), len(pairs) / len(true)
        mean = precision * recall / (self._alpha * precision + (1 - self._alpha) * recall)
        rows = 1 + sum(one[0] + 1 != other[0] or one[1] + 1 != other[1] for one, other in pairwise(pairs))
        penalty = self._gamma * (rows / len(pairs)) ** self._beta
        return {"meteor_score": round(mean * (1 - penalty), 4)}


def _f1(said: Sequence[str], true: Sequence[str]) -> float:
    shared = (Counter(said) & Counter(true)).total()
    return _harmonic(shared / len(said), shared / len(true)) if shared else 0.0


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def _grams(found: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(found[at : at + order]) for at in range(len(found) - order + 1))


def _all_grams(found: Sequence[str]) -> Counter[tuple[str, ...]]:
    return sum((_grams(found, order) for order in range(1, _ORDERS + 1)), Counter())


def _bleu(said: Sequence[str], true: Sequence[str]) -> float:
    if not said or not true:
        return 0.0
    logs, missed = 0.0, 1.0
    for order in range(1, _ORDERS + 1):
        ours, theirs = _grams(said, order), _grams(true, order)
        shared, total = (ours & theirs).total(), max(ours.total(), 1)
        if order == 1 and not shared:
            return 0.0
        if not shared:  # each order without a match counts half of the one before
            missed *= 2
            logs += math.log(1 / (missed * total))
        else:
            logs += math.log(shared / total)
    short = 1.0 if len(said) >= len(true) else math.exp(1 - len(true) / len(said))
    return short * math.exp(logs / _ORDERS)


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    before = [0] * (len(other) + 1)
    for word in one:
        now = [0]
        for at, known in enumerate(other):
            now.append(before[at] + 1 if word == known else max(before[at + 1], now[at]))
        before = now
    return before[-1]


def _aligned(said: Sequence[str], true: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of places with the same word, then with the same stem, in the order of the response."""
    free = dict(enumerate(true))
    pairs: dict[int, int] = {}
    for alike in (lambda word: word, _stem):
        for place, word in enumerate(said):
            if place in pairs:
                continue
            after = pairs.get(place - 1, -1)
            fitting = [at for at, known in free.items() if alike(known) == alike(word)]
            if fitting:  # the next place in a row first, else the first one
                at = after + 1 if after + 1 in fitting else fitting[0]
                pairs[place] = at
                del free[at]
    return sorted(pairs.items())


def _stem(word: str) -> str:
    for ending in ("ingly", "edly", "ing", "ies", "ied", "ed", "es", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
    return word
