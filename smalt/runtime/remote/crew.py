"""The machines of a job of several, each reserved for it by Ray and held by an actor there."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

import ray
from ray.exceptions import RayError
from ray.util.placement_group import placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from smalt.runtime import distribution
from smalt.runtime.failure import Failure
from smalt.runtime.remote.leash import Leash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_LOOK_SECONDS = 0.5


class Keeper:
    """What runs on each machine, as an actor."""

    def __init__(self) -> None:
        self._leash: Leash | None = None

    def facts(self, ports: int) -> dict[str, Any]:
        """The machine's address and ports that are free there."""
        return {"host": ray.util.get_node_ip_address(), "ports": _free_ports(ports)}

    def begin(self, plan: dict[str, Any]) -> None:
        """Start the job's process here; this machine's copy of the package keeps no plan for others to read."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink("plan.json")
        name = f"{plan['name']}.{plan['placement']['node']}"
        self._leash = Leash(os.path.join(plan["remote"]["root"], "jobs", name), plan, os.environ)

    def look(self, patience_seconds: float) -> tuple[dict[str, Any], bool]:
        """How far it is, and whether it is over."""
        assert self._leash is not None
        return self._leash.look(patience_seconds), self._leash.is_over

    def stop(self, grace_seconds: float | None) -> None:
        """Ask for its end."""
        assert self._leash is not None
        self._leash.stop(grace_seconds)


class Member:
    """A machine as the head sees it. It is over as well when Ray says that it is gone."""

    def __init__(self, actor: Any, name: str) -> None:  # Any: ray's handle of an actor
        self._actor = actor
        self._answer: Any = None
        self.name = name
        self.fields: dict[str, Any] = {"phase": "PREPARING"}
        self.is_over = False

    def look(self, patience_seconds: float) -> dict[str, Any]:
        """See `Machine.look`."""
        if self.is_over:
            return self.fields
        if self._answer is None:
            self._answer = self._actor.look.remote(_LOOK_SECONDS)
        ready, _ = ray.wait([self._answer], timeout=patience_seconds)
        if ready:
            try:
                self.fields, self.is_over = ray.get(self._answer)
            except RayError as failure:
                self._lose(failure)
            self._answer = None
        return self.fields

    def stop(self, grace_seconds: float | None) -> None:
        """See `Machine.stop`."""
        self._actor.stop.remote(grace_seconds)

    def _lose(self, failure: RayError) -> None:
        error = f"The node died, or Ray ended the job's process there: {str(failure).strip().splitlines()[0]}"
        self.fields = {**self.fields, "phase": "ENDED", "reason": "LOST", "error": error}
        self.is_over = True


def crew(
    plan: dict[str, Any], *, is_stopped: Callable[[], bool], note_stop: Callable[[int, object], None]
) -> Sequence[Member]:
    """Reserve the machines, and start the job's process on each; the first one is the head.

    Raises:
        Failure: The machines cannot be had, or the job was stopped before they could.
    """
    ray.init(address="auto", log_to_driver=False, configure_logging=False)
    signal.signal(signal.SIGTERM, note_stop)  # Ray has put its own in the place of ours.
    count = plan["instance_count"]
    bundle = plan["remote"]["resources"]
    group = placement_group([bundle] * count, strategy="STRICT_SPREAD")
    ready = group.ready()
    said_at = time.monotonic()
    while not ray.wait([ready], timeout=_LOOK_SECONDS)[0]:
        if is_stopped():
            raise Failure("The job was canceled while it waited for its nodes.")
        if time.monotonic() >= said_at:
            alive = sum(bool(node["Alive"]) for node in ray.nodes())
            print(f"Waiting for {count} nodes with {bundle} free on each; the cluster has {alive}.", flush=True)
            said_at = time.monotonic() + 60
    try:
        return _begin(plan, group, count)
    except RayError as failure:
        raise Failure(f"The nodes of the job could not be prepared: {failure}") from None


def _begin(plan: dict[str, Any], group: Any, count: int) -> Sequence[Member]:  # Any: ray's placement group
    keeper: Any = ray.remote(Keeper)
    bundle = plan["remote"]["resources"]
    actors = [
        keeper.options(
            num_cpus=bundle["CPU"],
            num_gpus=bundle.get("GPU", 0),
            max_restarts=0,
            # A stop is taken while somebody waits for news.
            max_concurrency=2,
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index),
        ).remote()
        for index in range(count)
    ]
    ports = distribution.ports_per_node(plan)
    facts = ray.get([actor.facts.remote(ports) for actor in actors])
    hosts = [fact["host"] for fact in facts]
    shared = {"hosts": hosts, "ports": [fact["ports"] for fact in facts]}
    begun = [actor.begin.remote({**plan, "placement": {**shared, "node": index}}) for index, actor in enumerate(actors)]
    ray.get(begun)
    return [Member(actor, f"node {index} ({hosts[index]})") for index, actor in enumerate(actors)]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
