"""From `smalt online-deployment create` to the first answer, where the environment is built already, and where it goes.

    python bench/first_answer.py [--rounds 5] [--only model,script,flow]

A real server and gateway. The model is trained by a job here: scikit-learn's iris, logged by MLflow with its signature.
Somebody asks the deployment by name all the while; the first 200 counts, and so does an `invoke` after the command.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from _server import ENVIRONMENT, Server, free_port, server

TRAIN = """
import joblib
import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

features, target = load_iris(return_X_y=True, as_frame=True)
model = LogisticRegression(max_iter=500).fit(features, target)
mlflow.sklearn.save_model(model, "outputs/model", signature=infer_signature(features, model.predict(features)))
joblib.dump(model, "outputs/model/estimator.joblib")
"""
SCRIPT = """
import json, os
import joblib
def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "estimator.joblib"))
def run(raw_data):
    return model.predict(json.loads(raw_data)["data"]).tolist()
"""
FLOW = """
inputs: {name: {type: string}}
outputs: {answer: {type: string, reference: "${greet.output}"}}
nodes:
- {name: greet, type: python, source: {type: code, path: greet.py}, inputs: {name: "${inputs.name}"}}
"""
TOOL = """
from promptflow.core import tool
@tool
def greet(name: str) -> str:
    return "Hello " + name
"""
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ROW = [5.1, 3.5, 1.4, 0.2]
REQUESTS = {
    "model": {"input_data": {"columns": COLUMNS, "data": [ROW]}},
    "script": {"data": [ROW]},
    "flow": {"name": "Ada"},
}
STAGES = ("accepted", "laid out", "process", "worker", "loaded", "first answer", "command", "invoke")
"""What is seen to have happened, in its usual order; each is given in seconds since the command began."""


class Bench:
    """A server with an endpoint for each kind of deployment, and the files to deploy.

    Args:
        there: The server.
        folder: For files.
    """

    def __init__(self, there: Server, folder: Path) -> None:
        self.home = there.home
        self.folder = folder
        self.variables = {**ENVIRONMENT, "SMALT_HOME": str(there.home)}

    def smalt(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "smalt.cli.main", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=self.variables, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def train(self) -> None:
        code = self.folder / "train"
        code.mkdir()
        (code / "train.py").write_text(TRAIN)
        job = self._file(
            "job.yml", type="command", code=str(code), command="python train.py", environment=_environment()
        )
        name = self.smalt("job", "create", "--file", job, "--query", "name", "--output", "tsv").strip()
        self.smalt("job", "stream", "--name", name)
        self.smalt("job", "download", "--name", name, "--download-path", str(self.folder / "job"), "--all")
        found = next((self.folder / "job").rglob("MLmodel")).parent
        model = self._file("model.yml", name="iris", type="mlflow_model", path=str(found))
        self.smalt("model", "create", "--file", model)

    def prepare(self, kind: str) -> None:
        """An endpoint, and the deployment as a file."""
        self.smalt(
            "online-endpoint", "create", "--file", self._file(f"{kind}-endpoint.yml", name=kind, auth_mode="key")
        )
        deployment: dict[str, object] = {"endpoint_name": kind, "instance_type": "small", "instance_count": 1}
        if kind == "flow":
            flow = self.folder / "flow"
            flow.mkdir()
            (flow / "flow.dag.yaml").write_text(FLOW)
            (flow / "greet.py").write_text(TOOL)
            self.smalt("model", "create", "--name", "greeter", "--type", "custom_model", "--path", str(flow))
            deployment["model"] = "azureml:greeter@latest"
        else:
            deployment["model"] = "azureml:iris@latest"
        if kind == "script":
            code = self.folder / "script"
            code.mkdir()
            (code / "score.py").write_text(SCRIPT)
            deployment |= {"code_configuration": {"code": str(code), "scoring_script": "score.py"}}
            deployment |= {"environment": _environment()}
        self._file(f"{kind}.yml", name="any", **deployment)

    def deploy(self, kind: str, name: str) -> dict[str, float]:
        """Deploy, and tell when what had happened."""
        before = {each.name for each in (self.home / "deployments").iterdir()}
        asked = Asked(self, kind, name)
        begun = time.time()
        with asked.all_the_while():
            self.smalt(
                "online-deployment", "create", "-f", str(self.folder / f"{kind}.yml"), "-n", name, "--all-traffic"
            )
            seen = {"command": time.time()}
            request = self._file("request.json", **REQUESTS[kind])
            self.smalt("online-endpoint", "invoke", "-n", kind, "-r", request)
            seen["invoke"] = time.time()
            asked.wait()
        seen["first answer"] = asked.answered_at
        (made,) = {each.name for each in (self.home / "deployments").iterdir()} - before - {"workloads", "forks"}
        seen |= _seen_in(self.home / "deployments" / made)
        return {stage: at - begun for stage, at in seen.items()}

    def remove(self, kind: str, name: str) -> None:
        self.smalt("online-endpoint", "update", "-n", kind, "--traffic", f"{name}=0")
        self.smalt("online-deployment", "delete", "-n", name, "-e", kind, "--yes")

    def address(self, kind: str) -> tuple[str, str]:
        """Where it is asked, and with which key."""
        found = self.smalt("online-endpoint", "show", "-n", kind, "--query", "scoring_uri", "-o", "tsv").strip()
        keys = json.loads(self.smalt("online-endpoint", "get-credentials", "-n", kind, "-o", "json"))
        return found, str(keys.get("primaryKey") or keys.get("primary_key"))

    def _file(self, file: str, /, **content: object) -> str:
        path = self.folder / file
        path.write_text(json.dumps(content))  # which is YAML
        return str(path)


class Asked:
    """Asks a deployment by its name until it answers."""

    def __init__(self, bench: Bench, kind: str, name: str) -> None:
        url, key = bench.address(kind)
        self._parts = urlsplit(url)
        self._body = json.dumps(REQUESTS[kind])
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._headers["azureml-model-deployment"] = name
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.answered_at = 0.0

    @contextlib.contextmanager
    def all_the_while(self) -> Iterator[None]:
        self._thread.start()
        yield
        self._thread.join()

    def wait(self) -> None:
        self._thread.join(60)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self._parts.netloc, timeout=60)
        while True:
            with contextlib.suppress(http.client.HTTPException, OSError):
                connection.request("POST", self._parts.path, self._body, self._headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.answered_at = time.time()
                    return
            time.sleep(0.01)


def _seen_in(folder: Path) -> dict[str, float]:
    """What the folder of a deployment and the processes of its instance tell of the way to its first answer."""
    ready = next(folder.glob("*/ready.json"))
    told = json.loads(ready.read_bytes())
    instance = ready.parent.resolve()
    return {
        "accepted": min(each.stat().st_mtime for each in (folder / "generation-1").iterdir()),
        "laid out": (folder / "generation-1" / "complete").stat().st_mtime,
        "process": _begun(told["pid"]),
        "worker": _begun(told["workers"][0]["pid"]),
        "loaded": (instance / "ready.json").stat().st_mtime,
    }


def _begun(pid: int) -> float:
    """When a process was started, to a hundredth of a second."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


