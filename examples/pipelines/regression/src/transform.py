"""Brings each measurement to mean 0 and deviation 1, and parts the patients into those to learn from and the rest."""

import argparse
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--table", type=Path)
parser.add_argument("--held-out", type=float)
parser.add_argument("--training", type=Path)
parser.add_argument("--testing", type=Path)
arguments = parser.parse_args()

frame = pd.read_csv(arguments.table / "patients.csv")
training, testing = train_test_split(frame, test_size=arguments.held_out, random_state=7)
measured = [name for name in frame if name != "target"]
mean, deviation = training[measured].mean(), training[measured].std()
for part, folder in ((training.copy(), arguments.training), (testing.copy(), arguments.testing)):
    part[measured] = (part[measured] - mean) / deviation
    folder.mkdir(parents=True, exist_ok=True)
    part.to_csv(folder / "patients.csv", index=False)
print(f"{len(training)} to learn from, {len(testing)} held out")
