"""Trains a classifier and logs what it did. Nothing in here knows where it runs: it is plain scikit-learn and MLflow."""

import argparse

import mlflow
import pandas
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--table", required=True, help="CSV file with a column `target`")
parser.add_argument("--learning-rate", type=float, default=0.1)
parser.add_argument("--rounds", type=int, default=40)
parser.add_argument("--model", required=True, help="folder to save the model to")
arguments = parser.parse_args()

frame = pandas.read_csv(arguments.table)
features, target = frame.drop(columns="target"), frame["target"]
train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.3, random_state=7, stratify=target)
print(f"training on {len(train_x)} rows, testing on {len(test_x)}")

mlflow.log_params({"learning_rate": arguments.learning_rate, "rounds": arguments.rounds})
model = HistGradientBoostingClassifier(
    learning_rate=arguments.learning_rate, max_iter=arguments.rounds, early_stopping=False, random_state=7
)
model.fit(train_x, train_y)
for step, probabilities in enumerate(model.staged_predict_proba(test_x)):
    mlflow.log_metric("test_log_loss", log_loss(test_y, probabilities), step=step)

predicted, probability = model.predict(test_x), model.predict_proba(test_x)[:, 1]
metrics = {
    "test_accuracy": accuracy_score(test_y, predicted),
    "test_f1": f1_score(test_y, predicted),
    "test_auc": roc_auc_score(test_y, probability),
}
mlflow.log_metrics(metrics)
print(", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))

mlflow.sklearn.save_model(model, arguments.model, input_example=test_x.head(3))
