"""Fits nothing much: the mean of a column, logged and saved as a model with MLflow, round by round."""

import argparse
import csv
import os
import tempfile

import mlflow
from mlflow.models import Model

parser = argparse.ArgumentParser()
parser.add_argument("--petals", required=True)
parser.add_argument("--rounds", type=int, default=1)
given = parser.parse_args()

with open(given.petals, newline="") as file:
    counts = [int(row["petals"]) for row in csv.DictReader(file)]

mean = 0.0
mlflow.log_param("rounds", given.rounds)
for number in range(given.rounds):
    mean += (sum(counts) / len(counts) - mean) / 2
    mlflow.log_metric("mean", mean, step=number)
    print(f"round {number}: mean {mean:.3f}", flush=True)

with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "mean.txt"), "w") as file:
        file.write(str(mean))
    Model(artifact_path="model", flavors={"mean": {"file": "mean.txt"}}).save(os.path.join(folder, "MLmodel"))
    mlflow.log_artifacts(folder, "model")
