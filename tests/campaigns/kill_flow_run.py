"""Kills a batch run of a flow with SIGKILL at random moments, resumes it each time, and looks at what is there.

    python -m tests.campaigns.kill_flow_run [--lines 10000] [--kills 25] [--processes 0] [--seed 1]

Every line must stand in the output exactly once, with the answer to its own input; no line that was recorded
may be lost by a kill or a resumption; the aggregation must have seen each line once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_FLOW = {
    "inputs": {"number": {"type": "int"}},
    "outputs": {"answer": {"type": "int", "reference": "${work.output}"}},
    "nodes": [
        {
            "name": "work", "type": "python", "source": {"type": "code", "path": "work.py"},
            "inputs": {"number": "${inputs.number}"},
        },
        {
            "name": "count", "type": "python", "source": {"type": "code", "path": "count.py"},
            "inputs": {"answers": "${work.output}"}, "aggregation": True,
        },
    ],
}  # fmt: skip
_WORK = """
import os

from promptflow.core import tool

MARKS = os.open({marks!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


@tool
def work(number: int) -> int:
    os.write(MARKS, b"%d\\n" % number)
    return number * 2
"""
_COUNT = """
from promptflow.core import log_metric, tool


@tool
def count(answers: list) -> int:
    log_metric("lines", len(answers))
    log_metric("sum", sum(answers))
    return len(answers)
"""


@dataclass
class Campaign:
    """One run, killed again and again."""

    folder: Path
    lines: int = 10_000
    kills: int = 25
    processes: int = 0
    seed: int = 1
    problems: list[str] = field(default_factory=list)

    def run(self) -> tuple[dict[str, float], list[str]]:
        """The figures, and what went wrong."""
        self._write()
        chance = random.Random(self.seed)
        started = time.perf_counter()
        done_before: set[int] = set()
        struck = 0
        command = ["create", "--flow", "flow", "--data", "data.jsonl"]
        while True:
            process = self._start(command)
            if struck < self.kills and self._kill(process, chance):
                struck += 1
                recorded = self._recorded()
                lost = done_before - recorded
                if lost:
                    self.problems.append(f"after kill {struck}: {len(lost)} completed lines are gone")
                done_before = recorded
                exists = (self.folder / "home" / "runs.sqlite").exists() and self._is_recorded()
                command = ["resume"] if exists else command
                continue
            if process.wait() != 0:
                self.problems.append(f"the run ended with {process.returncode}")
            break
        marks = Counter(int(line) for line in (self.folder / "marks").read_bytes().split())
        again = sum(count > 1 for count in marks.values())
        self._check()
        figures = {
            "lines": self.lines,
            "kills": struck,
            "lines begun more than once": again,
            "seconds": round(time.perf_counter() - started, 1),
        }
        return figures, self.problems

    def _write(self) -> None:
        flow = self.folder / "flow"
        flow.mkdir(parents=True)
        (flow / "flow.dag.yaml").write_text(json.dumps(_FLOW))
        (flow / "work.py").write_text(_WORK.format(marks=str(self.folder / "marks")))
        (flow / "count.py").write_text(_COUNT)
        rows = (json.dumps({"number": number}) for number in range(self.lines))
        (self.folder / "data.jsonl").write_text("\n".join(rows) + "\n")

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PF_HOME_DIRECTORY": str(self.folder / "home")}
        options = ["--processes", str(self.processes)] if self.processes else []
        return subprocess.Popen(
            [sys.executable, "-m", "smalt.cli.main", "run", *command, "--name", "killed", *options],
            cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _kill(self, process: subprocess.Popen[bytes], chance: random.Random) -> bool:
        """Kill a process once some chance share of the missing lines has been begun; False if it ended before."""
        marks = self.folder / "marks"
        begun = marks.stat().st_size if marks.exists() else 0
        wanted = begun + chance.randint(0, max(self.lines * 6 // self.kills, 1))
        deadline = time.monotonic() + chance.choice([0.15, 120, 120, 120])
        while process.poll() is None:
            size = marks.stat().st_size if marks.exists() else 0
            if size > wanted or time.monotonic() > deadline:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.001)
        return False

    def _recorded(self) -> set[int]:
        from smalt.flows.batch.folder import RunFolder

        lines = RunFolder(self.folder / "home" / ".runs" / "killed").lines()
        return {number for number, record in lines.items() if record["status"] == "Completed"}

    def _is_recorded(self) -> bool:
        from smalt.flows.batch import RunStore

        return any(run.name == "killed" for run in RunStore(self.folder / "home").list())

    def _check(self) -> None:
        from smalt.flows.batch import RunStore

        run = RunStore(self.folder / "home").get("killed")
        rows = run.folder.outputs()
        found = Counter(row["line_number"] for row in rows)
        if found != Counter(range(self.lines)):
            self.problems.append(
                f"{self.lines - len(found)} lines are missing, {sum(found.values()) - len(found)} twice"
            )
        if any(row["answer"] != 2 * row["line_number"] for row in rows):
            self.problems.append("a line has the answer of another")
        if run.folder.metrics() != {"lines": self.lines, "sum": self.lines * (self.lines - 1)}:
            self.problems.append(f"the aggregation saw something else: {run.folder.metrics()}")
        artifacts = [
            json.loads(line)["line_number"]
            for file in (run.folder.path / "flow_artifacts").glob("*.jsonl")
            for line in file.read_bytes().splitlines()
        ]
        if Counter(artifacts) != Counter(range(self.lines)):
            self.problems.append("the records of the lines are not one for each")
        if (run.status, run.completed_lines, run.failed_lines) != ("Completed", self.lines, 0):
            self.problems.append(f"the run says {run.status}, {run.completed_lines}, {run.failed_lines}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures, problems = Campaign(Path(folder), asked.lines, asked.kills, asked.processes, asked.seed).run()
    for name, value in figures.items():
        print(f"{name:<30}{value}")
    for problem in problems:
        print(f"PROBLEM {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
