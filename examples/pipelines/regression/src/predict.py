"""Says how each held-out patient fares."""

import argparse
import json
from pathlib import Path

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--model", type=Path)
parser.add_argument("--testing", type=Path)
parser.add_argument("--predictions", type=Path)
arguments = parser.parse_args()

model = json.loads((arguments.model / "model.json").read_text())
frame = pd.read_csv(arguments.testing / "patients.csv")
predicted = model["intercept"] + sum(frame[name] * weight for name, weight in model["weights"].items())
arguments.predictions.mkdir(parents=True, exist_ok=True)
pd.DataFrame({"predicted": predicted, "target": frame["target"]}).to_csv(
    arguments.predictions / "predictions.csv", index=False
)
print(f"{len(predicted)} predictions")
