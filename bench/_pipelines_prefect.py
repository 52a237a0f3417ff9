"""A chain of commands as a Prefect flow, with the API server that Prefect starts for itself.

    python _pipelines_prefect.py COUNT [apart]

Tasks run inside the flow's own process, which starts the commands. With `apart`, each step is a flow in a process of
its own, as Prefect's process workers run them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

# Processes of steps read this file again, and are given what the first has chosen.
if "PREFECT_HOME" not in os.environ:
    os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-")
os.environ |= {
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}

from prefect import flow, task
from prefect.flow_engine import run_flow_in_subprocess
from prefect.server.api.server import SubprocessASGIServer


@task
def step(after: int) -> int:
    subprocess.run(["python", "-c", ""], check=True)
    return after + 1


@flow
def chain(count: int) -> int:
    done = 0
    for _ in range(count):
        done = step(done)
    return done


@flow
def alone() -> None:
    subprocess.run(["python", "-c", ""], check=True)


@flow
def chain_apart(count: int) -> None:
    # The server that this process has started; each would start one of its own otherwise, which takes far longer.
    environment = {"PREFECT_API_URL": SubprocessASGIServer().api_url}
    for _ in range(count):
        process = run_flow_in_subprocess(alone, env=environment)
        process.join()
        assert process.exitcode == 0


if __name__ == "__main__":
    count, run = int(sys.argv[1]), chain_apart if sys.argv[2:] == ["apart"] else chain
    try:
        run(1)  # starts the server and makes the database
        begin = time.perf_counter()
        run(count)
        print(json.dumps({"seconds": time.perf_counter() - begin}), flush=True)
    finally:
        SubprocessASGIServer().stop()  # Left to the end of the process, it may outlive that.
