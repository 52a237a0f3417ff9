"""A batch from its start to its end: lines that are missing are run, the rest is taken from the run's folder.

The same code runs a new run, goes on with one that was killed, and tries the failed lines of one again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smalt.errors import SmaltError
from smalt.flows import load
from smalt.flows.batch import mapping, outcome, reading, records
from smalt.flows.batch.errors import BatchRunTimeoutError, InvalidRunError
from smalt.flows.batch.folder import RunFolder
from smalt.flows.batch.lines import EndedLine, HereRunner, LineRunner, of_record
from smalt.flows.batch.logs import RunLog, captured
from smalt.flows.batch.run import Run, RunStatus, RunStore
from smalt.flows.batch.sources import sources
from smalt.flows.batch.straight import StraightLines
from smalt.flows.connections import ConnectionProvider
from smalt.flows.providers.base import Tokens
from smalt.flows.running import loops
from smalt.flows.running.failures import failure
from smalt.flows.running.flow import Flow
from smalt.flows.running.results import AggregationResult, Limits, LineResult, Status
from smalt.kit import clock

if TYPE_CHECKING:
    import asyncio

LINES_AT_ONCE = 16
_LINE_SECONDS = 600.0
# Lines that end within this time are written together; a kill costs them another try, and writing each costs more.
_FLUSH_SECONDS = 0.05
# By then the first lines have asked what they ask, and wait for it.
_ASKED_SECONDS = 0.02

Document = dict[str, Any]  # Any: JSON
Progress = Callable[[int, int, int], None]
"""Told after each line: how many have ended, how many there are, how many failed."""


@dataclass(frozen=True)
class Pace:
    """How a batch is run.

    Attributes:
        lines_at_once: Lines in flight.
        processes: Worker processes for lines that compute; 0 runs them in this one.
        line_seconds: How long a line may take.
        batch_seconds: How long all of them may take.
    """

    lines_at_once: int = LINES_AT_ONCE
    processes: int = 0
    line_seconds: float | None = _LINE_SECONDS
    batch_seconds: float | None = None

    @classmethod
    def from_environment(cls, *, lines_at_once: int | None = None, processes: int = 0) -> Pace:
        """What `PF_WORKER_COUNT`, `PF_LINE_TIMEOUT_SEC` and `PF_BATCH_TIMEOUT_SEC` say."""
        return cls(
            lines_at_once or int(_number("PF_WORKER_COUNT") or LINES_AT_ONCE),
            processes,
            _number("PF_LINE_TIMEOUT_SEC") or _LINE_SECONDS,
            _number("PF_BATCH_TIMEOUT_SEC"),
        )


def execute(
    run: Run,
    store: RunStore,
    *,
    pace: Pace | None = None,
    connections: ConnectionProvider | Mapping[str, Any] | None = None,  # Any: connections as the executor takes them
    source: Callable[..., Any] | None = None,  # Any: a flow that is a function
    progress: Progress | None = None,
    listener: Callable[[str], None] | None = None,
) -> Run:
    """Run what is missing of a run; it ends in a terminal status, which is recorded.

    Args:
        run: A recorded run.
        store: Where it is recorded.
        pace: How fast; the environment says it otherwise.
        connections: Where the flow's connections come from; those of this machine otherwise.
        source: The flow, where it is a function of this process.
        progress: Told after each line.
        listener: Told each line of the log.

    Raises:
        KeyboardInterrupt: The person who waits for it has ended it; the run is Canceled, and can be resumed.
    """
    with run.alone():
        folder = run.folder
        folder.begin()
        log = RunLog(folder.logs, listener)
        try:
            return _Batch(run, store, folder, log, pace or Pace.from_environment(), progress).run(connections, source)
        finally:
            folder.flush()
            log.close()


class _Batch:
    """One turn of a run."""

    def __init__(
        self, run: Run, store: RunStore, folder: RunFolder, log: RunLog, pace: Pace, progress: Progress | None
    ) -> None:
        self._run = run
        self._store = store
        self._folder = folder
        self._log = log
        self._pace = pace
        self._progress = progress
        self._records: dict[int, Document] = {}
        self._results: dict[int, LineResult] = {}
        self._tokens = Tokens()
        self._nodes: dict[str, dict[str, int]] = {}
        self._flushing: asyncio.TimerHandle | None = None

    def run(self, connections: Any, source: Callable[..., Any] | None) -> Run:  # Any: see `execute`
        run = self._run
        run.status, run.start_time, run.end_time, run.error = RunStatus.RUNNING, clock.to_text(clock.now()), None, None
        self._store.save(run)
        self._log.say(f"Run {run.name} starts.")
        try:
            flow = self._loaded(connections, source)
            try:
                lines = self._lines_of(flow)
                self._take_over(lines, flow)
                aggregation = self._run_all(flow, lines)
            finally:
                flow.close()
        except KeyboardInterrupt:
            self._end(RunStatus.CANCELED, None)
            self._log.say("The run was canceled.", level="WARNING")
            raise
        except SmaltError as error:
            self._log.say(f"The run failed: {error.message}", level="ERROR")
            return self._end(RunStatus.FAILED, outcome.of_run(failure(error)))
        except BaseException as error:
            self._end(RunStatus.FAILED, outcome.of_run(failure(error)))
            raise
        return self._conclude(aggregation)

    def _loaded(self, connections: Any, source: Callable[..., Any] | None) -> Flow:  # Any: see `execute`
        run = self._run
        flow = load(
            source or run.flow,
            variant=run.variant,
            connections=connections,
            init=run.init or None,
            environment_variables=run.environment_variables or None,
            node_connections=run.connections or None,
            only_node=run.node,
        )
        if flow.source is not None:
            self._folder.take_snapshot(flow.source)
        return flow

    def _lines_of(self, flow: Flow) -> list[tuple[int, dict[str, Any]]]:  # Any: values of flows
        """All lines of the run, from its data and the run it goes over."""
        mapping.check(self._run.column_mapping)
        if flow.kind == "dag" and not flow.inputs and self._run.node is None:
            from smalt.flows.errors import InputNotFound

            raise InputNotFound("The input for flow cannot be empty in batch mode. Give the flow an input.")
        inputs = {name: item.default for name, item in flow.inputs.items()} if flow.inputs else None
        if self._run.node is not None:
            inputs = None
        rows = sources(self._run, self._store)
        self._warn_of_defaults(rows, inputs or {})
        lines = mapping.lines(rows, self._run.column_mapping, inputs)
        self._run.lines = len(lines)
        self._folder.note_lines(len(lines))
        return lines

    def _warn_of_defaults(self, rows: Mapping[str, Sequence[reading.Row]], inputs: Mapping[str, Any]) -> None:
        """Say which columns are passed over, because the input of their name has a default and is not mapped."""
        first = next(iter(rows.get("data") or ()), {})
        passed_over = [
            name
            for name, default in inputs.items()
            if default is not None and name in first and name not in self._run.column_mapping
        ]
        for name in passed_over:
            self._log.say(
                f"The column {name!r} is not read: the input has a default. Map it to read it: "
                f"--column-mapping {name}='${{data.{name}}}'.",
                level="WARNING",
            )

    def _take_over(self, lines: Sequence[tuple[int, Any]], flow: Flow) -> None:  # Any: values of flows
        """Keep what completed lines have left behind: of an earlier turn, or of the run this one resumes."""
        wanted = {number for number, _ in lines}
        own = self._folder.lines()
        done = {n: each for n, each in own.items() if n in wanted and each["status"] == Status.COMPLETED}
        if own:
            self._folder.mend(done)
        elif self._run.resume_from:
            before = self._store.get(self._run.resume_from)
            done = {
                n: each for n, each in before.folder.lines().items() if n in wanted and each["status"] == "Completed"
            }
            kept_nodes: dict[int, list[Document]] = {}
            for node in before.folder.node_records():
                if node["run_info"]["index"] in done:
                    kept_nodes.setdefault(node["line_number"], []).append(node)
            for number, record in sorted(done.items()):
                self._folder.write_line(record, kept_nodes.get(number, ()))
        if not done:
            return
        for number, record in done.items():
            self._records[number] = record
            used = record["run_info"]["system_metrics"]
            self._tokens += Tokens(*(used.get(f"{kind}_tokens", 0) for kind in ("prompt", "completion", "total")))
            if flow.has_aggregation:
                self._results[number] = of_record(record)
        for node in self._folder.node_records():
            self._count_node(node)
        self._log.say(f"{len(done)} lines have completed before; {len(wanted) - len(done)} remain.")

    def _run_all(
        self, flow: Flow, lines: Sequence[tuple[int, dict[str, Any]]]
    ) -> AggregationResult:  # Any: values of flows
        is_straight = not (flow.needs_loop or self._pace.processes or self._run.node)
        if is_straight:
            self._all_straight(flow, lines)
        if is_straight and not flow.has_aggregation:
            return AggregationResult()  # and no event loop has been loaded
        import asyncio

        try:
            if not is_straight:
                loops.run(self._all(flow, lines))
            return loops.run(self._aggregated(flow))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    def _all_straight(self, flow: Flow, lines: Sequence[tuple[int, dict[str, Any]]]) -> None:  # Any: values of flows
        runner = self._runner_here(flow)
        remaining = [line for line in lines if line[0] not in self._records]
        until = None if self._pace.batch_seconds is None else time.monotonic() + self._pace.batch_seconds
        straight = StraightLines(
            flow, self._run.name, at_once=self._pace.lines_at_once, line_seconds=self._pace.line_seconds
        )
        due = 0.0
        try:
            with captured(), closing(straight.run(remaining, until=until)) as turns:
                for ended in turns:
                    for turn in ended:
                        self._ended(runner.ended(turn.line.result(), turn.pieces), flow)
                    if not ended or time.monotonic() >= due:
                        self._folder.flush()
                        due = time.monotonic() + _FLUSH_SECONDS
        except TimeoutError:
            self._give_up(lines)

    async def _all(self, flow: Flow, lines: Sequence[tuple[int, dict[str, Any]]]) -> None:  # Any: values of flows
        import asyncio

        remaining = iter([line for line in lines if line[0] not in self._records])
        runner = self._runner(flow)
        loop = asyncio.get_running_loop()
        count = min(self._pace.processes or self._pace.lines_at_once, len(lines)) or 1
        loop.call_later(_ASKED_SECONDS, records.prepare)

        async def work() -> None:
            for number, inputs in remaining:
                self._ended(await runner.run(number, inputs), flow)
                if self._flushing is None:
                    self._flushing = loop.call_later(_FLUSH_SECONDS, self._flush)

        try:
            with captured():
                async with asyncio.timeout(self._pace.batch_seconds), asyncio.TaskGroup() as group:
                    for _ in range(count):
                        group.create_task(work())
        except TimeoutError:
            self._give_up(lines)
        finally:
            await runner.close()

    def _runner(self, flow: Flow) -> LineRunner:
        run = self._run
        if not self._pace.processes:
            return self._runner_here(flow)
        if flow.source is None:
            raise InvalidRunError(
                f"Run {run.name!r} is of a function, which worker processes cannot load. Put the flow into a file, or "
                "run without processes."
            )
        from smalt.flows.batch.processes import ProcessRunner

        setup = {
            "flow": run.flow, "variant": run.variant, "init": run.init or None, "connections": run.connections or None,
            "environment_variables": run.environment_variables or None, "run_name": run.name,
            "line_seconds": self._pace.line_seconds, "output_path": run.output_path,
        }  # fmt: skip
        return ProcessRunner(setup, self._pace.processes, self._pace.line_seconds)

    def _runner_here(self, flow: Flow) -> HereRunner:
        limits = Limits(line_seconds=self._pace.line_seconds)
        return HereRunner(flow, self._run.name, limits, self._folder, node=self._run.node)

    def _ended(self, ended: EndedLine, flow: Flow) -> None:
        record = ended.line
        number = record["line_number"]
        if ended.printed:
            self._folder.write_line_log(number, ended.printed)
        self._folder.write_line(record, ended.nodes)
        for node in ended.nodes:
            self._count_node(node)
        self._tokens += ended.tokens
        # What the end of the run writes, and no more: a run may have a hundred thousand lines.
        self._records[number] = {
            "line_number": number,
            "status": record["status"],
            "run_info": {key: record["run_info"][key] for key in ("inputs", "output", "error")},
        }
        if flow.has_aggregation:
            self._results[number] = ended.result
        if record["status"] == Status.FAILED:
            self._run.failed_lines += 1
            self._log.say(f"Line {number} failed: {record['run_info']['error']['message']}", level="ERROR")
        self._tell()

    def _flush(self) -> None:
        self._flushing = None
        self._folder.flush()

    def _tell(self) -> None:
        done, total = len(self._records), self._run.lines or 0
        if done == total or done % max(total // 10, 1) == 0:
            self._log.say(f"Finished {done} / {total} lines.")
        if self._progress is not None:
            self._progress(done, total, self._run.failed_lines)

    def _count_node(self, node: Document) -> None:
        counts = self._nodes.setdefault(str(node["NodeName"]), {})
        status = str(node["status"]).lower()
        counts[status] = counts.get(status, 0) + 1

    def _give_up(self, lines: Sequence[tuple[int, dict[str, Any]]]) -> None:  # Any: values of flows
        """The time of the batch is over: lines that have not ended have failed, and can be resumed."""
        error = BatchRunTimeoutError(
            f"The batch did not end within {self._pace.batch_seconds} seconds. Give it more time "
            "(PF_BATCH_TIMEOUT_SEC), or resume it for the lines that are missing."
        )
        now = clock.now().timestamp()
        for number, inputs in lines:
            if number not in self._records:
                told = failure(error, line=number)
                result = LineResult(Status.FAILED, inputs, {}, {}, told, number, None, now, now)
                record = records.line_document(result, run_name=self._run.name)
                self._folder.write_line(record, ())
                self._records[number] = record
        self._log.say(error.message, level="ERROR")

    async def _aggregated(self, flow: Flow) -> AggregationResult:
        if not flow.has_aggregation or self._run.node is not None:
            return AggregationResult()
        lines = [self._results[number] for number in sorted(self._results)]
        with captured():
            result = await flow.aggregate(lines)
        for node in result.nodes.values():
            document = records.node_document(node, run_name=self._run.name, line_number=None)
            self._folder.write_node(document)
            self._count_node(document)
        if result.error is not None:
            self._log.say(f"The aggregation failed: {result.error.message}", level="ERROR")
        return result

    def _conclude(self, aggregation: AggregationResult) -> Run:
        lines = [self._records[number] for number in sorted(self._records)]
        self._folder.finish(lines, aggregation.metrics)
        failed = [line for line in lines if line["status"] != Status.COMPLETED]
        error = None
        if failed or aggregation.error is not None:
            error = outcome.of_lines(failed, len(lines), aggregation.error)
        if failed:
            self._log.say(f"{len(failed)} of {len(lines)} lines failed.", level="WARNING")
        status = RunStatus.FAILED if len(failed) == len(lines) else RunStatus.COMPLETED
        self._run.completed_lines, self._run.failed_lines = len(lines) - len(failed), len(failed)
        return self._end(status, error)

    def _end(self, status: RunStatus, error: Document | None) -> Run:
        run = self._run
        run.status, run.end_time = status, clock.to_text(clock.now())
        # The whole of it stands in error.json, with every line that failed.
        run.error = None if error is None else {"code": error["code"], "message": error["message"]}
        if not run.completed_lines and not run.failed_lines:
            run.completed_lines = sum(each["status"] == Status.COMPLETED for each in self._records.values())
        self._folder.write_error(error)
        run.system_metrics = {
            "total_tokens": self._tokens.total,
            "prompt_tokens": self._tokens.prompt,
            "completion_tokens": self._tokens.completion,
            "duration": run.duration_seconds,
            "__pf__.lines.completed": run.completed_lines,
            "__pf__.lines.failed": run.failed_lines,
        }
        run.system_metrics |= {
            f"__pf__.nodes.{node}.{state}": count
            for node, counts in self._nodes.items()
            for state, count in counts.items()
        }
        self._store.save(run)
        self._log.say(
            f"Run {run.name} has ended: {run.status}, {run.completed_lines} lines completed, {run.failed_lines} failed."
        )
        return run


def _number(variable: str) -> float | None:
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise InvalidRunError(f"{variable} is {text!r}. Set it to a positive number.")
    return value
