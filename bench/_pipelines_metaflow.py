"""A chain of commands as a Metaflow flow, run on this machine as `python flow.py run` does: a process a step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEP = """
    @step
    def s{number}(self):
        subprocess.run(["python", "-c", ""], check=True)
        self.next(self.{after})
"""


def text(count: int) -> str:
    steps = "".join(
        STEP.format(number=number, after=f"s{number + 1}" if number + 1 < count else "end") for number in range(count)
    )
    return (
        "import subprocess\nfrom metaflow import FlowSpec, step\n\n\nclass Chain(FlowSpec):\n"
        f"    @step\n    def start(self):\n        self.next(self.s0)\n{steps}\n"
        "    @step\n    def end(self):\n        pass\n\n\nif __name__ == '__main__':\n    Chain()\n"
    )


def run(count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="metaflow-") as folder:
        script = Path(folder, "chain.py")
        script.write_text(text(count))
        environment = {
            **os.environ,
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": folder,
            "METAFLOW_USER": "bench",
            "METAFLOW_DEFAULT_METADATA": "local",
        }
        begin = time.perf_counter()
        command = [sys.executable, str(script), "--quiet", "run"]
        subprocess.run(command, check=True, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begin


if __name__ == "__main__":
    run(1)
    print(json.dumps({"seconds": run(int(sys.argv[1]))}))
