"""Kills the server with `kill -9` at random moments under a load of jobs and metric writes, and checks what is left.

    python -m tests.campaigns.kill_server --kills 200

Checked at the end: every acknowledged metric is there, every acknowledged job has ended as `Completed`, and the command
of each job has run exactly once (it appends a line to a file of its own).
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx2

from tests.campaigns.victim import TERMINAL, Victim


@dataclass
class Campaign:
    """One server that keeps dying, and clients that keep calling."""

    home: Path
    kills: int
    seed: int
    acknowledged_jobs: set[str] = field(default_factory=set)
    acknowledged_points: dict[str, set[int]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.victim = Victim(self.home)

    @property
    def scope(self) -> str:
        return self.victim.scope

    def prepare(self) -> None:
        (self.home / "marks").mkdir()
        with self.victim.client() as client:
            body = {"properties": {"image": "python"}}
            client.put(f"{self.scope}/environments/plain/versions/1", json=body).raise_for_status()
            for index in range(4):
                answer = client.post("/mlflow/default/api/2.0/mlflow/runs/create", json={"experiment_id": "0"})
                answer.raise_for_status()
                self.acknowledged_points[answer.json()["run"]["info"]["run_id"]] = set()
                assert index >= 0

    def submit_jobs(self) -> None:
        """Keeps a few jobs in flight; counts only what the server said yes to."""
        number = 0
        with self.victim.client() as client:
            while not self.over.is_set():
                number += 1
                name = f"job-{self.seed}-{number}"
                mark = self.home / "marks" / name
                properties = {
                    "jobType": "Command",
                    "command": f"echo ran >> {mark}; sleep 0.2",
                    "environmentId": f"{self.scope}/environments/plain/versions/1",
                    "experimentName": "campaign",
                }
                put = partial(client.put, f"{self.scope}/jobs/{name}", json={"properties": properties})
                if self.victim.acknowledges(put, self.over):
                    self.acknowledged_jobs.add(name)
                self.over.wait(0.25)

    def log_points(self, run_id: str) -> None:
        step = 0
        with self.victim.client() as client:
            while not self.over.is_set():
                step += 1
                body = {"run_id": run_id, "key": "x", "value": step, "timestamp": step, "step": step}
                post = partial(client.post, "/mlflow/default/api/2.0/mlflow/runs/log-metric", json=body)
                if self.victim.acknowledges(post, self.over):
                    self.acknowledged_points[run_id].add(step)

    def run(self) -> dict[str, int]:
        self.victim.start()
        self.prepare()
        randomness = random.Random(self.seed)
        threads = [threading.Thread(target=self.submit_jobs)]
        threads += [threading.Thread(target=self.log_points, args=(run_id,)) for run_id in self.acknowledged_points]
        for thread in threads:
            thread.start()
        try:
            for number in range(self.kills):
                time.sleep(randomness.uniform(0.0, 1.5))
                self.victim.kill()
                self.victim.start()
                print(f"kill {number + 1} of {self.kills}", end="\r", file=sys.stderr)
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        result = self.check()
        self.victim.stop()
        return result

    def check(self) -> dict[str, int]:
        self.wait_for_jobs()
        with self.victim.client() as client:
            lost_points = 0
            for run_id, steps in self.acknowledged_points.items():
                lost_points += len(steps - self.stored_steps(client, run_id))
            statuses = {name: self.status(client, name) for name in self.acknowledged_jobs}
        marks = {name: len(self.mark(name).splitlines()) for name in self.acknowledged_jobs}
        return {
            "kills": self.kills,
            "points": sum(map(len, self.acknowledged_points.values())),
            "lost points": lost_points,
            "jobs": len(self.acknowledged_jobs),
            "jobs not completed": sum(status != "Completed" for status in statuses.values()),
            "jobs run twice": sum(count > 1 for count in marks.values()),
            "jobs never run": sum(count == 0 for count in marks.values()),
        }

    def wait_for_jobs(self) -> None:
        deadline = time.monotonic() + 60 + len(self.acknowledged_jobs)
        with self.victim.client() as client:
            pending = set(self.acknowledged_jobs)
            while pending and time.monotonic() < deadline:
                pending = {name for name in pending if self.status(client, name) not in TERMINAL}
                time.sleep(0.5)

    def status(self, client: httpx2.Client, name: str) -> str:
        answer = client.get(f"{self.scope}/jobs/{name}")
        return str(answer.json()["properties"]["status"]) if answer.status_code == 200 else "lost"

    def stored_steps(self, client: httpx2.Client, run_id: str) -> set[int]:
        steps: set[int] = set()
        token: str | None = None
        while True:
            query = {
                "run_id": run_id,
                "metric_key": "x",
                "max_results": "10000",
                **({"page_token": token} if token else {}),
            }
            page = client.get("/mlflow/default/api/2.0/mlflow/metrics/get-history", params=query).json()
            steps |= {int(point.get("step", 0)) for point in page.get("metrics", [])}
            token = page.get("next_page_token")
            if not token:
                return steps

    def mark(self, name: str) -> str:
        path = self.home / "marks" / name
        return path.read_text() if path.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smalt-kill-") as folder:
        result = Campaign(Path(folder), options.kills, options.seed).run()
    for name, value in result.items():
        print(f"{name:20} {value}")
    wrong = ("lost points", "jobs not completed", "jobs run twice", "jobs never run")
    return int(any(result[name] for name in wrong))


if __name__ == "__main__":
    sys.exit(main())
