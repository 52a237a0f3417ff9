"""Keeps the model with the smaller loss on the biopsies that train.py has put aside."""

import argparse
import shutil

import mlflow
import pandas
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--table", required=True, help="CSV file with a column `target`")
parser.add_argument("--models", nargs="+", required=True, help="folders of MLflow models")
parser.add_argument("--chosen", required=True, help="folder to copy the better one to")
arguments = parser.parse_args()

frame = pandas.read_csv(arguments.table)
features, target = frame.drop(columns="target"), frame["target"]
_, test_x, _, test_y = train_test_split(features, target, test_size=0.3, random_state=7, stratify=target)
losses = {}
for number, folder in enumerate(arguments.models, start=1):
    losses[folder] = log_loss(test_y, mlflow.sklearn.load_model(folder).predict_proba(test_x))
    mlflow.log_metric(f"loss_{number}", losses[folder])
chosen = min(losses, key=losses.get)
shutil.copytree(chosen, arguments.chosen, dirs_exist_ok=True)
print(f"model {arguments.models.index(chosen) + 1} of {len(losses)} is kept, with a loss of {losses[chosen]:.4f}")
