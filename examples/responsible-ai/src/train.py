"""Trains a model, registers it, and writes down what it is called."""

import argparse
import json
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

parser = argparse.ArgumentParser()
parser.add_argument("--train", type=Path)
parser.add_argument("--target")
parser.add_argument("--model_name")
parser.add_argument("--model_info", type=Path)
given = parser.parse_args()

rows = pd.read_parquet(given.train / "rows.parquet")
features = rows.drop(columns=given.target)
model = make_pipeline(
    make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough"),
    RandomForestClassifier(n_estimators=60, min_samples_leaf=4, random_state=1),
)
model.fit(features, rows[given.target])
with mlflow.start_run():
    saved = mlflow.sklearn.log_model(model, name="model", registered_model_name=given.model_name)
version = saved.registered_model_version
(given.model_info / "model_info.json").write_text(json.dumps({"id": f"{given.model_name}:{version}"}))
