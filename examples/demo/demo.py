"""The demo behind `make demo`: from nothing to a tracked, registered model.

Starts a server when none runs, exports a data set as a versioned data asset (the first time), trains on it in a job of
its own environment, and prints what happened and where to look.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def smalt(*arguments: str, check: bool = True) -> str:
    """Run the command line; its messages go to the terminal, its result comes back."""
    done = subprocess.run([sys.executable, "-m", "smalt.cli.main", *arguments], stdout=subprocess.PIPE, text=True)
    if check and done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def follow(file: str) -> dict:
    """Submit a job and follow its log to the end."""
    name = smalt("job", "create", "--file", str(HERE / file), "--query", "name", "--output", "tsv").strip()
    print(f"\n$ smalt job create --file {os.path.relpath(HERE / file)} --stream", flush=True)
    subprocess.run([sys.executable, "-m", "smalt.cli.main", "job", "stream", "--name", name], check=True)
    return json.loads(smalt("job", "show", "--name", name, "--output", "json"))


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def start(home: Path) -> dict:
    """The running server's facts; one is started when there is none."""
    state = json.loads(smalt("status", "--home", str(home), "--json", check=False))
    if not state["running"]:
        port = next(port for port in range(8787, 9787, 10) if free(port) and free(port + 1))
        print(f"$ smalt up --detach --home {home}", flush=True)
        print(smalt("up", "--detach", "--home", str(home), "--port", str(port)).strip())
        state = json.loads(smalt("status", "--home", str(home), "--json"))
    return state


def short(identifier: str) -> str:
    """`kind/name:version` of an asset id."""
    words = identifier.split("/")
    return f"{words[-4]}/{words[-3]}:{words[-1]}"


def report(job: dict, model: dict, data: dict, seconds: float, state: dict) -> None:
    from smalt import MLClient

    client = MLClient()
    metrics = client.jobs.metrics(job["name"])
    own = sorted((name, value) for name, value in metrics.items() if not name.startswith("system/"))
    lineage = client.jobs.lineage(job["name"])
    rows = {
        "job": f"{job['name']} ({job['status']}), experiment {job['experiment_name']}",
        "metrics": ", ".join(f"{name} {value:.4f}" for name, value in own),
        "data": f"azureml:{data['name']}:{data['version']}  {data['path']}",
        "model": f"azureml:{model['name']}:{model['version']}  ({model['type']}: {', '.join(model['flavors'])})",
        "lineage": f"{short(lineage['inputs']['table']['assetId'])} -> {job['name']} -> {short(lineage['models'][0])}",
        "elapsed": f"{seconds:.1f} s",
    }
    print("\n" + "-" * 100)
    for name, value in rows.items():
        print(f"{name:9} {value}")
    print("-" * 100)
    print(
        f"Look closer:   export SMALT_HOME={state['home']}; smalt job show -n {job['name']}; smalt model list -o table"
    )
    print(
        'Other clients: eval "$(smalt env)", then azure-ai-ml, mlflow and DefaultAzureCredential come here unmodified.'
    )
    print(f"Stop:          smalt down --home {state['home']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path.home() / ".smalt")
    home = parser.parse_args().home.absolute()
    os.environ["SMALT_HOME"] = str(home)
    begin = time.monotonic()
    state = start(home)
    found = smalt("data", "list", "--query", "[?name=='breast-cancer'].name", "--output", "tsv")
    if not found.strip():
        print("\nThe environment is built once; later jobs share it.", flush=True)
        follow("prepare.yml")
    job = follow("job.yml")
    data = json.loads(smalt("data", "show", "--name", "breast-cancer", "--label", "latest", "--output", "json"))
    model = json.loads(smalt("model", "show", "--name", "diagnosis", "--label", "latest", "--output", "json"))
    report(job, model, data, time.monotonic() - begin, state)


if __name__ == "__main__":
    main()
