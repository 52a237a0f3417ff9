"""The demo behind `make demo`: from nothing to a tracked, registered model that answers requests.

Starts a server when none runs, exports a data set as a versioned data asset (the first time), trains on it in a job of
its own environment, chooses between two models in a pipeline, serves the first one, lets a flow write letters with what
the endpoint says, and prints what happened and where to look.
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


def announce(command: str, path: Path, rest: str = "") -> None:
    print(f"\n$ {command} {os.path.relpath(path)} {rest}".rstrip(), flush=True)


def submit(client: object, file: str) -> str:
    """Submit a job, as the command that is printed does; its name."""
    from smalt import load_job

    announce("smalt job create --file", HERE / file, "--stream")
    return client.jobs.create_or_update(load_job(HERE / file)).name


def follow(client: object, name: str) -> object:
    """Follow a job to its end, which must be a good one."""
    subprocess.run([sys.executable, "-m", "smalt.cli.main", "job", "stream", "--name", name], check=True)
    return client.jobs.get(name)


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


def serve(client: object) -> None:
    """The newest model behind an endpoint; one that answers already is replaced without a pause."""
    if "diagnosis" not in [endpoint.name for endpoint in client.online_endpoints.list()]:
        announce("smalt online-endpoint create --file", HERE / "endpoint.yml")
        smalt("online-endpoint", "create", "--file", str(HERE / "endpoint.yml"))
    announce("smalt online-deployment create --file", HERE / "deployment.yml", "--all-traffic")
    smalt("online-deployment", "create", "--file", str(HERE / "deployment.yml"), "--all-traffic")


def write_letters(client: object) -> object:
    """Run the flow over some biopsies: each is told to the endpoint, through a connection that keeps its key."""
    from smalt.entities.connection import Connection, ConnectionCredentials

    endpoint = client.online_endpoints.get("diagnosis")
    key = client.online_endpoints.get_keys("diagnosis").primary_key
    client.connections.create_or_update(
        Connection(
            name="diagnosis",
            type="custom",
            credentials=ConnectionCredentials(type="custom_keys", keys={"key": key}),
            metadata={"url": endpoint.scoring_uri},
        )
    )
    if "letters" not in [flow.name for flow in client.flows.list()]:
        announce("smalt flow create --name letters --flow", HERE / "letters")
        smalt("flow", "create", "--name", "letters", "--flow", str(HERE / "letters"))
    data = HERE / "letters" / "data.jsonl"
    announce("pfazure run create --flow azureml:letters --data", data, "--stream")
    name = client.flows.run("letters", data=data, displayName="Letters about biopsies")
    follow(client, name)
    return client.flows.get_run(name)


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


def report(client: object, job: object, pipeline: object, run: object) -> None:
    """What came of it, a line each."""
    metrics = client.jobs.metrics(job.name)
    own = sorted((name, value) for name, value in metrics.items() if not name.startswith("system/"))
    lineage = client.jobs.lineage(job.name)
    data, model = client.data.get("breast-cancer", label="latest"), client.models.get("diagnosis", label="latest")
    steps = client.jobs.graph(pipeline.name)["steps"]
    letter = client.flows.line(run.job, 0)["outputs"]["letter"]
    address, answer, latency = ask(client)
    words = ", ".join("benign" if each else "malignant" for each in answer)
    rows = {
        "job": f"{job.name} ({job.status}), experiment {job.experiment_name}",
        "metrics": ", ".join(f"{name} {value:.4f}" for name, value in own),
        "data": f"azureml:{data.name}:{data.version}  {data.path}",
        "model": f"azureml:{model.name}:{model.version}  ({model.type}: {', '.join(model.flavors)})",
        "lineage": f"{short(lineage['inputs']['table']['assetId'])} -> {job.name} -> {short(lineage['models'][0])}",
        "pipeline": f"{pipeline.name} ({pipeline.status}), {len(steps)} steps, "
        f"{sum(step['reuse']['reused'] for step in steps)} reused",
        "endpoint": address,
        "scored": f"request.json -> {answer} ({words}) in {latency:.1f} ms",
        "flow": f"letters:{run.version}, {run.lines['completed']} of {run.lines['total']} lines, "
        f"accuracy {run.metrics['accuracy']:.2f}: {letter}",
    }
    print("\n" + "-" * 100)
    for name, value in rows.items():
        print(f"{name:9} {value}")


def where_to_look(job: str, home: str) -> None:
    print(f"In a browser:  {smalt('studio', '--no-browser').strip()}  (once; again with: smalt studio)")
    print(f"Look closer:   export SMALT_HOME={home}; smalt job show -n {job}; smalt model list -o table")
    print(
        'Other clients: eval "$(smalt env)", then azure-ai-ml, mlflow and DefaultAzureCredential come here unmodified.'
    )
    print(f"Stop:          smalt down --home {home}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path.home() / ".smalt")
    home = parser.parse_args().home.absolute()
    os.environ["SMALT_HOME"] = str(home)
    begin = time.monotonic()
    state = start(home)
    from smalt import MLClient

    with MLClient() as client:
        if "breast-cancer" not in [data.name for data in client.data.list()]:
            print("\nThe environment is built once; later jobs share it.", flush=True)
            follow(client, submit(client, "prepare.yml"))
        job = follow(client, submit(client, "job.yml"))
        pipeline = submit(client, "pipeline.yml")
        serve(client)
        run = write_letters(client)
        report(client, job, follow(client, pipeline), run)
        print(f"elapsed   {time.monotonic() - begin:.1f} s")
        print("-" * 100)
        where_to_look(job.name, state["home"])


if __name__ == "__main__":
    main()
