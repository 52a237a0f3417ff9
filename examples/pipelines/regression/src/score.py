"""Compares predictions with what happened, and writes a report."""

import argparse
import json
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.metrics import mean_absolute_error, r2_score

parser = argparse.ArgumentParser()
parser.add_argument("--predictions", type=Path)
parser.add_argument("--report", type=Path)
arguments = parser.parse_args()

frame = pd.read_csv(arguments.predictions / "predictions.csv")
scores = {
    "r2": r2_score(frame["target"], frame["predicted"]),
    "mean_absolute_error": mean_absolute_error(frame["target"], frame["predicted"]),
}
mlflow.log_metrics(scores)
arguments.report.mkdir(parents=True, exist_ok=True)
(arguments.report / "scores.json").write_text(json.dumps(scores, indent=2))
print(scores)
