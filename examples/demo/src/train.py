"""Trains a classifier and logs what it did: plain scikit-learn and MLflow, whatever it runs on."""

import argparse

import mlflow
import pandas
import sklearn
import skops
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--table", required=True, help="CSV file with a column `target`")
parser.add_argument("--learning-rate", type=float, default=0.01)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--model", required=True, help="folder to save the model to")
arguments = parser.parse_args()

frame = pandas.read_csv(arguments.table)
features, target = frame.drop(columns="target"), frame["target"]
train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.3, random_state=7, stratify=target)
print(f"training on {len(train_x)} rows, testing on {len(test_x)}")

mlflow.log_params({"learning_rate": arguments.learning_rate, "epochs": arguments.epochs})
scaler = StandardScaler().fit(train_x)
classifier = SGDClassifier(
    loss="log_loss", learning_rate="constant", eta0=arguments.learning_rate, alpha=1e-3, random_state=7
)
model = make_pipeline(scaler, classifier)
for epoch in range(arguments.epochs):
    classifier.partial_fit(scaler.transform(train_x), train_y, classes=[0, 1])
    mlflow.log_metric("test_log_loss", log_loss(test_y, model.predict_proba(test_x)), step=epoch)

predicted, probability = model.predict(test_x), model.predict_proba(test_x)[:, 1]
metrics = {
    "test_accuracy": accuracy_score(test_y, predicted),
    "test_f1": f1_score(test_y, predicted),
    "test_auc": roc_auc_score(test_y, probability),
}
mlflow.log_metrics(metrics)
print(", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))

mlflow.sklearn.save_model(
    model,
    arguments.model,
    signature=mlflow.models.infer_signature(test_x.astype(float), predicted),
    input_example=test_x.head(3).astype(float),
    # Named here: left out, mlflow starts another interpreter just to watch what the model imports.
    pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"skops=={skops.__version__}"],
)
