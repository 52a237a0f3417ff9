"""Reports how far a number is from a half, and what else it was given."""

import argparse

import mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--near", type=float, required=True)
parser.add_argument("--values", type=float, nargs=9, required=True)
arguments = parser.parse_args()

mlflow.log_metric("distance", abs(arguments.near - 0.5))
print(*arguments.values)
