"""Writes the tables of these examples: real data that scikit-learn and statsmodels bring along, as MLTable folders."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import statsmodels.api as sm
from sklearn.datasets import load_breast_cancer, load_diabetes

TABLE = """\
paths:
  - file: ./table.csv
transformations:
  - read_delimited:
      delimiter: ','
"""


def write(folder: Path, table: pd.DataFrame) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "table.csv", index=False)
    (folder / "MLTable").write_text(TABLE)


def tumours() -> pd.DataFrame:
    found = load_breast_cancer(as_frame=True)
    named = found.target.map(dict(enumerate(found.target_names)))
    return found.data.iloc[:, :10].assign(diagnosis=named)


def carbon_dioxide() -> pd.DataFrame:
    monthly = sm.datasets.co2.load_pandas().data.co2.resample("MS").mean().ffill()
    return pd.DataFrame({"month": monthly.index.strftime("%Y-%m-%d"), "co2": monthly.round(2)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=Path, required=True)
    tables = parser.parse_args().tables
    whole = tumours().sample(frac=1, random_state=0)
    write(tables / "tumours", whole[:450])
    write(tables / "tumours-test", whole[450:])
    write(tables / "diabetes", load_diabetes(as_frame=True).frame)
    months = carbon_dioxide()
    write(tables / "co2", months[:-12])
    write(tables / "co2-test", months[-12:])
