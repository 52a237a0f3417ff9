"""Steps that are Python functions. Each runs as a job of its own, in the curated environment `mldesigner-minimal`."""

import json
import random
from collections import Counter
from pathlib import Path

from mldesigner import Input, Output, command_component


@command_component(display_name="Throw the dice")
def throw(times: int, results: Output(type="uri_file"), seed: int = 1):
    dice = random.Random(seed)
    Path(results).write_text("\n".join(str(dice.randint(1, 6) + dice.randint(1, 6)) for _ in range(times)))


@command_component(display_name="Count the sums")
def count(results: Input(type="uri_file"), counts: Output(type="uri_file")):
    Path(counts).write_text(json.dumps(Counter(Path(results).read_text().split())))
