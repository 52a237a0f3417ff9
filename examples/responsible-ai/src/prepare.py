"""442 people with diabetes, from scikit-learn, as two MLTables: to train with and to judge by."""

import argparse
from pathlib import Path

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

MLTABLE = """type: mltable
paths:
  - file: ./rows.parquet
transformations:
  - read_parquet
"""

parser = argparse.ArgumentParser()
parser.add_argument("--train", type=Path)
parser.add_argument("--test", type=Path)
given = parser.parse_args()

people = load_diabetes(as_frame=True, scaled=False)
rows = people.data[["age", "sex", "bmi", "bp", "s5"]].copy()
rows["sex"] = rows["sex"].map({1.0: "female", 2.0: "male"})
rows["progresses"] = (people.target > people.target.median()).map({False: "slowly", True: "fast"})
train, test = train_test_split(rows, test_size=0.3, random_state=1)
for part, folder in ((train, given.train), (test, given.test)):
    folder.mkdir(parents=True, exist_ok=True)
    part.to_parquet(folder / "rows.parquet", index=False)
    (folder / "MLTable").write_text(MLTABLE)
