"""Writes the diabetes study that ships with scikit-learn: ten measurements of 442 patients, and how they fared."""

import argparse
from pathlib import Path

from sklearn.datasets import load_diabetes

parser = argparse.ArgumentParser()
parser.add_argument("--table", type=Path)
arguments = parser.parse_args()

frame = load_diabetes(as_frame=True, scaled=False).frame
arguments.table.mkdir(parents=True, exist_ok=True)
frame.to_csv(arguments.table / "patients.csv", index=False)
print(f"{len(frame)} patients, {frame.shape[1] - 1} measurements")
