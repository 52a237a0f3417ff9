"""One step of Newton's method: a better guess at a square root, and whether it is worth going on."""

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("number", type=float)
parser.add_argument("guess", type=float)
parser.add_argument("--better", required=True)
parser.add_argument("--again", required=True)
parser.add_argument("--is-whole", required=True)
arguments = parser.parse_args()

better = (arguments.guess + arguments.number / arguments.guess) / 2
print(f"{arguments.guess} -> {better}")
Path(arguments.better).write_text(str(better))
Path(arguments.again).write_text(str(abs(better - arguments.guess) > 1e-9).lower())
Path(arguments.is_whole).write_text(str(abs(better - round(better)) < 1e-6).lower())
