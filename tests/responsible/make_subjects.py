"""Writes a model and its rows, with the packages that steps have: MLTables and a folder of MLflow."""

import sys
from pathlib import Path

import mlflow
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

root, kind = Path(sys.argv[1]), sys.argv[2]
people = load_diabetes(as_frame=True, scaled=False)
rows = people.data[["age", "sex", "bmi", "bp", "s5"]].copy()
rows["sex"] = rows["sex"].map({1.0: "female", 2.0: "male"})
rows["y"] = people.target
if kind == "classes":
    rows["y"] = (people.target > 140).map({False: "slow", True: "fast"})
if kind == "many":
    rows["y"] = (people.target // 90).clip(upper=2).map({0.0: "a", 1.0: "b", 2.0: "c"})
for name, part in (("train", rows[:300]), ("test", rows[300:])):
    (root / name).mkdir()
    part.to_parquet(root / name / "rows.parquet", index=False)
    table = "type: mltable\npaths:\n  - file: ./rows.parquet\ntransformations:\n  - read_parquet\n"
    (root / name / "MLTable").write_text(table)
learner = (RandomForestRegressor if kind == "regression" else RandomForestClassifier)(n_estimators=30, random_state=0)
model = make_pipeline(make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough"), learner)
model.fit(rows[:300].drop(columns="y"), rows["y"][:300])
mlflow.sklearn.save_model(model, root / "model", pip_requirements=["scikit-learn"])
