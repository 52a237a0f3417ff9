"""Fits a ridge regression and keeps its weights as text, so that any reader can load them."""

import argparse
import json
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.linear_model import Ridge

parser = argparse.ArgumentParser()
parser.add_argument("--training", type=Path)
parser.add_argument("--alpha", type=float)
parser.add_argument("--model", type=Path)
arguments = parser.parse_args()

frame = pd.read_csv(arguments.training / "patients.csv")
measured = [name for name in frame if name != "target"]
model = Ridge(alpha=arguments.alpha).fit(frame[measured], frame["target"])
mlflow.log_metric("training_r2", model.score(frame[measured], frame["target"]))
arguments.model.mkdir(parents=True, exist_ok=True)
weights = {"intercept": float(model.intercept_), "weights": dict(zip(measured, map(float, model.coef_), strict=True))}
(arguments.model / "model.json").write_text(json.dumps(weights, indent=2))
