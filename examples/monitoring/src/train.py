"""Trains a classifier of irises, on flowers as they were measured or as they are measured by now."""

import argparse
from pathlib import Path

import mlflow
import sklearn
import skops
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--grown", type=float, default=0.0, help="by how much petals have grown, in cm")
parser.add_argument("--table", required=True, help="folder to write the training data to")
parser.add_argument("--model", required=True, help="folder to save the model to")
arguments = parser.parse_args()

frame = load_iris(as_frame=True).frame
frame.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
frame["petal_length"] += arguments.grown
features, target = frame.drop(columns="species"), frame["species"]
train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.3, random_state=7, stratify=target)
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train_x, train_y)
accuracy = model.score(test_x, test_y)
mlflow.log_metric("test_accuracy", accuracy)
print(f"trained on {len(train_x)} flowers, accuracy {accuracy:.3f}")

Path(arguments.table).mkdir(parents=True, exist_ok=True)
frame.to_csv(Path(arguments.table, "irises.csv"), index=False)
mlflow.sklearn.save_model(
    model,
    arguments.model,
    serialization_format="skops",
    input_example=train_x.head(2),
    pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"skops=={skops.__version__}", "pandas"],
)
