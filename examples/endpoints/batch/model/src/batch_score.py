"""Names every flower of every file: one line of `file,row,name` for each."""

import csv
import json
import os

rules = []


def init():
    global rules
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "rules", "iris.json")) as file:
        rules = json.load(file)


def run(mini_batch):
    found = []
    for path in mini_batch:
        with open(path) as file:
            for number, row in enumerate(csv.reader(file)):
                found.append(f"{os.path.basename(path)},{number},{name_of([float(value) for value in row])}")
    return found


def name_of(row):
    return next((rule["name"] for rule in rules if row[rule["column"]] <= rule["up_to"]), "unknown")
