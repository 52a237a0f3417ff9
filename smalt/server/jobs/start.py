"""Starting the workload of a job: rights, places, private layer, plan."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from smalt.entities.job.command import CommandJob
from smalt.entities.job.inputs import DataInput
from smalt.environments import BuiltEnvironment, Engine, Layers
from smalt.errors import NotFound, Unsupported
from smalt.executors import Container, Executor, Handle, Workload
from smalt.server.assets import DataLocator, Location
from smalt.server.compute import Site
from smalt.server.identity import IdentityService
from smalt.server.jobs import outputs, policy, workload
from smalt.server.jobs.limits import container_limits
from smalt.server.jobs.neighbours import Environments
from smalt.server.jobs.store import JobRecord
from smalt.server.jobs.workload import Places, Setting
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_LONGEST_LIFE = timedelta(days=21)
_OVERLAY = "overlay"
_LAYERS = ".layers"
"""Beside the folders of jobs, whose names begin with no dot."""
_AFTER_THE_END = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ready:
    """A workload that only has to be started."""

    workload: Workload
    environment: BuiltEnvironment
    executor: Executor


class Starter:
    """Makes workloads of jobs, and starts them.

    Args:
        locator: Finds bytes.
        tokens: Gives jobs their tokens.
        tracking: Keeps their runs.
        environments: The cache.
        overlays: Folder with a folder for each workload, in which its private layer is made. It may be the one that
            the executor uses.
        machine: What this machine has.
        engine: Runs images, if they are used.
        flow_engine: The folder with the engine of flows.
    """

    def __init__(
        self,
        *,
        locator: DataLocator,
        tokens: IdentityService,
        tracking: TrackingService,
        environments: Environments,
        overlays: Path,
        machine: policy.Machine | None = None,
        engine: Engine | None = None,
        flow_engine: Path | None = None,
    ) -> None:
        self._locator = locator
        self._tokens = tokens
        self._tracking = tracking
        self._environments = environments
        self._overlays = overlays
        self._layers = Layers(overlays / _LAYERS)
        self._machine = machine or policy.Machine.here()
        self._engine = engine
        self._flow_engine = flow_engine

    def artifacts(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Path:
        """The folder of a job's artifacts.

        Raises:
            NotFound: It is not on this machine.
        """
        path = self._locator.locate(work, workspace, outputs.artifact_uri(record.name)).local_path
        if path is None:
            raise NotFound("The artifact store of this workspace is not on this machine, so no job can run here.")
        return path

    def prepare(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        record: JobRecord,
        *,
        job: CommandJob,
        environment: BuiltEnvironment,
        site: Site,
    ) -> Ready:
        """Find every place, issue the token, and put the workload together.

        Raises:
            SmaltError: Something the job needs is gone.
        """
        places = self._places(work, workspace, record, job)
        lifetime = _LONGEST_LIFE
        if job.limits is not None and job.limits.timeout:
            lifetime = min(timedelta(seconds=job.limits.timeout) + _AFTER_THE_END, _LONGEST_LIFE)
        token = self._tokens.issue_job_token(work, workload.grant_of(record, places), lifetime=lifetime)
        setting = Setting(
            workspace=workspace,
            base_url=site.base_url,
            token=token,
            token_expires_at=work.now + lifetime,
            experiment_id=self._tracking.experiment_id(work, workspace, record.experiment),
            environment=environment.prefix,
            python=environment.python,
            overlay=None if site.is_remote else self._overlays / record.workload / _OVERLAY,
            container=self._container(job, environment),
            # What they say is of this machine's folders; others have settings of their own.
            variables={} if site.is_remote or environment.image is not None else self._variables(environment),
            header=self._header(job, environment, site),
            remote=environment if site.is_remote else None,
            flow_engine=None if site.is_remote else self._flow_engine,
        )
        return Ready(workload.build(record, job, places, setting), environment, site.executor)

    def start(self, ready: Ready) -> Handle:
        """Start it, at most once however often this is called.

        Raises:
            Unavailable: It could not be started, and nothing runs.
        """
        if ready.workload.overlay_prefix is not None:
            self._layers.give(ready.environment, ready.workload.overlay_prefix)
        return ready.executor.start(ready.executor.plan(ready.workload))

    def tidy(self, record: JobRecord) -> None:
        """Take the private layer of a job that is over back."""
        self._layers.take_back(self._overlays / record.workload / _OVERLAY)

    def _places(self, work: Work, workspace: WorkspaceRecord, record: JobRecord, job: CommandJob) -> Places:
        def locate(uri: str) -> Location:
            return self._locator.locate(work, workspace, uri)

        pinned = record.pinned
        return Places(
            artifacts=locate(outputs.artifact_uri(record.name)),
            code=locate(pinned["code"]["uri"]) if pinned["code"] else None,
            inputs={
                name: locate(found["uri"])
                for name, found in pinned["inputs"].items()
                if isinstance(job.inputs.get(name), DataInput)
            },
            outputs={name: locate(uri) for name, uri in pinned["outputs"].items()},
        )

    def _container(self, job: CommandJob, environment: BuiltEnvironment) -> Container | None:
        if environment.image is None:
            return None
        if self._engine is None:
            raise Unsupported("The environment is an image, and this server was started without containers.")
        options: list[str] = []
        if job.resources is not None:
            options += container_limits(self._engine, cpu=job.resources.cpu, memory=job.resources.memory)
        if job.resources is not None and job.resources.shm_size:
            options += ["--shm-size", job.resources.shm_size]
        if job.resources is not None and job.resources.docker_args:
            given = job.resources.docker_args
            options += shlex.split(given) if isinstance(given, str) else given
        reads = {} if self._flow_engine is None else {str(self._flow_engine): str(self._flow_engine)}
        return Container.of(self._engine, environment.image, options=options, reads=reads)

    def _variables(self, environment: BuiltEnvironment) -> dict[str, str]:
        return {**self._environments.job_variables(), **environment.variables}

    def _header(self, job: CommandJob, environment: BuiltEnvironment, site: Site) -> tuple[str, ...]:
        machine = replace(self._machine, cluster=site.name) if site.is_remote else self._machine
        engine = self._engine if environment.image is not None else None
        bounded = engine.limits if engine is not None and _asks_for_limits(job) else frozenset()
        remarks = policy.remarks(job, machine=machine, in_container=engine is not None, bounded=bounded)
        found = [remark.text for remark in remarks]
        if engine is not None:
            found.insert(0, f"Runs in a container of {engine.kind}, image {environment.image}.")
        return (*environment.notes, *found)


def _asks_for_limits(job: CommandJob) -> bool:
    return job.resources is not None and bool(job.resources.cpu or job.resources.memory)
