"""Jobs: submit, follow, fetch, change."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO
from urllib.parse import quote

from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob, Trial
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.status import JobStatus
from smalt.entities.job.sweep import SweepJob
from smalt.entities.job.sweep_rules import mistakes
from smalt.errors import Conflict, InvalidRequest, NotFound, SmaltError, ValidationFailed
from smalt.kit import ids
from smalt.sdk import git, logs
from smalt.sdk.download import download
from smalt.sdk.operations.base import JsonObject, ListViewType, Operations, required_name
from smalt.sdk.pipelines import check, stream
from smalt.sdk.pipelines.asked import not_told
from smalt.sdk.pipelines.files import absent
from smalt.sdk.pipelines.graph import jobs_of
from smalt.sdk.pipelines.stream import Lines, Tree
from smalt.sdk.poller import Poller
from smalt.sdk.trials_table import TrialsTable
from smalt.wire import expressions, references
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import parse_arm_id

if TYPE_CHECKING:
    from smalt.sdk.resolve import Resolver
    from smalt.sdk.room import Room

LogLines = list[str]
TreeOptions = tuple[Callable[[str, str], str], int]
"""How a tree is drawn: what colours a text by a status, and the lines that fit on the screen."""

ARTIFACTS = "artifacts"
_DEFAULT_OUTPUTS = frozenset({"default", ARTIFACTS})


@dataclass(frozen=True)
class ValidationResult:
    """What `jobs.validate` found."""

    errors: tuple[SmaltError, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    @property
    def error_messages(self) -> dict[str, str]:
        """The mistakes, by the field they are in."""
        return {error.target or "*": error.message for error in self.errors}


class Authored(Protocol):
    """Something written in Python that can be submitted as a job: a pipeline, or a step on its own."""

    def to_job(self) -> Job:
        """The job."""


def as_job(given: Job | Authored) -> Job:
    """What is submitted, as a job."""
    return given if isinstance(given, Job) else given.to_job()


class JobOperations(Operations[Job]):
    """`client.jobs`.

    Args:
        room: The workspace.
        resolver: Brings what is local to the server.
    """

    kind = "jobs"

    def __init__(self, room: Room, resolver: Resolver) -> None:
        super().__init__(room)
        self._resolver = resolver

    def list(
        self,
        *,
        parent_job_name: str | None = None,
        list_view_type: str = ListViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        job_type: str | None = None,
        tag: str | None = None,
    ) -> Iterator[Job]:
        """Jobs, the newest first; with `parent_job_name` the children of that job."""
        if parent_job_name is not None:
            children = self._room.transport.items(self._history("runs", parent_job_name, "children"))
            names = (str(child.get("runId") or child["name"]) for child in children)
            return (self.get(name) for name in islice(names, max_results))
        query = {"listViewType": str(list_view_type), "jobType": job_type, "tag": tag}
        return self._list({key: value for key, value in query.items() if value}, max_results=max_results)

    def get(self, name: str) -> Job:
        """One job.

        Raises:
            NotFound: There is no such job.
        """
        return self._get(name)

    def create_or_update(
        self,
        job: Job | Authored,
        *,
        description: str | None = None,
        compute: str | None = None,
        tags: Mapping[str, str] | None = None,
        experiment_name: str | None = None,
    ) -> Job:
        """Submit a job; a job that was read from the server is updated.

        Everything local is brought to the server first: code, data, environments, components.
        """
        job = as_job(job)
        if job.id is not None and job.status is not None:
            return self.update(job)
        problems = self.validate(job)
        if not problems.passed:
            raise _refused(problems)
        name = job.name or ids.readable()
        changes: JsonObject = {
            "name": name,
            "display_name": job.display_name or name,
            "experiment_name": experiment_name or job.experiment_name or Path.cwd().name or "Default",
            "description": description or job.description,
            "compute": compute or job.compute,
            "tags": {**job.tags, **(tags or {})},
            "properties": {**git.properties_of(_code_folder(job)), **job.properties},
        }
        job = job.model_copy(update=changes)
        try:
            resolved = self._resolver.job(job)
        except NotFound:
            self._refuse_all(job)
            raise
        return self._put(name, resolved)

    def mistakes_of(self, document: JsonObject, kind: str = "job") -> tuple[InvalidRequest, ...]:
        """What the server finds wrong with a pipeline that is not submitted, each with its place as `target`.

        Args:
            document: The pipeline. What it names on this machine is wrong to the server.
            kind: `job`, or `component` for a pipeline component.
        """
        # YAML has no pairs of escapes for what lies beyond the first 65,536 characters.
        body = {"yaml": json.dumps(document, ensure_ascii=False), "kind": kind}
        answer = self._room.transport.json("POST", f"{self._room.path}/smalt/pipelines/check", body=body)
        return tuple(InvalidRequest(each["message"], target=each["place"] or None) for each in answer["problems"])

    def _refuse_all(self, job: Job) -> None:
        """Refuse a pipeline of which one name leads nowhere with everything else that is wrong with it."""
        if not isinstance(job, PipelineJob):
            return
        document = job.document()
        try:
            found = self.mistakes_of(document)
        except SmaltError:  # The name alone is told then.
            return
        problems = ValidationResult(tuple(not_told(found, document, ())))
        if not problems.passed:
            raise _refused(problems)

    def update(self, job: Job) -> Job:
        """Write what may change on a submitted job: display name, description, tags."""
        name = required_name(job, "job")
        body = {"displayName": job.display_name, "description": job.description, "tags": job.tags}
        self._patch(name, job.experiment_name, {key: value for key, value in body.items() if value is not None})
        return self.get(name)

    def validate(self, job: Job | Authored) -> ValidationResult:
        """Check a job without submitting it: that what it names locally is there, and that expressions have values."""
        job = as_job(job)
        problems: list[SmaltError] = []
        if isinstance(job, PipelineJob):
            return ValidationResult((*check.job(job).mistakes, *absent(job.document())))
        if isinstance(job, CommandJob):
            known = {f"inputs.{key}" for key in job.inputs} | {f"outputs.{key}" for key in job.outputs}
            for expression in expressions.find(job.command):
                if expression.parts[0] in {"inputs", "outputs"} and not _is_known(expression.name, known):
                    shown = ", ".join(sorted(known)) or "none"
                    text = f"The command uses ${{{{{expression.name}}}}}, which the job does not have. It has: {shown}."
                    problems.append(InvalidRequest(text, target="command"))
            if job.environment is None and job.component is None:
                problems.append(
                    InvalidRequest("The job has no environment. Write 'environment:'.", target="environment")
                )
        if isinstance(job, SweepJob):
            problems.extend(mistakes(job))
        folder = _code_folder(job)
        if folder is not None and not folder.exists():
            problems.append(InvalidRequest(f"The code folder {folder} does not exist. Check 'code'.", target="code"))
        return ValidationResult(tuple(problems))

    def stream(self, name: str, *, out: TextIO | None = None, tree: TreeOptions | None = None) -> None:
        """Print the logs of a job as they come, until it ends; of a pipeline its steps as they start and end.

        Args:
            name: The job.
            out: Where to print.
            tree: Draws the steps of a pipeline as a tree on a terminal; without it each change is a line.

        Raises:
            JobFailed: The job did not complete.
        """
        job = self.get(name)
        if isinstance(job, PipelineJob):
            to = out or sys.stdout
            shown = Tree(to, self._last_lines, *tree) if tree is not None else Lines(to, self._last_lines)
            stream.follow(lambda: self.graph(name), shown.show, out=to, web_view=studio_url(job))
            return
        trials = TrialsTable(lambda: self.trials(name), out or sys.stdout) if isinstance(job, SweepJob) else None
        try:
            logs.follow(
                self._room.transport,
                lambda: self._room.transport.json("GET", self._history("runs", name, "details")),
                name=name,
                web_view=studio_url(job),
                out=out or sys.stdout,
                progress=trials,
            )
        finally:
            if trials is not None:
                trials.conclude()

    def trials(self, name: str) -> JsonObject:
        """The trials of a sweep (`value`), with the state, the parameters and the best metric of each."""
        return self._room.transport.json("GET", f"{self._room.path}/jobs/{quote(name, safe='')}/trials")

    def download(
        self,
        name: str,
        *,
        download_path: str | Path = ".",
        output_name: str | None = None,
        all: bool = False,  # noqa: A002 - the word of the v2 SDK
    ) -> None:
        """Fetch what a job has written: its artifacts and logs, one named output, or everything.

        Of a sweep that is what its best trial has written.
        Everything of a pipeline is that of each of its steps too, in a folder of the step's name.

        Raises:
            Conflict: The job has not ended.
            NotFound: There is no such output, or it is empty.
        """
        job = self.get(name)
        if job.status is not None and not job.status.is_terminal:
            raise Conflict(f"Job {name} is {job.status}. Wait until it has ended: smalt job stream -n {name}")
        target = Path(download_path)
        best = job.properties.get("best_child_run_id") if isinstance(job, SweepJob) else None
        if best is not None:
            job, name = self.get(best), best
        if isinstance(job, PipelineJob) and output_name is None:
            self._fetch_pipeline(job, target, with_steps=all)
            return
        places = self._places(name)
        # Also those that no job declares, but that its kind has.
        named = [output for output in places if output != ARTIFACTS]
        if output_name is None or output_name in _DEFAULT_OUTPUTS:
            self._fetch(places[ARTIFACTS], target / ARTIFACTS)
        elif output_name not in named:
            raise NotFound(f"Job {name} has no output {output_name!r}. It has: {', '.join(named) or 'none'}.")
        if all:
            for output in named:
                self._fetch_if_any(places[output], target / "named-outputs" / output)
        elif output_name in named:
            self._fetch(places[output_name], target / "named-outputs" / output_name)

    def graph(self, name: str) -> JsonObject:
        """The steps of a pipeline: states, times, what each needs, and why it was reused or not.

        Raises:
            InvalidRequest: The job is no pipeline.
        """
        return self._room.transport.json("GET", self._path(name, "graph"))

    def rerun(self, name: str, *, start: str = "failed", new_name: str | None = None) -> Job:
        """Submit a finished pipeline again from a step; what lies before it is kept.

        Args:
            name: The pipeline.
            start: The step, or `failed` for all that have failed or have not run.
            new_name: Name of the new job.
        """
        body = {"name": new_name, "from": start}
        return self._read(self._room.transport.json("POST", self._path(name, "rerun"), body=body))

    def invalidate(self, name: str, *, step: str | None = None) -> int:
        """Let no later pipeline reuse what this one has done, or one step of it; the number of results forgotten."""
        answer = self._room.transport.json("POST", self._path(name, "invalidate"), body={"step": step})
        return int(answer["invalidated"])

    def begin_cancel(self, name: str) -> Poller[None]:
        """Ask a job to stop."""
        return self._begin("POST", self._path(name, "cancel"))

    def begin_delete(self, name: str) -> Poller[None]:
        """Delete a job."""
        return self._begin("DELETE", self._path(name))

    def archive(self, name: str) -> None:
        """Hide a job from lists."""
        self._patch(name, self.get(name).experiment_name, {"hidden": True})

    def restore(self, name: str) -> None:
        """Show a hidden job again."""
        self._patch(name, self.get(name).experiment_name, {"hidden": False})

    def show_services(self, name: str, node_index: int = 0) -> JsonObject:
        """The services that run beside a job on one node."""
        path = self._history("runs", name, "serviceinstances", str(node_index))
        instances = self._room.transport.json("GET", path).get("instances")
        return dict(instances) if isinstance(instances, dict) else {}

    def metrics(self, name: str) -> dict[str, float]:
        """The last value of every metric of a job's run."""
        path = f"/mlflow/v2.0{self._room.path}/api/2.0/mlflow/runs/get"
        found = self._room.transport.json("GET", path, params={"run_id": name})
        return {item["key"]: float(item["value"]) for item in found["run"]["data"].get("metrics", [])}

    def lineage(self, name: str) -> JsonObject:
        """What a job was made from and what it has made: ids of code, environment, inputs, outputs and assets."""
        return self._room.transport.json("GET", f"{self._room.path}/jobs/{quote(name, safe='')}/lineage")

    def _read(self, body: JsonObject) -> Job:
        job = codec(self.kind).from_arm(body, name=body.get("name"))
        assert isinstance(job, Job)
        changes: JsonObject = {}
        for field in ("compute", "environment", "component", "code"):
            value = getattr(job, field, None)
            if isinstance(value, str):
                changes[field] = self._short(value)
        if isinstance(job, SweepJob) and isinstance(job.trial, Trial):
            environment = job.trial.environment
            if isinstance(environment, str):
                changes["trial"] = job.trial.model_copy(update={"environment": self._short(environment)})
        return job.model_copy(update=changes)

    def _short(self, text: str) -> str:
        """An id as people write it: `azureml:name:version` for what is in this workspace."""
        found = parse_arm_id(text)
        if found is None:
            return text
        is_here = found.workspace is not None and found.workspace.lower() == self._room.workspace.lower()
        if not is_here or found.type == "codes" or not found.parts:
            return f"azureml:{text}"
        return f"azureml:{found.name}" + (f":{found.version}" if found.version else "")

    def _history(self, *words: str) -> str:
        return "/".join((f"/history/v1.0{self._room.path}", *(quote(word, safe="") for word in words)))

    def _patch(self, name: str, experiment: str | None, body: JsonObject) -> None:
        path = self._history("experiments", experiment or "Default", "runs", name)
        self._room.transport.request("PATCH", path, body=body)

    def _fetch_pipeline(self, job: PipelineJob, target: Path, *, with_steps: bool) -> None:
        name = str(job.name)
        if not with_steps:
            self._fetch_if_any(self._places(name)[ARTIFACTS], target / ARTIFACTS)
            return
        self._fetch_all(name, target)
        for path, child in jobs_of(self.graph(name)).items():
            self._fetch_all(child, target / "steps" / path)

    def _fetch_all(self, name: str, target: Path) -> None:
        for output, place in self._places(name).items():
            self._fetch_if_any(place, target / ARTIFACTS if output == ARTIFACTS else target / "named-outputs" / output)

    def _last_lines(self, name: str) -> LogLines:
        """The end of a job's log."""
        details = self._room.transport.json("GET", self._history("runs", name, "details"))
        return logs.last_lines(self._room.transport, details)

    def _places(self, name: str) -> dict[str, references.DatastorePath]:
        """Where a job's artifacts and named outputs are.

        Asked of the server, who fills in the expressions of paths and knows whose work a reused step has taken over.
        """
        found = self.lineage(name)
        named = {output: place["uri"] for output, place in found["outputs"].items() if output not in _DEFAULT_OUTPUTS}
        return {output: _stored(uri) for output, uri in {ARTIFACTS: found[ARTIFACTS], **named}.items()}

    def _fetch_if_any(self, place: references.DatastorePath, target: Path) -> None:
        try:
            self._fetch(place, target)
        except NotFound:
            target.rmdir()

    def _fetch(self, place: references.DatastorePath, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        download(self._room.container(place.datastore), place.path, target)


def studio_url(job: Job) -> str | None:
    """The page of a job in the studio."""
    service = job.services.get("Studio")
    return service.endpoint if service is not None else None


def is_done(job: Job) -> bool:
    """Whether a job has ended, well or not."""
    return job.status is not None and JobStatus(job.status).is_terminal


def _stored(uri: str) -> references.DatastorePath:
    found = references.parse(uri)
    assert isinstance(found, references.DatastorePath)
    return found


def _is_known(name: str, known: set[str]) -> bool:
    """Whether an expression names something known, or a part of it (`inputs.group.lr`)."""
    return name in known or any(name.startswith(f"{each}.") for each in known)


def _code_folder(job: Job) -> Path | None:
    code = getattr(job.trial if isinstance(job, SweepJob) else job, "code", None)
    reference = references.parse(code) if isinstance(code, str) else None
    return Path(reference.path).expanduser() if isinstance(reference, references.LocalPath) else None


def _refused(result: ValidationResult) -> SmaltError:
    if len(result.errors) == 1:
        return result.errors[0]
    listed = "\n".join(f"  {error.message}" for error in result.errors)
    return ValidationFailed(f"The job has {len(result.errors)} mistakes:\n{listed}", details=result.errors)
