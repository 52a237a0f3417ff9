"""A model whose weights are text: one linear score per species, the highest wins."""

import json
import os


def _load_pyfunc(path):
    """What MLflow calls with the model's data."""
    with open(os.path.join(path, "weights.json")) as file:
        return Petals(json.load(file))


class Petals:
    def __init__(self, species):
        self._species = species

    def predict(self, table, params=None):
        return [self._best(row) for row in table.to_numpy().tolist()]

    def _best(self, row):
        def score(each):
            return each["bias"] + sum(weight * value for weight, value in zip(each["weights"], row, strict=True))

        return max(self._species, key=score)["name"]
