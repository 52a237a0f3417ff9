"""Starts the driver, and starts it again when it is killed: finished mini-batches are on disk and stay finished."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from .. import processes
from .journal import PLACE, Journal
from .models import lay_out
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_DEATHS_WITHOUT_PROGRESS = 5


def keep(entry: str) -> int:
    """Run the driver to its end; its exit code."""
    processes.adopt_orphans()
    os.environ.update(lay_out(os.environ))
    is_stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal is_stopped
        is_stopped = True
        if driver is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(driver.pid, signal.SIGTERM)

    driver: subprocess.Popen[bytes] | None = None
    signal.signal(signal.SIGTERM, stop)
    deaths, done = 0, _journal_size()
    while not is_stopped:
        driver = subprocess.Popen([sys.executable, entry, "drive", str(os.getpid())])
        code = _wait(driver.pid)
        # What a killed driver leaves behind must not write beside its successor.
        processes.signal_descendants(signal.SIGKILL)
        if code == 0:
            _forget_journal()
        if code >= 0 or is_stopped:
            return code if code >= 0 else 128 - code
        size = _journal_size()
        deaths, done = (1 if size > done else deaths + 1), size
        name = signal.Signals(-code).name
        if deaths >= _DEATHS_WITHOUT_PROGRESS:
            print(f"The driver was ended by {name} {deaths} times without finishing a mini-batch.", flush=True)
            _mend_output()
            return 128 - code
        print(f"The driver was ended by {name}; it goes on where it stopped.", flush=True)
    return 128 + signal.SIGTERM


def _wait(driver: int) -> int:
    """Wait for the driver, and bury the orphans that end meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == driver:
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _journal_path() -> str:
    return os.path.join(os.environ.get("SMALT_ARTIFACTS") or os.getcwd(), PLACE)


def _journal_size() -> int:
    path = _journal_path()
    return os.path.getsize(path) if os.path.exists(path) else 0


def _forget_journal() -> None:
    """The job is completed, and nobody goes on with it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_journal_path())


def _mend_output() -> None:
    """Whole rows only, though the driver may have died while it wrote one."""
    output = Settings(os.environ).output_path
    if output and _journal_size():
        journal = Journal(_journal_path())
        journal.assemble(output)
        journal.close()
