"""Time from the submission of a job to its first line of output, in a warm environment, beside the bare command."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx2
from _server import Server, server, spread

RUNS = 20


def first_line_milliseconds(client: httpx2.Client, here: Server, number: int) -> float:
    """From just before the request until the job's own clock at its first line."""
    name = f"bench-{number}"
    body = {
        "properties": {
            "jobType": "Command",
            "command": 'python -c "import time; print(time.time(), flush=True)"',
            "environmentId": f"{here.scope}/environments/plain/versions/1",
        }
    }
    begin = time.time()
    client.put(f"{here.scope}/jobs/{name}", json=body).raise_for_status()
    while client.get(f"{here.scope}/jobs/{name}").json()["properties"]["status"] not in ("Completed", "Failed"):
        time.sleep(0.02)
    log = next((here.home / "blobs").glob("*/azureml")) / f"ExperimentRun/dcid.{name}/user_logs/std_log.txt"
    told = [line for line in log.read_text().splitlines() if not line.startswith("smalt: ")]
    return (float(told[0]) - begin) * 1000


def bare_milliseconds() -> float:
    begin = time.time()
    done = subprocess.run([sys.executable, "-c", "import time; print(time.time())"], capture_output=True, check=True)
    return (float(done.stdout) - begin) * 1000


def main() -> None:
    with server() as here:
        headers = {"Authorization": f"Bearer {here.token}"}
        with httpx2.Client(base_url=here.url, headers=headers, timeout=120) as client:
            body = {"properties": {"image": "python"}}
            client.put(f"{here.scope}/environments/plain/versions/1", json=body).raise_for_status()
            first_line_milliseconds(client, here, 0)  # builds the environment
            values = [first_line_milliseconds(client, here, number) for number in range(1, RUNS + 1)]
    bare = [bare_milliseconds() for _ in range(RUNS)]
    print(f"submit to first line: {spread(values)} ms")
    print(f"bare interpreter to first line: {spread(bare)} ms")


if __name__ == "__main__":
    main()
