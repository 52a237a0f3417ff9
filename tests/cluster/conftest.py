"""A real Ray cluster and a real server that sends jobs to it. Slow: `make test-ray` runs these and nothing else.

Without SMALT_RAY_PYTHON, the interpreter that has ray, nothing here is collected.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from smalt.environments.curated import FLOWS
from tests.cluster.ray_cluster import Cluster, two_nodes
from tests.running import RunningServer, free_ports

collect_ignore_glob = [] if "SMALT_RAY_PYTHON" in os.environ else ["test_*.py"]

_PATIENCE_SECONDS = 240
EXAMPLE = Path(__file__).parents[2] / "examples" / "ray"
# What an environment without packages of its own has, in the versions that the server chooses.
_PLAIN = ["pip", "setuptools==80.8.0", "wheel"]


@dataclass
class Installation:
    """A server with a cluster attached as `team`."""

    folder: Path
    cluster: Cluster
    server: RunningServer
    up: list[str]

    def submit(self, name: str, job: Mapping[str, Any]) -> None:
        path = self.folder / f"{name}.yml"
        path.write_text(yaml.safe_dump({"experiment_name": "cluster", **job}))
        self.create(name, path)

    def create(self, name: str, path: Path) -> None:
        """Submit a job of a file."""
        self.server.smalt("job", "create", "-f", str(path), "--name", name)

    def command(self, name: str, command: str, **more: Any) -> None:
        job = {"type": "command", "command": command, "environment": {"image": "python:3.11"}, **more}
        self.submit(name, {"compute": "azureml:team", **job})

    def job(self, name: str) -> dict[str, Any]:
        return json.loads(self.server.smalt("job", "show", "-n", name))

    def end(self, name: str) -> dict[str, Any]:
        """Wait for the end of a job."""
        return self.until(lambda: self.job(name), lambda job: job["status"] in ("Completed", "Failed", "Canceled"))

    def error(self, name: str) -> str:
        """Why a job failed, as its submitter is told."""
        command = [sys.executable, "-m", "smalt.cli.main", "job", "stream", "-n", name]
        told = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "SMALT_HOME": str(self.server.home)}
        )
        assert told.returncode != 0, told.stdout
        return told.stderr

    def log(self, name: str, log: str = "std_log.txt") -> str:
        found = list(self.server.home.glob(f"blobs/*/azureml/ExperimentRun/dcid.{name}/user_logs/{log}"))
        return found[0].read_text() if found else ""

    def until_logged(self, name: str, text: str) -> None:
        self.until(lambda: self.log(name), lambda log: text in log)

    def until(self, look: Callable[[], Any], is_true: Callable[[Any], bool]) -> Any:
        limit = time.monotonic() + _PATIENCE_SECONDS
        while not is_true(found := look()):
            assert time.monotonic() < limit, found
            time.sleep(0.5)
        return found

    def start(self) -> None:
        self.server.smalt(*self.up)

    def kill(self) -> None:
        os.kill(int(self.server.state["pid"]), signal.SIGKILL)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("ray")
    _fetch_wheels(folder / "wheels")
    with two_nodes(folder) as cluster:
        plain, secure = free_ports()
        home = folder / "home"
        up = ["up", "--detach", "--home", str(home), "--port", str(plain), "--tls-port", str(secure)]
        server = RunningServer(home, {})
        server.smalt(*up)
        server.smalt("user", "create", "-n", "someone")  # Else the server lets no other machine in.
        if cluster.has_namespaces:
            server.smalt("down", "--home", str(home))
            up += ["--host", cluster.server_host, "--public-url", f"https://{cluster.server_host}:{secure}"]
            server.smalt(*up)
        attach = ["compute", "attach", "--file", str(EXAMPLE / "compute.yml"), "--address", cluster.address]
        attach += ["--token-file", str(cluster.token_file), "--node-folder", str(folder / "node")]
        server.smalt(*attach)
        yield Installation(folder, cluster, server, up)
        server.smalt("down", "--home", str(home))


def _fetch_wheels(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), *_PLAIN, *FLOWS]
    subprocess.run(command, check=True)
