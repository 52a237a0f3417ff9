"""A chain of commands as a Prefect flow, with the API server that Prefect starts for itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

HOME = tempfile.mkdtemp(prefix="prefect-")
os.environ |= {
    "PREFECT_HOME": HOME,
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}

from prefect import flow, task  # noqa: E402  (its settings are read on import)


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


if __name__ == "__main__":
    chain(1)  # starts the server and makes the database
    begin = time.perf_counter()
    chain(int(sys.argv[1]))
    print(json.dumps({"seconds": time.perf_counter() - begin}))
