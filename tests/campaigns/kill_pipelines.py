"""Kills the server, supervisors and processes of jobs with `kill -9` while pipelines run, and checks what is left.

    python -m tests.campaigns.kill_pipelines --pipelines 500

Checked at the end: every pipeline has ended as its graph and the kills imply, every attempt has run as often as is
written down, every output of a completed step is there with its content and digest, children and steps belong together
one to one, and nothing runs any more.
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
from typing import Any

import httpx2

from tests.campaigns import drawing
from tests.campaigns.drawing import ENVIRONMENT, Drawn, Pencil
from tests.campaigns.judge import Judge
from tests.campaigns.killer import Killer, left_over
from tests.campaigns.victim import TERMINAL, Victim

_IN_FLIGHT = 4
_LONGEST_SILENCE_SECONDS = 150
_LEFT_OVER_SECONDS = 30


@dataclass
class Campaign:
    """One server with pipelines, of which everything is killed now and then.

    Args:
        home: Its home.
        pipelines: How many.
        seed: Of everything that is drawn.
    """

    home: Path
    pipelines: int
    seed: int
    server_kills: int = 0
    stuck: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.victim = Victim(self.home, ("--slots", "4"))
        self.chance = random.Random(self.seed)
        self.killer = Killer(self.home / "jobs", self.chance)
        pencil = Pencil(self.seed)
        self.drawn = [pencil.draw(number) for number in range(self.pipelines)]

    def run(self) -> tuple[dict[str, int], list[str]]:
        """The figures, and everything that is wrong."""
        self.victim.start()
        self.prepare()
        client = threading.Thread(target=self.submit_all)
        client.start()
        try:
            while not self.over.wait(self.chance.uniform(0.2, 2.0)):
                self.kill_something()
        finally:
            self.over.set()
            client.join()
            self.victim.stop()
        judge = Judge(self.home, self.killer)
        judge.judge(self.drawn)
        judge.problems += [f"{name}: it is stuck" for name in self.stuck]
        judge.problems += [f"it still runs: {process}" for process in self.left_over()]
        kills = {
            "kills of the server": self.server_kills,
            "kills of supervisors": self.killer.supervisors,
            "kills of jobs": self.killer.processes,
        }
        return {"pipelines": self.pipelines, **kills, **dict(sorted(judge.seen.items()))}, judge.problems

    def prepare(self) -> None:
        (self.home / "marks").mkdir()
        with self.victim.client() as client:
            self.put(client, "environments/plain/versions/1", {"image": "python"})
            for name, document in drawing.loop_components(self.marks).items():
                self.put(client, f"components/{name}/versions/1", {"componentSpec": {"name": name, **document}})
            # Built once, so that what is killed later is pipelines rather than a build.
            self.put(client, "jobs/first", {"jobType": "Command", "command": "true", "environmentId": ENVIRONMENT})
            while self.status(client, "first") not in TERMINAL:
                time.sleep(0.1)

    @property
    def marks(self) -> str:
        return str(self.home / "marks")

    def kill_something(self) -> None:
        """A supervisor, a job, or the server; with the server down, sometimes another one as well."""
        kind = self.chance.choice(("server", "supervisor", "supervisor", "job", "job"))
        if kind == "supervisor":
            self.killer.kill_supervisor()
        elif kind == "job":
            self.killer.kill_process()
        else:
            self.victim.kill()
            self.server_kills += 1
            if self.chance.random() < 0.5:
                self.chance.choice((self.killer.kill_supervisor, self.killer.kill_process))()
            self.victim.start()

    def submit_all(self) -> None:
        """Keeps a few pipelines in flight until all have ended, or nothing happens any more."""
        waiting, running = list(reversed(self.drawn)), set()
        moved_at = time.monotonic()
        with self.victim.client() as client:
            while (waiting or running) and not self.over.is_set():
                while waiting and len(running) < _IN_FLIGHT:
                    pipeline = waiting.pop()
                    self.submit(client, pipeline)
                    running.add(pipeline.name)
                ended = {name for name in running if self.status(client, name) in TERMINAL}
                running -= ended
                moved_at = time.monotonic() if ended else moved_at
                if time.monotonic() - moved_at > _LONGEST_SILENCE_SECONDS:
                    break
                print(f"{self.pipelines - len(waiting) - len(running)} of {self.pipelines}", end="\r", file=sys.stderr)
                self.over.wait(0.3)
        self.stuck = sorted(running)
        self.over.set()

    def submit(self, client: httpx2.Client, pipeline: Drawn) -> None:
        for name, document in pipeline.components(self.marks):
            self.put(client, f"components/{name}/versions/1", {"componentSpec": {"name": name, **document}})
        self.put(client, f"jobs/{pipeline.name}", pipeline.properties(self.marks, self.victim.scope))

    def put(self, client: httpx2.Client, path: str, properties: dict[str, Any]) -> None:  # Any: JSON
        """Put until the server has said yes. What a dying server has taken already is put once more."""
        send = partial(client.put, f"{self.victim.scope}/{path}", json={"properties": properties})
        while not self.victim.acknowledges(send, self.over):
            pass

    def status(self, client: httpx2.Client, name: str) -> str | None:
        try:
            return str(client.get(f"{self.victim.scope}/jobs/{name}").json()["properties"]["status"])
        except httpx2.TransportError:
            return None

    def left_over(self) -> list[str]:
        """What still runs after a while: a supervisor tidies up after its last word."""
        deadline = time.monotonic() + _LEFT_OVER_SECONDS
        while (found := left_over(self.home)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipelines", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smalt-kill-") as folder:
        figures, problems = Campaign(Path(folder) / "home", options.pipelines, options.seed).run()
    for name, value in figures.items():
        print(f"{name:28} {value}")
    print(f"{'wrong':28} {len(problems)}", *problems, sep="\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
