"""Counts the words of every text in a folder."""

import argparse
import collections
import json
import pathlib

parser = argparse.ArgumentParser()
parser.add_argument("--texts", type=pathlib.Path)
parser.add_argument("--shortest", type=int)
parser.add_argument("--counts", type=pathlib.Path)
arguments = parser.parse_args()

words = [word for path in sorted(arguments.texts.iterdir()) for word in path.read_text().lower().split()]
counts = collections.Counter(word for word in words if len(word) >= arguments.shortest)
(arguments.counts / "counts.json").write_text(json.dumps(counts, sort_keys=True))
print(f"{len(words)} words, {len(counts)} counted")
