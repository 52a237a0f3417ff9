"""What a step of a pipeline costs beside the command it runs: one after the other, side by side, reused, validated.

    python bench/pipelines.py [--steps 100] [--wide 200] [--large 5000] [--peer-python PATH]

The peers run the same chain of the same commands in the same run: Prefect and Metaflow, each as its own documentation
runs flows on one machine. Prefect runs tasks inside the process of the flow, and a second time `apart`, each step in a
process of its own as ours and Metaflow's are.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from _server import Server, server

COMMAND = 'python -c ""'
LONGEST_SECONDS = 240
"""Of one peer."""
LOOK_SECONDS = 0.25
"""Between two looks at the status: they take of the processors that the steps run on."""
# As in an environment: the interpreter itself, with no version manager and no start-up file of the shell before it.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "BASH_ENV"},
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}
Steps = dict[str, dict[str, Any]]


def chain(count: int) -> Steps:
    """Steps one after the other, each bound to the one before."""
    steps: Steps = {}
    for number in range(count):
        step = {"type": "command", "component": "azureml:noop:1", "inputs": {"n": number}, "outputs": {"o": {}}}
        if number:
            step["inputs"]["i"] = f"${{{{parent.jobs.s{number - 1}.outputs.o}}}}"
        steps[f"s{number}"] = step
    return steps


def fan(count: int) -> Steps:
    """Steps that need nothing of each other."""
    return {
        f"s{number}": {"type": "command", "component": "azureml:noop:1", "inputs": {"n": number}}
        for number in range(count)
    }


class Client:
    """Submits pipelines and waits for them."""

    def __init__(self, here: Server) -> None:
        self._scope = here.scope
        self._http = httpx2.Client(base_url=here.url, headers={"Authorization": f"Bearer {here.token}"}, timeout=600)
        self.put("environments/plain/versions/1", {"image": "python"})
        spec = {
            "type": "command",
            "command": COMMAND,
            "environment": "azureml:plain:1",
            "inputs": {"n": {"type": "integer"}, "i": {"type": "uri_folder", "optional": True}},
            "outputs": {"o": {"type": "uri_folder"}},
        }
        self.put("components/noop/versions/1", {"componentSpec": spec})

    def put(self, path: str, properties: dict[str, Any]) -> None:
        self._http.put(f"{self._scope}/{path}", json={"properties": properties}).raise_for_status()

    def submit(self, name: str, steps: Steps, **settings: Any) -> float:
        """Seconds the request took."""
        begin = time.perf_counter()
        self.put(f"jobs/{name}", {"jobType": "Pipeline", "jobs": steps, "settings": settings})
        return time.perf_counter() - begin

    def wait(self, name: str) -> float:
        """Wait for the end; when that was, by the clock of the wall."""
        while True:
            status = self._http.get(f"{self._scope}/jobs/{name}").json()["properties"]["status"]
            if status in ("Completed", "Failed", "Canceled"):
                assert status == "Completed", status
                graph = self._http.get(f"{self._scope}/jobs/{name}/graph").json()
                return datetime.fromisoformat(graph["endedAt"]).timestamp()
            time.sleep(LOOK_SECONDS)

    def cancel(self, name: str) -> None:
        self._http.post(f"{self._scope}/jobs/{name}/cancel").raise_for_status()

    def run(self, name: str, steps: Steps, **settings: Any) -> float:
        """Seconds from the request to the end that the server has written down, as the peers tell of their own."""
        begin = time.time()
        self.submit(name, steps, **settings)
        return self.wait(name) - begin


def bare_seconds(count: int) -> float:
    """The same commands, one after the other, from a shell."""
    begin = time.perf_counter()
    subprocess.run(["/bin/bash", "-c", f"for i in $(seq {count}); do {COMMAND}; done"], check=True, env=ENVIRONMENT)
    return time.perf_counter() - begin


def memory_mb(here: Server) -> float:
    status = Path(f"/proc/{here.state['pid']}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--wide", type=int, default=200)
    parser.add_argument("--large", type=int, default=5000)
    parser.add_argument("--run-large", action="store_true", help="also run the large graph, which takes minutes")
    parser.add_argument("--peer-python")
    options = parser.parse_args()
    with server() as here:
        client = Client(here)
        client.run("warm", chain(2), force_rerun=True)
        # Before and after: a machine may be a fifth quicker at one time than at another, which the difference shows.
        before = bare_seconds(options.steps)
        ours = client.run("chain", chain(options.steps))
        after = bare_seconds(options.steps)
        overhead = (ours - (before + after) / 2) / options.steps * 1000
        print(f"{options.steps} steps one after the other: {ours:.2f} s; bare commands {before:.2f} s before, "
              f"{after:.2f} s after; overhead {overhead:.0f} ms a step (aim 30)")  # fmt: skip
        again = statistics.median(client.run(f"again{number}", chain(options.steps)) for number in range(3))
        print(f"the same again, all reused: {again:.2f} s (aim 1)")
        bare = bare_seconds(options.wide)
        wide = client.run("fan", fan(options.wide), force_rerun=True)
        print(f"{options.wide} steps side by side: {wide:.2f} s; bare commands one after the other {bare:.2f} s; "
              f"overhead {(wide - bare / 2) / options.wide * 1000:.0f} ms a step on two cores")  # fmt: skip
        took = client.submit("large", chain(options.large), force_rerun=True)
        print(f"{options.large} steps: checked and accepted in {took:.2f} s (aim 1)")
        if options.run_large:
            begin = time.perf_counter()
            client.wait("large")
            print(f"{options.large} steps ran in {time.perf_counter() - begin:.0f} s")
        else:
            client.cancel("large")
        print(f"server's peak memory {memory_mb(here):.0f} MB (aim 400)")
    if options.peer_python:
        peers(options.peer_python, options.steps, ours)


def run_whole(command: list[str]) -> tuple[str, str]:
    """What a peer prints, and why it failed; whatever it has started has ended then."""
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as told:
        # Files, since a process that is left behind would keep a pipe open.
        with subprocess.Popen(command, stdout=printed, stderr=told, env=ENVIRONMENT, start_new_session=True) as peer:
            try:
                code = peer.wait(LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(peer.pid, signal.SIGKILL)
        printed.seek(0)
        told.seek(0)
        if code is None:
            return "", f"it ran longer than {LONGEST_SECONDS} seconds"
        return printed.read(), "" if code == 0 else "".join(told.read().strip().splitlines()[-1:]) or f"code {code}"


def peers(python: str, steps: int, ours: float) -> None:
    """The chain of commands by each peer; ratios to ours."""
    few = max(steps // 25, 1)  # A step of its own process takes Prefect seconds.
    for name, count, *how in (("prefect", steps), ("prefect", few, "apart"), ("metaflow", steps)):
        script = Path(__file__).with_name(f"_pipelines_{name}.py")
        command = [python, str(script), str(count), *how]
        said, failure = run_whole(command)
        if failure:
            print(f"{' '.join([name, *how])}: did not run here: {failure}")
            continue
        seconds, own = json.loads(said.strip().splitlines()[-1])["seconds"] / count, ours / steps
        told = f"{seconds * 1000:.0f} ms a step; ours {own * 1000:.0f}; ratio {seconds / own:.1f}"
        print(f"{' '.join([name, *how])}: {told}")


if __name__ == "__main__":
    sys.exit(main())
