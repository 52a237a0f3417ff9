"""What a mini-batch costs: a parallel job beside a bare `multiprocessing.Pool` with the same function, in one run.

    python bench/parallel.py [mini-batches]

Both score files one by one with two processes; the function returns the name of a file. The pool keeps nothing, tries
nothing again and writes no logs; the job records every result before it counts.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import smalt.runtime

ENTRY = Path(smalt.runtime.__file__).parent / "parallel"
SCRIPT = "import os\n\ndef run(mini_batch):\n    return [os.path.basename(each) for each in mini_batch]\n"
WORKERS = 2
ROUNDS = 3


def score(mini_batch: list[str]) -> list[str]:
    return [os.path.basename(each) for each in mini_batch]  # noqa: PTH119  (the same as in the script)


def pool_seconds(folder: Path, size: int) -> float:
    started = time.perf_counter()
    files = sorted(str(each) for each in folder.iterdir())
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool, (folder.parent / "pool.txt").open("w") as rows:
        for found in pool.imap_unordered(score, [files[start : start + size] for start in range(0, len(files), size)]):
            rows.writelines(f"{each}\n" for each in found)
    return time.perf_counter() - started


def job_seconds(folder: Path, size: int) -> float:
    home = Path(tempfile.mkdtemp(dir=folder.parent))
    (home / "score.py").write_text(SCRIPT)
    asked = {
        "task": "run_function", "entry_script": "score.py", "input_name": "files", "is_table": False, "size": size,
        "size_in_bytes": False, "partition_keys": None, "instances": 1, "concurrency": WORKERS, "max_retries": 2,
        "timeout": 60, "error_threshold": None, "mini_batch_error_threshold": None, "logging_level": "WARNING",
        "yaml": "",
    }  # fmt: skip
    variables = {
        "SMALT_PARALLEL": json.dumps(asked),
        "SMALT_PARALLEL_INPUT": str(folder),
        "SMALT_PARALLEL_OUTPUT": str(home / "rows.txt"),
        "SMALT_ARTIFACTS": str(home),
    }
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, str(ENTRY)], cwd=home, env={**os.environ, **variables}, check=True, stdout=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - started
    assert len((home / "rows.txt").read_text().splitlines()) == len(list(folder.iterdir()))
    return seconds


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "files"
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:06d}.txt").touch()
        # A run with a single mini-batch is the start; what is above it is the mini-batches.
        found: dict[str, list[float]] = {"job": [], "pool": [], "job start": [], "pool start": []}
        for _ in range(ROUNDS):
            found["job"].append(job_seconds(folder, 1))
            found["pool"].append(pool_seconds(folder, 1))
            found["job start"].append(job_seconds(folder, count))
            found["pool start"].append(pool_seconds(folder, count))
    seconds = {name: statistics.median(values) for name, values in found.items()}
    job = 1e6 * (seconds["job"] - seconds["job start"]) / count
    pool = 1e6 * (seconds["pool"] - seconds["pool start"]) / count
    print(f"one of {count} mini-batches: job {job:.0f} us, bare pool {pool:.0f} us, ratio {job / pool:.1f}")
    start, bare = 1000 * seconds["job start"], 1000 * seconds["pool start"]
    print(f"start to end with one mini-batch: job {start:.0f} ms, bare pool {bare:.0f} ms, ratio {start / bare:.1f}")


if __name__ == "__main__":
    main()
