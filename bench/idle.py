"""What an idle server costs: CPU over a minute, and memory."""

from __future__ import annotations

import time
from pathlib import Path

from _server import server

SECONDS = 60


def cpu_ticks(pid: str) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident_megabytes(pid: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ValueError(pid)


def main() -> None:
    begin = time.monotonic()
    with server() as here:
        print(f"ready after {time.monotonic() - begin:.2f} s (first start: certificates, keys, schema)")
        pid = str(here.state["pid"])
        before = cpu_ticks(pid)
        time.sleep(SECONDS)
        share = (cpu_ticks(pid) - before) / SECONDS  # a tick is 10 ms, so ticks per second are percent of a core
        print(f"idle: {share:.2f} % of a core, {resident_megabytes(pid):.0f} MB resident")


if __name__ == "__main__":
    main()
