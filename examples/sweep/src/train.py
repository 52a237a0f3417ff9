"""Trains one classifier of handwritten digits and reports its accuracy after every fold: one report is one interval."""

import argparse
import os
import statistics

import joblib
import mlflow
from sklearn.datasets import load_digits
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--family", choices=["linear", "nearest"], required=True)
parser.add_argument("--alpha", type=float, default=1e-4)
parser.add_argument("--neighbours", type=int, default=5)
parser.add_argument("--pixels", type=int, default=56, help="how many of the 64 pixels to look at")
parser.add_argument("--model", required=True, help="folder to save the model to")
arguments = parser.parse_args()


def model():
    if arguments.family == "linear":
        last = SGDClassifier(alpha=arguments.alpha, random_state=7)
    else:
        last = KNeighborsClassifier(arguments.neighbours)
    pixels = SelectKBest(f_classif, k=arguments.pixels)
    return make_pipeline(VarianceThreshold(), StandardScaler(), pixels, last)


images, digits = load_digits(return_X_y=True)
scores = []
folds = StratifiedKFold(arguments.folds, shuffle=True, random_state=7).split(images, digits)
for fold, (train, test) in enumerate(folds):
    scores.append(model().fit(images[train], digits[train]).score(images[test], digits[test]))
    mlflow.log_metric("accuracy", statistics.fmean(scores), step=fold)
print(f"{arguments.family}: accuracy {statistics.fmean(scores):.4f} over {arguments.folds} folds")

os.makedirs(arguments.model, exist_ok=True)
joblib.dump(model().fit(images, digits), os.path.join(arguments.model, "model.joblib"))
