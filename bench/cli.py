"""CPU time of `smalt --help` and of `import smalt`, beside a bare interpreter in the same run."""

from __future__ import annotations

import os
import statistics
import sys

from _server import ENVIRONMENT

RUNS = 15


def cpu_milliseconds(*command: str) -> float:
    """Median user and system time of a whole process."""
    spent = []
    for _ in range(RUNS):
        pid = os.posix_spawn(
            command[0], list(command), ENVIRONMENT, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
        )
        _, status, usage = os.wait4(pid, 0)
        assert status == 0, command
        spent.append((usage.ru_utime + usage.ru_stime) * 1000)
    return statistics.median(spent)


def main() -> None:
    bare = cpu_milliseconds(sys.executable, "-c", "pass")
    rows = {
        "smalt --help": cpu_milliseconds(sys.executable, "-m", "smalt.cli.main", "--help"),
        "smalt job create --help": cpu_milliseconds(sys.executable, "-m", "smalt.cli.main", "job", "create", "--help"),
        "import smalt": cpu_milliseconds(sys.executable, "-c", "import smalt"),
    }
    print(f"bare interpreter: {bare:.0f} ms of CPU")
    for name, value in rows.items():
        print(f"{name}: {value:.0f} ms of CPU ({value / bare:.1f} x bare)")


if __name__ == "__main__":
    main()
