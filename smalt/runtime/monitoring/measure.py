"""One signal of a monitor, as a job: its data is read, it is measured, and what was found is written down."""

import os
import sys

# As a script: the folder of this file must not shadow packages, and the home of smalt comes behind all others.
sys.path.pop(0)
sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import json
from pathlib import Path

from smalt.runtime.monitoring import result, signals
from smalt.runtime.monitoring.failure import MonitorError


def main() -> None:
    """Run the signal; a failure is told in one sentence."""
    settings = json.loads(os.environ["SMALT_MONITOR"])
    try:
        found = signals.measure(settings)
    except MonitorError as failure:
        sys.exit(f"The signal {settings['signal']!r} could not be measured. {failure}")
    result.write(found, settings, Path(settings["output"]))
    result.tell(found, settings["signal"])
    result.log(found)


if __name__ == "__main__":
    main()
