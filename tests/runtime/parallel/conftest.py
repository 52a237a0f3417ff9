"""Runs parallel jobs as the supervisor does: one command with its variables, in a folder with the code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import smalt.runtime

ENTRY = Path(smalt.runtime.__file__).parent / "parallel"
ECHO = "import os\n\ndef run(mini_batch):\n    return [os.path.basename(each) for each in mini_batch]\n"


class Line:
    """One job: its script, its input, its output."""

    def __init__(self, folder: Path) -> None:
        self.code = folder / "code"
        self.input = folder / "input"
        self.artifacts = folder / "artifacts"
        self.output = folder / "rows.txt"
        for each in (self.code, self.input, self.artifacts):
            each.mkdir()
        self.resumed = ""
        self.model = ""
        self.arguments = ""
        self.python = sys.executable
        self.asked = {
            "task": "run_function", "entry_script": "score.py", "input_name": "data", "is_table": False,
            "size": None, "size_in_bytes": False, "partition_keys": None, "instances": 1, "concurrency": 2,
            "max_retries": 2, "timeout": 30, "error_threshold": None, "mini_batch_error_threshold": None,
            "logging_level": None, "yaml": "",
        }  # fmt: skip

    def files(self, count: int) -> list[str]:
        """That many files as input; their names."""
        names = [f"{number:04d}.txt" for number in range(count)]
        for name in names:
            (self.input / name).write_text(name)
        return names

    def script(self, text: str) -> None:
        (self.code / "score.py").write_text(text)

    def start(self, **asked: object) -> subprocess.Popen[str]:
        variables = {
            "SMALT_PARALLEL": json.dumps({**self.asked, **asked}),
            "SMALT_PARALLEL_INPUT": str(self.input),
            "SMALT_PARALLEL_ARGUMENTS": self.arguments,
            "SMALT_PARALLEL_OUTPUT": str(self.output),
            "SMALT_PARALLEL_RESUMED": self.resumed,
            "SMALT_PARALLEL_MODEL": self.model,
            "SMALT_ARTIFACTS": str(self.artifacts),
            "PATH": os.environ["PATH"],
        }
        return subprocess.Popen(
            [self.python, str(ENTRY)],
            cwd=self.code,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **asked: object) -> tuple[int, str]:
        """To the end: exit code and main log."""
        process = self.start(**asked)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def rows(self) -> list[str]:
        return self.output.read_text().splitlines()

    def log(self, name: str) -> str:
        return (self.artifacts / "logs" / name).read_text()

    def pids(self, role: str) -> list[int]:
        """Processes of this job with a role: drive or work."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
                is_ours = role.encode() in words and (entry / "cwd").readlink() == self.code
            except OSError:
                continue
            if is_ours:
                found.append(int(entry.name))
        return found

    def wait_for(self, path: Path) -> None:
        """Wait for a file that the script makes. Files make no noise, so this one looks, at a short interval."""
        limit = time.monotonic() + 60
        while not path.exists():
            assert time.monotonic() < limit, f"{path} never came"
            time.sleep(0.005)

    def kill(self, role: str) -> bool:
        """Kill one process with a role; whether there was one."""
        for pid in self.pids(role):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            return True
        return False


@pytest.fixture
def line(tmp_path: Path) -> Line:
    found = Line(tmp_path)
    found.script(ECHO)
    return found


@pytest.fixture
def table(line: Line) -> Callable[..., None]:
    """Makes the input a table: the text of its MLTable file, and its files by name."""

    def make(text: str, **files: str) -> None:
        (line.input / "MLTable").write_text(text)
        for name, content in files.items():
            path = line.input / name.replace("__", "/").replace("_csv", ".csv")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return make
