"""The demo behind `make demo`: from nothing to a tracked, registered model that answers requests.

Starts a server when none runs, exports a data set as a versioned data asset (the first time), trains on it in a job of
its own environment, serves the model, and prints what happened and where to look.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

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


def serve() -> None:
    """The newest model behind an endpoint; one that answers already is replaced without a pause."""
    if "diagnosis" not in json.loads(smalt("online-endpoint", "list", "--query", "[].name", "--output", "json")):
        print(f"\n$ smalt online-endpoint create --file {os.path.relpath(HERE / 'endpoint.yml')}", flush=True)
        smalt("online-endpoint", "create", "--file", str(HERE / "endpoint.yml"))
    print(
        f"$ smalt online-deployment create --file {os.path.relpath(HERE / 'deployment.yml')} --all-traffic", flush=True
    )
    smalt("online-deployment", "create", "--file", str(HERE / "deployment.yml"), "--all-traffic")


def ask(client: object, times: int = 25) -> tuple[str, list[int], float]:
    """The address, the answer to two biopsies, and the usual latency in milliseconds over one connection."""
    address = client.online_endpoints.get("diagnosis").scoring_uri
    key = client.online_endpoints.get_keys("diagnosis").primary_key
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = (HERE / "request.json").read_bytes()
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        connection.request("POST", parts.path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        took.append(1000 * (time.perf_counter() - begin))
        if answer.status != 200:
            sys.exit(f"The endpoint answered {answer.status}: {content[:500]!r}")
    return address, json.loads(content), statistics.median(took)


def report(job: dict, model: dict, data: dict, begin: float, state: dict) -> None:
    from smalt import MLClient

    client = MLClient()
    metrics = client.jobs.metrics(job["name"])
    own = sorted((name, value) for name, value in metrics.items() if not name.startswith("system/"))
    lineage = client.jobs.lineage(job["name"])
    address, answer, latency = ask(client)
    words = ", ".join("benign" if each else "malignant" for each in answer)
    rows = {
        "job": f"{job['name']} ({job['status']}), experiment {job['experiment_name']}",
        "metrics": ", ".join(f"{name} {value:.4f}" for name, value in own),
        "data": f"azureml:{data['name']}:{data['version']}  {data['path']}",
        "model": f"azureml:{model['name']}:{model['version']}  ({model['type']}: {', '.join(model['flavors'])})",
        "lineage": f"{short(lineage['inputs']['table']['assetId'])} -> {job['name']} -> {short(lineage['models'][0])}",
        "endpoint": address,
        "scored": f"request.json -> {answer} ({words}) in {latency:.1f} ms",
        "elapsed": f"{time.monotonic() - begin:.1f} s",
    }
    print("\n" + "-" * 100)
    for name, value in rows.items():
        print(f"{name:9} {value}")
    print("-" * 100)
    print(f"In a browser:  {smalt('studio', '--no-browser').strip()}  (once; again with: smalt studio)")
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
    serve()
    report(job, model, data, begin, state)


if __name__ == "__main__":
    main()
