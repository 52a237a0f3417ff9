"""Writes a data set that ships with scikit-learn as a CSV file."""

import argparse

from sklearn.datasets import load_breast_cancer

parser = argparse.ArgumentParser()
parser.add_argument("--table", required=True, help="CSV file to write")
arguments = parser.parse_args()

frame = load_breast_cancer(as_frame=True).frame
frame.to_csv(arguments.table, index=False)
print(f"{len(frame)} rows, {frame.shape[1] - 1} features, {int(frame.target.sum())} benign")
