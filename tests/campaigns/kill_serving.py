"""Kills workers and gateways with `kill -9` at random moments under load, and looks at every single answer.

    python -m tests.campaigns.kill_serving --kills 100

Checked: an answer is never wrong; a killed worker costs at most the requests it was scoring, and a killed gateway those
that were open or came while nobody listened; and after each kill everything is as before within five seconds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.gateway.running import Control, Gateway, deployment, endpoint
from tests.runtime.scorer.instance import Instance

SCRIPT = """
import json
def init(): pass
def run(text):
    number = json.loads(text)
    return [number, number * 7 + 1]
"""
WORKERS = 2
CALLERS = 6
RECOVERY_SECONDS = 5.0


@dataclass
class Campaign:
    """A gateway and two instances that keep dying, and callers that keep asking."""

    folder: Path
    kills: int
    seed: int
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[tuple[float, float, str]] = field(default_factory=list)
    slowest_recovery: float = 0.0
    killed: dict[str, int] = field(default_factory=lambda: {"worker": 0, "gateway": 0})
    outages: list[tuple[float, float]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> dict[str, float]:
        control = Control(self.folder)
        gateway = Gateway(self.folder, control)
        instances = [
            Instance(self.folder / name, workers=WORKERS, request_timeout_ms=5000).script(SCRIPT).start()
            for name in ("one", "two")
        ]
        gateway.start()
        gateway.serve(endpoint({"blue": deployment(*instances, max_queue_wait_ms=5000)}))
        callers = [threading.Thread(target=self._call, args=(gateway, each)) for each in range(CALLERS)]
        for caller in callers:
            caller.start()
        chance = random.Random(self.seed)
        try:
            for number in range(self.kills):
                self.over.wait(chance.uniform(0.02, 0.3))
                if chance.random() < 0.25:
                    self._kill_gateway(gateway)
                else:
                    self._kill_worker(chance.choice(instances), chance)
                print(f"kill {number + 1} of {self.kills}", end="\r", file=sys.stderr)
        finally:
            self.over.set()
            for caller in callers:
                caller.join()
            gateway.stop()
            control.stop()
            for instance in instances:
                instance.stop()
        return self._judge()

    def _call(self, gateway: Gateway, caller: int) -> None:
        connection: http.client.HTTPConnection | None = None
        number = caller * 10_000_000
        while not self.over.is_set():
            number += 1
            begun = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
                connection.request("POST", "/endpoints/w/e/score", b"%d" % number, {"authorization": "Bearer second"})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as failure:
                connection = None
                self._note_loss(begun, type(failure).__name__)
                time.sleep(0.005)  # Nobody listens; asking without a pause would only heat the room.
                continue
            if answer.status != 200:
                self._note_loss(begun, str(answer.status))
            elif json.loads(body) == [number, number * 7 + 1]:
                with self.lock:
                    self.right += 1
            else:
                self.wrong.append(f"{number}: {body!r}")

    def _note_loss(self, begun: float, why: str) -> None:
        with self.lock:
            self.lost.append((begun, time.monotonic(), why))

    def _kill_worker(self, instance: Instance, chance: random.Random) -> None:
        victim = chance.choice(instance.pids())
        killed_at = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        self.killed["worker"] += 1
        while victim in (pids := instance.pids()) or len(pids) < WORKERS:
            assert time.monotonic() - killed_at < 60, instance.log
            time.sleep(0.01)
        self._note_recovery(killed_at)

    def _kill_gateway(self, gateway: Gateway) -> None:
        assert gateway.process is not None
        killed_at = time.monotonic()
        gateway.process.kill()
        gateway.process.wait()
        gateway.start()
        while gateway.ask(b"1", key="second").status != 200:
            assert time.monotonic() - killed_at < 60
        self.killed["gateway"] += 1
        self.outages.append((killed_at, time.monotonic()))
        self._note_recovery(killed_at)

    def _note_recovery(self, killed_at: float) -> None:
        self.slowest_recovery = max(self.slowest_recovery, time.monotonic() - killed_at)

    def _judge(self) -> dict[str, float]:
        """A loss is explained by an outage of the gateway, or by a worker that was killed with it: one for each."""
        elsewhere = [
            loss for loss in self.lost if not any(loss[0] <= end and begin <= loss[1] for begin, end in self.outages)
        ]
        strange = [why for _, _, why in elsewhere if why != "502"]
        return {
            "workers killed": self.killed["worker"],
            "gateways killed": self.killed["gateway"],
            "right answers": self.right,
            "wrong answers": len(self.wrong),
            "lost with a gateway": len(self.lost) - len(elsewhere),
            "lost with a worker": len(elsewhere),
            "lost without a reason": len(strange) + max(0, len(elsewhere) - self.killed["worker"]),
            "slowest recovery, s": round(self.slowest_recovery, 2),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smalt-kill-") as folder:
        result = Campaign(Path(folder), options.kills, options.seed).run()
    for name, value in result.items():
        print(f"{name:24} {value}")
    is_slow = result["slowest recovery, s"] > RECOVERY_SECONDS
    return int(bool(result["wrong answers"] or result["lost without a reason"]) or is_slow)


if __name__ == "__main__":
    sys.exit(main())
