"""Counts the words and links of pages: `init` once per process, `run` for each mini-batch of paths."""

import argparse
import re
from pathlib import Path

from azureml_user.parallel_run import EntryScript


def init():
    global shortest
    parser = argparse.ArgumentParser()
    parser.add_argument("--shortest", type=int)
    shortest = parser.parse_known_args()[0].shortest


def run(mini_batch):
    rows = []
    for page in map(Path, mini_batch):
        text = page.read_text(encoding="utf-8")
        words = [word for word in re.findall(r"\w+", text) if len(word) >= shortest]
        rows.append(f"{page.name},{len(words)},{len(re.findall(r'](.+?)', text))}")
    EntryScript().logger.info("%s pages", len(rows))
    return rows
