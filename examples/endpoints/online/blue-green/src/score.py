"""Greets whoever is named; what it says is a setting of the deployment."""

import json
import os


def init():
    pass


def run(raw_data):
    name = json.loads(raw_data)["name"]
    if os.environ["GREETING"] == "fail":
        raise RuntimeError("This version is broken")
    return f"{os.environ['GREETING']}, {name}!"
