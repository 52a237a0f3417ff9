"""A worker process of a batch: `python -m smalt.flows.batch.worker`, started by `smalt.flows.batch.processes`.

It reads one JSON object per line from its standard input: first what to load, then a line to run each time; it answers
each with one JSON object. What the flow prints never reaches the answers.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from smalt.flows import Limits, load
from smalt.flows.batch import records
from smalt.flows.batch.folder import RunFolder
from smalt.flows.batch.lines import HereRunner
from smalt.flows.batch.logs import captured


def main() -> None:
    """Serve lines until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    setup = records.decode(requests.readline())
    flow = load(
        setup["flow"],
        variant=setup["variant"],
        init=setup["init"],
        environment_variables=setup["environment_variables"],
        node_connections=setup["connections"],
    )
    limits = Limits(line_seconds=setup["line_seconds"])
    runner = HereRunner(flow, setup["run_name"], limits, RunFolder(Path(setup["output_path"])))

    with captured(), asyncio.Runner() as loop:
        for request in requests:
            asked = records.decode(request)
            ended = loop.run(runner.run(asked["line_number"], asked["inputs"]))
            tokens = ended.tokens
            answer = {
                "line": ended.line,
                "nodes": ended.nodes,
                "printed": ended.printed,
                "tokens": [tokens.prompt, tokens.completion, tokens.total],
            }
            answers.write(records.encode(answer) + b"\n")
    flow.close()


if __name__ == "__main__":
    main()
