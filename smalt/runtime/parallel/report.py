"""What a person can read of a parallel job: its main log, an overview, and files for each worker."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tally import Tally

_NODE = "0"
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30}


class WorkerLogs:
    """The files of one worker."""

    def __init__(self, folder: str, number: int) -> None:
        self.number = number
        self.name = name = f"process{number:03d}"
        self.script = _made(folder, "user", "entry_script_log", _NODE, f"{name}.log.txt")
        self.stdout = _made(folder, "user", "stdout", _NODE, f"{name}.stdout.txt")
        self.stderr = _made(folder, "user", "stderr", _NODE, f"{name}.stderr.txt")
        self.errors = _made(folder, "user", "error", _NODE, f"{name}.txt")
        self.batches = _made(folder, "sys", "node", _NODE, f"{name}.txt")


class Report:
    """Writes what happens, as it happens.

    Args:
        artifacts: The artifact root of the job.
        level: The least important lines that are wanted in the main log.
    """

    def __init__(self, artifacts: str, level: str) -> None:
        self._folder = os.path.join(artifacts, "logs")
        self._level = _LEVELS[level]
        day = time.strftime("%Y%m%d", time.gmtime())
        self._overview = _made(self._folder, f"job_progress_overview.{day}.txt")
        self._summary = _made(self._folder, "user", "error.txt")
        self._told = ""
        self._usage = os.path.join(self._folder, "sys", "perf", _NODE, "node_resource_usage.csv")

    def worker(self, number: int) -> WorkerLogs:
        """The files of a worker."""
        return WorkerLogs(self._folder, number)

    def debug(self, text: str) -> None:
        """A detail."""
        self._say("DEBUG", text)

    def info(self, text: str) -> None:
        """What a person may want to know."""
        self._say("INFO", text)

    def warn(self, text: str) -> None:
        """What a person should know."""
        self._say("WARNING", text)

    def batch(self, logs: WorkerLogs, text: str) -> None:
        """A line about a mini-batch, for its worker's file."""
        _append(logs.batches, f"{_now()} {text}\n")

    def error(self, logs: WorkerLogs, what: str, trace: str) -> None:
        """A failure of the script: in whole for its worker's file, in short for the summary of errors."""
        _append(logs.errors, f"{_now()} {what}\n{trace.rstrip()}\n\n")
        lines = trace.strip().splitlines() or ["(no message)"]
        _append(self._summary, f"{_now()} {what}: {lines[-1]}\n")

    def progress(self, tally: Tally) -> None:
        """A line for the overview, and for the main log if anything is new."""
        text = _described(tally)
        _append(self._overview, f"{_now()} {text}\n")
        if text != self._told:
            self._told = text
            self.info(text)

    def usage(self) -> None:
        """Load and free memory of this machine, as a row of a table."""
        if not os.path.exists(self._usage):
            _made(self._usage)
            _append(self._usage, "time,load_1_minute,memory_available_kb,memory_total_kb\n")
        memory = {}
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                memory[name] = rest.split()[0]
        load = os.getloadavg()[0]
        _append(self._usage, f"{_now()},{load:.2f},{memory.get('MemAvailable', '')},{memory.get('MemTotal', '')}\n")

    def end(self, tally: Tally, error: str | None, output: str) -> None:
        """The last lines."""
        lines = [
            f"Mini-batches: {tally.total}; {tally.processed_batches} processed, {tally.failed_batches} failed, "
            f"{tally.remaining_batches} not done.",
            f"Items: {tally.processed_items} processed, {tally.failed_items} failed.",
        ]
        if output:
            lines.append(f"Rows are in {output}.")
        if tally.failed_batches:
            lines.append("Errors are in logs/user/error.txt, with their traces in logs/user/error/.")
        lines.append(f"The parallel job failed: {error}" if error else "The parallel job is completed.")
        for line in lines:
            print(line, flush=True)
        _append(self._overview, "".join(f"{_now()} {line}\n" for line in lines))

    def _say(self, level: str, text: str) -> None:
        if _LEVELS[level] >= self._level:
            print(text, flush=True)


def _described(tally: Tally) -> str:
    return (
        f"{tally.processed_batches} of {tally.total} mini-batches processed, {tally.failed_batches} failed, "
        f"{tally.remaining_batches} to do"
    )


def _made(*parts: str) -> str:
    path = os.path.join(*parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8", errors="replace") as stream:
        stream.write(text)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
