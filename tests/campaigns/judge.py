"""What a pipeline must have come to, given what was drawn and what was killed; read from a stopped server's home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from smalt.entities.job.status import JobStatus
from smalt.runtime import digest
from smalt.server.assets.tables import versions
from smalt.server.database import Database
from smalt.server.jobs import lifecycle
from smalt.server.jobs import store as jobs
from smalt.server.jobs.store import JobRecord
from smalt.server.jobs.tables import jobs as job_rows
from smalt.server.pipelines import store as pipelines
from smalt.server.pipelines.store import StepStatus
from smalt.server.pipelines.tables import step_results
from smalt.server.tracking.tables import runs
from tests.campaigns.drawing import Drawn, Step, contents
from tests.campaigns.killer import Killer

_GATHERED = -1


@dataclass
class Judge:
    """Compares, and collects what is wrong.

    Args:
        home: The home of the server.
        killer: What was killed.
    """

    home: Path
    killer: Killer
    problems: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def judge(self, drawn: list[Drawn]) -> None:
        database = Database.at(self.home / "smalt.db")
        try:
            with database.read() as connection:
                self._read(connection)
                for pipeline in drawn:
                    self._judge_pipeline(connection, pipeline)
                self._judge_results(connection)
        finally:
            database.close()

    def _read(self, connection: Connection) -> None:
        found = [jobs._record(row) for row in connection.execute(select(job_rows))]
        self._jobs = {record.name: record for record in found}
        self._runs = {row.run_id: row.status for row in connection.execute(select(runs.c.run_id, runs.c.status))}
        self._assets = Counter(connection.execute(select(versions.c.name)).scalars())

    def _judge_pipeline(self, connection: Connection, drawn: Drawn) -> None:
        record = self._jobs.get(drawn.name)
        if record is None:
            self.problems.append(f"{drawn.name}: it is lost")
            return
        expected = self._judge_steps(connection, record, drawn.steps, "", stops=drawn.stops)
        self._expect(record.name, "status", record.status, expected)
        self.seen[f"pipelines {record.status.value}"] += 1

    def _judge_steps(
        self, connection: Connection, record: JobRecord, steps: tuple[Step, ...], given: str, *, stops: bool
    ) -> JobStatus:
        """Judge the steps of a pipeline, and tell what its status must be."""
        rows: dict[str, dict[int, list[pipelines.StepRow]]] = {}
        for row in sorted(pipelines.steps(connection, record.id), key=lambda row: row.key):
            rows.setdefault(row.key.step, {}).setdefault(row.key.iteration, []).append(row)
        self._judge_children(record, rows)
        self._judge_diary(record, {step.name for step in steps if step.kind == "command"})
        texts = contents(steps, given)
        outcomes: dict[str, bool | None] = {}
        for step in steps:
            mine = rows.pop(step.name, {})
            if any(outcomes[need] is not True for need in step.needs):
                self._expect(record.name, f"runs of {step.name}", len(mine), 0)
                outcomes[step.name] = None
                continue
            before = "".join(texts[need] for need in step.needs) if step.needs else given
            outcomes[step.name] = self._judge_step(connection, record, step, mine, texts[step.name], before, stops)
        self._expect(record.name, "unknown steps", list(rows), [])
        is_failed = False in outcomes.values()
        if not (stops and is_failed):
            left_out = [step.name for step in steps if outcomes[step.name] is None and not _waits(step, outcomes)]
            self._expect(record.name, "steps not run", left_out, [])
        return JobStatus.FAILED if is_failed else JobStatus.COMPLETED

    def _judge_step(
        self,
        connection: Connection,
        record: JobRecord,
        step: Step,
        mine: dict[int, list[pipelines.StepRow]],
        text: str,
        before: str,
        stops: bool,
    ) -> bool | None:
        """Whether a step has completed; None where it never ran, or was canceled."""
        if not mine:
            return None
        if step.kind == "pipeline":
            [row] = mine[0]
            inner = self._jobs[str(row.child)]
            expected = self._judge_steps(connection, inner, step.inner, before, stops=False)
            self._expect(inner.name, "status", inner.status, expected)
            self._judge_run(inner)
            return self._judge_row(row, inner)
        if step.kind == "command":
            return self._judge_attempts(record, step, mine[0], text, stops)
        return self._judge_loop(record, step, mine, text)

    def _judge_loop(self, record: JobRecord, step: Step, mine: dict[int, list[pipelines.StepRow]], text: str) -> bool:
        header = mine.pop(_GATHERED, None)
        values = [f"{number * number if header else number + 1}\n" for number in range(step.count)]
        done = [self._judge_attempts(record, step, rows, values[index], False) for index, rows in mine.items()]
        self._expect(record.name, f"iterations of {step.name}", list(mine), list(range(len(mine))))
        is_done = all(done)
        if is_done:
            self._expect(record.name, f"iterations of {step.name} in all", len(mine), step.count)
        if header is not None and is_done:
            gathered = header[0].value["outputs"]["value"]
            self._expect(record.name, f"values of {step.name}", f"{gathered}\n", text)
        return is_done

    def _judge_attempts(
        self, record: JobRecord, step: Step, rows: list[pipelines.StepRow], text: str, stops: bool
    ) -> bool | None:
        name = f"{record.name}/{step.name}"
        self._expect(name, "attempts", [row.key.attempt for row in rows], list(range(1, len(rows) + 1)))
        done = [self._judge_attempt(step, row, text, stops) for row in rows]
        self._expect(name, "completed attempts before the last", any(done[:-1]), False)
        self.seen["attempts after a failure"] += len(rows) - 1
        if not done[-1] and not (stops and None in done):
            self._expect(name, "attempts in all", len(rows), step.retries + 1)
        return done[-1]

    def _judge_attempt(self, step: Step, row: pipelines.StepRow, text: str, stops: bool) -> bool | None:
        """One job of a step; whether it has completed, None for a canceled one."""
        child = self._jobs[str(row.child)]
        self._judge_run(child)
        self._judge_row(row, child)
        ran, ended = self._marks(child.name)
        if "azureml.reusedrunid" in child.properties:
            self.seen["steps reused"] += 1
            self._expect(child.name, "runs of a reused step", (ran, step.is_shared), (0, True))
            self._judge_output(step, child, text)
            return True
        self.seen["jobs of steps"] += 1
        self.seen[f"jobs {child.status.value}"] += 1
        if stops and child.status is JobStatus.CANCELED:
            self._expect(child.name, "runs at most", ran <= 1, True)
            return None
        fails = row.key.attempt <= step.fails
        allowed = set(self._allowed(child, fails=fails))
        seen = (child.status, (child.error or {}).get("code"))
        if seen not in allowed:
            self.problems.append(f"{child.name}: it is {seen}, allowed {sorted(map(str, allowed))}; {child.error}")
        if child.status is JobStatus.COMPLETED:
            self._expect(child.name, "runs", (ran, ended), (1, 1))
            self._judge_output(step, child, text)
        elif self._is_disturbed(child):
            self._expect(child.name, "runs at most", ran <= 1, True)
            self._expect(child.name, "versions", self._assets[child.name], 0)
        else:
            self._expect(child.name, "runs", (ran, ended), (1, 0))
        return child.status is JobStatus.COMPLETED

    def _allowed(self, child: JobRecord, *, fails: bool) -> Iterator[tuple[JobStatus, str | None]]:
        lost, failed = (JobStatus.FAILED, "JobLost"), (JobStatus.FAILED, "UserError")
        if child.workload in self.killer.lost:
            self.seen["jobs lost"] += 1
            yield lost
            return
        if child.workload in self.killer.unborn:
            yield lost
        if child.workload in self.killer.struck:
            yield failed
        yield failed if fails else (JobStatus.COMPLETED, None)

    def _is_disturbed(self, child: JobRecord) -> bool:
        return child.workload in self.killer.lost | self.killer.unborn | self.killer.struck

    def _judge_output(self, step: Step, child: JobRecord, text: str) -> None:
        name = "out" if step.kind == "command" else "value"
        uri = jobs.Result(child.name, child.pinned["outputs"], child.written).uri(name)
        if uri is None or name not in child.written:
            self.problems.append(f"{child.name}: its output {name} is not written down: {child.written}")
            return
        container = self.home / "blobs" / child.workspace_id / f"azureml-blobstore-{child.workspace_id}"
        path = container / uri.partition("/workspaceblobstore/paths/")[2]
        self._expect(child.name, f"content of {path}", path.read_text() if path.is_file() else None, text)
        self._expect(child.name, "digest", child.written[name]["digest"], digest.of_path(str(path)))
        if step.is_registered:
            self._expect(child.name, "versions of its output", self._assets[step.label], 1)
            self._expect(child.name, "registered outputs", list(child.registered), [name])

    def _judge_row(self, row: pipelines.StepRow, child: JobRecord) -> bool:
        is_done = child.status is JobStatus.COMPLETED
        self._expect(
            child.name, "state of its step", row.status, StepStatus.COMPLETED if is_done else StepStatus.FAILED
        )
        return is_done

    def _judge_run(self, child: JobRecord) -> None:
        """Nothing of a job is open any more."""
        self._expect(child.name, "activity", (child.active, child.lease), (False, None))
        self._expect(child.name, "run", self._runs.get(child.name), lifecycle.RUN_STATUS.get(child.status))

    def _judge_children(self, record: JobRecord, rows: Mapping[str, Mapping[int, list[pipelines.StepRow]]]) -> None:
        """Every child has a row, and every row its child."""
        named = [row.child for mine in rows.values() for runs in mine.values() for row in runs if row.child]
        children = [job.name for job in self._jobs.values() if job.parent == record.name]
        self._expect(record.name, "children", sorted(children), sorted(named))

    def _judge_diary(self, record: JobRecord, steps: set[str]) -> None:
        """No beginning and no end of a step is told twice."""
        path = self.home / "blobs" / record.workspace_id / "azureml" / f"ExperimentRun/dcid.{record.name}"
        log = path / "logs/azureml/executionlogs.txt"
        told = Counter(line.partition("] step ")[2] for line in log.read_text().splitlines()) if log.exists() else {}
        twice = [line for line, times in told.items() if times > 1 and line.split()[0] in steps]
        self._expect(record.name, "what its log tells twice", twice, [])

    def _judge_results(self, connection: Connection) -> None:
        """Only what has completed is offered for reuse."""
        for name in connection.execute(select(step_results.c.job)).scalars():
            self._expect(name, "status of an offered result", self._jobs[name].status, JobStatus.COMPLETED)

    def _marks(self, name: str) -> tuple[int, int]:
        path = self.home / "marks" / name
        lines = path.read_text().splitlines() if path.exists() else []
        return lines.count("ran"), lines.count("end")

    def _expect(self, name: str, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.problems.append(f"{name}: {what}: {found!r}, not {wanted!r}")


def _waits(step: Step, outcomes: Mapping[str, bool | None]) -> bool:
    return any(outcomes[need] is not True for need in step.needs)