_IMAGE = "mcr.microsoft.com/azureml/minimal-ubuntu22.04-py311-cpu-inference:latest"


def _environment() -> dict[str, object]:
    packages = ["mlflow>=3,<4", "scikit-learn>=1.5,<2", "pandas>=2.2,<3"]
    conda = {"dependencies": ["python=3.11", "pip", {"pip": packages}]}
    return {"image": _IMAGE, "conda_file": conda}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="model,script,flow", help="Names, with commas between them.")
    parser.add_argument("--environments", type=Path, help="A folder that keeps what is built, for the next run.")
    options = parser.parse_args()
    with server("--gateway-port", str(free_port()), environments=options.environments) as there:
        folder = there.home / "bench"
        folder.mkdir()
        bench = Bench(there, folder)
        bench.train()
        for kind in options.only.split(","):
            bench.prepare(kind)
            bench.deploy(kind, "first")  # which builds the environment
            bench.remove(kind, "first")
            found = []
            for number in range(options.rounds):
                found.append(bench.deploy(kind, f"d{number}"))
                bench.remove(kind, f"d{number}")
            medians = {each: statistics.median(round_[each] for round_ in found) for each in STAGES}
            print(f"{kind}: " + ", ".join(f"{each} {seconds:.2f}" for each, seconds in medians.items()), flush=True)


if __name__ == "__main__":
    main()
