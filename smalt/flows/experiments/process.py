"""The process that works on an experiment in the background: `python -m smalt.flows.experiments.process --name N`."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence

from smalt.flows.connections import ConnectionProvider


def main(arguments: Sequence[str] | None = None, provider: ConnectionProvider | None = None) -> int:
    """Run what is missing; being told to end ends the node that runs as Ctrl+C would."""
    from smalt.flows.experiments.operations import ExperimentOperations

    parser = argparse.ArgumentParser(description="Work on an experiment.")
    parser.add_argument("--name", required=True)
    parser.add_argument("--nodes", nargs="*", default=[])
    parser.add_argument("--from-nodes", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        ended = ExperimentOperations(provider).resume(asked.name, nodes=asked.nodes, from_nodes=asked.from_nodes)
    except KeyboardInterrupt:
        return 1
    return 1 if ended.error else 0


if __name__ == "__main__":
    raise SystemExit(main())
