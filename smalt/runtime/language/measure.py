"""Compares predictions with what is right: how many are the same, how many words they share, how much of the order."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence

from smalt.runtime.language import options, records, tracked


def main(given: argparse.Namespace) -> None:
    """Write `metrics.json` and the metrics of the run."""
    said = [str(document.get("prediction", "")) for _, document in records.lines(given.prediction)]
    right = [str(document.get("ground_truth", "")) for _, document in records.lines(given.ground_truth)]
    if len(said) != len(right) or not said:
        raise options.CannotTrain(f"{len(said)} predictions and {len(right)} truths cannot be compared, line by line.")
    pairs = [(_words(one), _words(other)) for one, other in zip(said, right)]  # noqa: B905  (Python 3.8)
    found = {
        "exact_match": sum(one == other for one, other in pairs) / len(pairs),
        "f1_score": sum(_shared(one, other) for one, other in pairs) / len(pairs),
        "rougeL": sum(_in_order(one, other) for one, other in pairs) / len(pairs),
    }
    os.makedirs(given.evaluation_result, exist_ok=True)
    with open(os.path.join(given.evaluation_result, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(found, file)
    tracked.metrics(found, 0)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _shared(said: Sequence[str], right: Sequence[str]) -> float:
    """The harmonic mean of how much of each is in the other, whatever the order."""
    return _mean(sum((Counter(said) & Counter(right)).values()), len(said), len(right))


def _in_order(said: Sequence[str], right: Sequence[str]) -> float:
    """The same for the longest sequence of words that both have in order."""
    row = [0] * (len(right) + 1)
    for word in said:
        before = row[:]
        for place, other in enumerate(right):
            row[place + 1] = before[place] + 1 if word == other else max(before[place + 1], row[place])
    return _mean(row[-1], len(said), len(right))


def _mean(shared: int, said: int, right: int) -> float:
    if not said or not right:
        return float(said == right)
    return 2 * shared / (said + right)


if __name__ == "__main__":
    try:
        main(options.parser(__doc__, ["task", "prediction", "ground_truth", "evaluation_result"]).parse_args())
    except options.CannotTrain as failure:
        sys.exit(str(failure))
