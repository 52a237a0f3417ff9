"""Bounds on processors and memory, as container engines take them."""

from __future__ import annotations

import math

from smalt.environments import Engine
from smalt.server.jobs import quantities


def container_limits(engine: Engine, *, cpu: str | None, memory: str | None) -> list[str]:
    """The options that bound a container, as far as the engine can here.

    Raises:
        InvalidRequest: A text is no amount.
    """
    found = []
    cores = quantities.amount(cpu, "resources.cpu")
    if cores and "cpu" in engine.limits:
        found += ["--cpus", f"{cores:g}"]
    most = quantities.amount(memory, "resources.memory")
    if most and "memory" in engine.limits:
        found += ["--memory", f"{math.ceil(most)}b"]
    return found
