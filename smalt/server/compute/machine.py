"""How busy the machine of the server is, asked of its kernel."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has, and how much of it is taken.

    Args:
        cores: Those that this process may use.
        load: Processes that have run or waited for a core, on average over the last minute.
        memory_bytes: What there is.
        available_bytes: What another process could have of it; None where the system does not say.
    """

    cores: int
    load: float
    memory_bytes: int
    available_bytes: int | None


def look() -> Machine:
    """This machine, now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(cores, os.getloadavg()[0], memory, _available_bytes())


def _available_bytes() -> int | None:
    if not _MEMORY.exists():
        return None
    for line in _MEMORY.read_text("ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return 1024 * int(rest.split()[0])
    return None
