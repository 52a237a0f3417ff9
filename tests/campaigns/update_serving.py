"""Updates deployments again and again under a constant load, through a real server, and looks at every single answer.

    python -m tests.campaigns.update_serving --rounds 100

A round changes a model, a variable or a number of instances, moves traffic between blue and green, or makes the one
without traffic anew. Checked: every request is answered with 200, no answer is wrong, and none comes from what was
replaced, or from a deployment without traffic, longer than a moment after the change was done.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from smalt.entities.endpoint.online import ManagedOnlineDeployment, OnlineEndpoint
from smalt.sdk.client import MLClient
from smalt.sdk.errors import EndpointFailed
from tests.campaigns.victim import Victim
from tests.running import free_ports

SCRIPT = """
import json, os, time
from pathlib import Path
def init():
    global told
    (number,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("number.txt")
    told = [os.environ["NAME"], os.environ["VARIABLE"], number.read_text()]
def run(text):
    number, seconds = json.loads(text)
    time.sleep(seconds)
    return [number, number * 7 + 1, *told]
"""
COLOURS = ("blue", "green")
MOMENT_SECONDS = 5.0
CALLERS = 8
KINDS = ("variable", "model", "count", "flip", "split", "anew")


@dataclass
class Campaign:
    """A server, an endpoint that never rests, and callers that never stop.

    Args:
        home: Of the server.
        rounds: How many changes.
        seed: Of their choice.
        rate: Requests a second.
    """

    home: Path
    rounds: int
    seed: int
    rate: float = 60.0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    shares: dict[str, int] = field(default_factory=dict)
    content: dict[str, dict[str, int]] = field(default_factory=dict)
    ended: dict[tuple[str, ...], float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> dict[str, float]:
        (port,) = free_ports(1)
        victim = Victim(self.home, ("--gateway-port", str(port)))
        victim.start()
        try:
            with MLClient(home=self.home) as client:
                self._prepare(client)
                self._change(client)
                client.online_endpoints.begin_delete("ep").result()
        finally:
            self.over.set()
            victim.stop()
        return {
            "changes": self.changes.total(),
            "right answers": self.right,
            "wrong answers": len(self.wrong),
            "lost requests": self.lost.total(),
        }

    def _prepare(self, client: MLClient) -> None:
        (self.home / "src").mkdir()
        (self.home / "src" / "score.py").write_text(SCRIPT)
        client.online_endpoints.begin_create_or_update(OnlineEndpoint.parse({"name": "ep"})).result()
        for colour in COLOURS:
            self.content[colour] = {"variable": 0, "model": 0, "count": 1}
            self._put(client, colour)
        self._route(client, {"blue": 100})

    def _change(self, client: MLClient) -> None:
        endpoint = client.online_endpoints.get("ep")
        key = client.online_endpoints.get_keys("ep").primary_key
        self._await(client)
        callers = [
            threading.Thread(target=self._call, args=(str(endpoint.scoring_uri), str(key), each))
            for each in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        chance = random.Random(self.seed)
        try:
            for number in range(self.rounds):
                kind = KINDS[number] if number < len(KINDS) else chance.choice(KINDS)
                self._take(client, kind, chance)
                self.changes[kind] += 1
                print(f"change {number + 1} of {self.rounds}: {dict(self.lost)}", end="\r", file=sys.stderr)
            self.over.wait(1)
        finally:
            self.over.set()
            for caller in callers:
                caller.join()

    def _await(self, client: MLClient) -> None:
        """Until the gateway has heard of the traffic: what changes later, and only that, must lose no request."""
        until = time.monotonic() + MOMENT_SECONDS
        while True:
            try:
                client.online_endpoints.invoke("ep", input_data=[0, 0.0])
                return
            except EndpointFailed:
                if time.monotonic() > until:
                    raise

    def _take(self, client: MLClient, kind: str, chance: random.Random) -> None:
        busy = [colour for colour, share in self.shares.items() if share]
        idle = [colour for colour in COLOURS if colour not in busy]
        if kind == "flip":
            self._route(client, {(idle or busy)[0]: 100})
        elif kind == "split":
            self._route(client, {"blue": 50, "green": 50})
        elif kind == "anew":
            if not idle:
                self._route(client, {"blue": 100})
                idle = ["green"]
            client.online_deployments.begin_delete(idle[0], "ep").result()
            self._put(client, idle[0])
        else:
            colour = chance.choice(busy)
            before = self._told(colour)
            held = self.content[colour]
            held[kind] = 3 - held["count"] if kind == "count" else held[kind] + 1
            self._put(client, colour)
            if kind != "count":
                self._end(before)

    def _put(self, client: MLClient, colour: str) -> None:
        held = self.content[colour]
        model = self.home / f"model-{held['model']}"
        model.mkdir(exist_ok=True)
        (model / "number.txt").write_text(str(held["model"]))
        deployment = ManagedOnlineDeployment.parse(
            {
                "name": colour,
                "endpoint_name": "ep",
                "model": {"name": "numbers", "version": str(held["model"] + 1), "path": str(model)},
                "code_configuration": {"code": str(self.home / "src"), "scoring_script": "score.py"},
                "environment": {"image": "python"},
                "environment_variables": {"NAME": colour, "VARIABLE": str(held["variable"])},
                "instance_count": held["count"],
                "request_settings": {
                    "max_concurrent_requests_per_instance": 32,
                    "request_timeout_ms": 30_000,
                    "max_queue_wait_ms": 10_000,
                },
            }
        )
        client.online_deployments.begin_create_or_update(deployment).result()

    def _route(self, client: MLClient, shares: dict[str, int]) -> None:
        endpoint = client.online_endpoints.get("ep").model_copy(update={"traffic": shares})
        client.online_endpoints.begin_create_or_update(endpoint).result()
        before, self.shares = self.shares, shares
        for colour in shares:
            self.ended.pop((colour,), None)
        for colour in before.keys() - shares.keys():
            self._end((colour,))

    def _told(self, colour: str) -> tuple[str, ...]:
        held = self.content[colour]
        return colour, str(held["variable"]), str(held["model"])

    def _end(self, replaced: tuple[str, ...]) -> None:
        self.ended[replaced] = time.monotonic()

    def _call(self, url: str, key: str, caller: int) -> None:
        place, headers = urlsplit(url), {"authorization": f"Bearer {key}", "content-type": "application/json"}
        chance = random.Random(caller)
        connection: http.client.HTTPConnection | None = None
        due, number = time.monotonic(), caller * 10_000_000
        while not self.over.wait(max(0.0, due - time.monotonic())):
            due += CALLERS / self.rate
            number += 1
            # Most are quick; some are still being scored when their instance is told to end.
            seconds = chance.choices((0.0, 0.3, 2.0), (90, 9, 1))[0]
            sent_at = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
                connection.request("POST", place.path, json.dumps([number, seconds]), headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as failure:
                connection = None
                self._note_loss(type(failure).__name__)
                continue
            if answer.status == 200:
                self._judge(number, json.loads(body), sent_at)
            else:
                self._note_loss(f"{answer.status} {body.decode(errors='replace')[:200]}")

    def _note_loss(self, why: str) -> None:
        with self.lock:
            self.lost[why] += 1

    def _judge(self, number: int, found: list[object], sent_at: float) -> None:
        told = tuple(str(each) for each in found[2:])
        replaced = min(self.ended.get(told, sent_at), self.ended.get(told[:1], sent_at))
        is_right = found[:2] == [number, number * 7 + 1] and sent_at - replaced < MOMENT_SECONDS
        with self.lock:
            if is_right:
                self.right += 1
            else:
                self.wrong.append(f"{number}: {found}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--rate", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smalt-update-") as folder:
        campaign = Campaign(Path(folder), options.rounds, options.seed, options.rate)
        result = campaign.run()
    for name, value in result.items():
        print(f"{name:20} {value}")
    for why, count in campaign.lost.most_common():
        print(f"lost, {count} times: {why}")
    for each in campaign.wrong[:10]:
        print(f"wrong: {each}")
    return int(bool(result["wrong answers"] or result["lost requests"]))


if __name__ == "__main__":
    sys.exit(main())
