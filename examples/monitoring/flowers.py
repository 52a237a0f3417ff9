"""Writes requests with the flowers of scikit-learn, as they were measured or grown by now. Standard library only."""

import csv
import json
import sys

table, grown, target = sys.argv[1], float(sys.argv[2]), sys.argv[3]
with open(table, newline="") as file:
    rows = [{name: float(value) for name, value in row.items() if name != "species"} for row in csv.DictReader(file)]
for row in rows:
    row["petal_length"] += grown
columns = list(rows[0])
with open(target, "w") as file:
    json.dump({"input_data": {"columns": columns, "data": [[row[name] for name in columns] for row in rows]}}, file)
