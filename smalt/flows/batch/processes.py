"""Lines in worker processes, for flows that compute: each process loads the flow once and runs one line at a time.

A worker is a fresh interpreter that runs `smalt.flows.batch.worker`; the program that started the batch is not imported
again, so that it needs no guard and notebooks may do it. A worker whose line took too long is ended and replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Mapping
from typing import Any

from smalt.flows.batch import lines, records
from smalt.flows.batch.errors import WorkerDied
from smalt.flows.batch.lines import EndedLine
from smalt.flows.errors import LineExecutionTimeoutError
from smalt.flows.providers.base import Tokens
from smalt.flows.running.failures import failure
from smalt.flows.running.flow import line_timeout
from smalt.flows.running.results import LineResult, Status
from smalt.flows.tracing import destination

_LONGEST_RECORD = 256 * 1024 * 1024
_GRACE_SECONDS = 5.0
_FAREWELL_SECONDS = 15.0


class ProcessRunner:
    """Runs lines in up to `count` worker processes.

    Args:
        setup: What a worker needs to load the flow; see `smalt.flows.batch.worker`.
        count: How many.
        line_seconds: How long a line may take.
    """

    def __init__(self, setup: Mapping[str, Any], count: int, line_seconds: float | None) -> None:  # Any: JSON
        self._setup = records.encode(setup) + b"\n"
        self._run_name = str(setup["run_name"])
        self._line_seconds = line_seconds
        self._places = asyncio.Semaphore(count)
        self._idle: list[asyncio.subprocess.Process] = []
        self._all: set[asyncio.subprocess.Process] = set()

    async def run(self, number: int, inputs: Mapping[str, Any]) -> EndedLine:  # Any: values of flows
        """See `LineRunner.run`."""
        async with self._places:
            started = time.time()
            worker = self._idle.pop() if self._idle else await self._start()
            try:
                async with asyncio.timeout(None if self._line_seconds is None else self._line_seconds + _GRACE_SECONDS):
                    answer = await self._ask(worker, number, inputs)
            except TimeoutError:
                self._end(worker)
                error: Exception = LineExecutionTimeoutError(line_timeout(number, self._line_seconds))
                return self._failed(number, inputs, error, started)
            except (EOFError, OSError):
                code = await worker.wait()
                self._end(worker)
                told = f"by signal {-code}" if code < 0 else f"with exit code {code}"
                error = WorkerDied(
                    f"The process that ran line {number} ended {told}. Look into the log of the run for what it said; "
                    "if the memory ran out, use fewer processes."
                )
                return self._failed(number, inputs, error, started)
            except BaseException:
                self._end(worker)
                raise
            line = answer["line"]
            if _took_too_long(line):  # its thread still computes
                self._end(worker)
            else:
                self._idle.append(worker)
            tokens = Tokens(*answer["tokens"])
            return EndedLine(line, answer["nodes"], answer["printed"], lines.of_record(line), tokens)

    async def close(self) -> None:
        """See `LineRunner.close`."""
        if destination.find() is not None:
            await self._let_go()
        for worker in list(self._all):
            self._end(worker)
            await worker.wait()

    async def _let_go(self) -> None:
        """Have workers end by themselves: they still send the spans of their last lines."""
        for worker in self._all:
            assert worker.stdin is not None
            worker.stdin.close()
        ends = [asyncio.ensure_future(worker.wait()) for worker in self._all]
        if ends:
            await asyncio.wait(ends, timeout=_FAREWELL_SECONDS)

    async def _start(self) -> asyncio.subprocess.Process:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "smalt.flows.batch.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_RECORD,
        )
        self._all.add(worker)
        assert worker.stdin is not None
        worker.stdin.write(self._setup)
        return worker

    async def _ask(
        self, worker: asyncio.subprocess.Process, number: int, inputs: Mapping[str, Any]
    ) -> dict[str, Any]:  # Any: JSON
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(records.encode({"line_number": number, "inputs": inputs}) + b"\n")
        await worker.stdin.drain()
        told = await worker.stdout.readline()
        if not told:
            raise EOFError
        found: dict[str, Any] = records.decode(told)
        return found

    def _end(self, worker: asyncio.subprocess.Process) -> None:
        self._all.discard(worker)
        with contextlib.suppress(ProcessLookupError):
            worker.kill()

    def _failed(self, number: int, inputs: Mapping[str, Any], error: Exception, started: float) -> EndedLine:
        result = LineResult(
            Status.FAILED, inputs, {}, {}, failure(error, line=number), number, self._run_name, started, time.time()
        )
        return EndedLine(records.line_document(result, run_name=self._run_name), [], "", result)


def _took_too_long(line: Mapping[str, Any]) -> bool:  # Any: JSON
    inner = ((line["run_info"]["error"] or {}).get("innerError") or {}).get("code")
    return inner == LineExecutionTimeoutError.__name__
