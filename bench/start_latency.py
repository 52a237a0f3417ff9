"""How long a local job takes from `start()` to its command's first line, beside a bare subprocess in the same run.

python bench/start_latency.py [rounds]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from smalt.executors import Workload
from smalt.executors.local import LocalExecutor
from smalt.testing.executors import Changes

COMMAND = "date +%s.%N"


def job_seconds(executor: LocalExecutor, changes: Changes, root: Path, number: int) -> float:
    plan = executor.plan(Workload(f"job-{number}", COMMAND, root / "artifacts" / str(number)))
    started_at = time.time()
    handle = executor.start(plan)
    changes.end_of(executor, handle)
    return float(executor.logs(handle)) - started_at


def bare_seconds() -> float:
    started_at = time.time()
    printed = subprocess.run(["bash", "-c", COMMAND], capture_output=True, check=True).stdout
    return float(printed) - started_at


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    changes = Changes()
    with tempfile.TemporaryDirectory() as folder:
        executor = LocalExecutor(Path(folder) / "jobs", changes)
        job_seconds(executor, changes, Path(folder), -1)
        jobs, bares = [], []
        for number in range(rounds):
            jobs.append(job_seconds(executor, changes, Path(folder), number))
            bares.append(bare_seconds())
        executor.close()
    job, bare = median(jobs) * 1000, median(bares) * 1000
    worst = max(jobs) * 1000
    print(f"start to first line: job {job:.1f} ms (worst {worst:.1f}), bare bash {bare:.1f} ms, ratio {job / bare:.1f}")


if __name__ == "__main__":
    main()
