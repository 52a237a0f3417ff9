"""The door every back end fits: what to run, what became of it, and the five verbs of an executor."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, NewType

from smalt.environments import Engine

Handle = NewType("Handle", str)
"""How a started workload is found again: text that the server stores."""

FLOW_ENGINE = "{{smalt:flow-engine}}"
"""Stands in variables for the folder with the engine of flows, which the machine that runs the workload knows."""

MountKind = Literal["input", "output"]
MountMode = Literal["ro_mount", "rw_mount", "download", "upload", "direct", "eval_mount", "eval_download"]
DistributionKind = Literal["none", "pytorch", "mpi", "tensorflow", "ray"]

STD_LOG = "user_logs/std_log.txt"
"""The log of a workload with one process, relative to its artifact root."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A data input or output of a workload.

    Args:
        name: As in `${{inputs.<name>}}`; the command holds `{{smalt:input:<name>}}` or `{{smalt:output:<name>}}`.
        kind: Whether it is read or written.
        type: `uri_file`, `uri_folder`, `mltable` or a model type. Only `uri_file` outputs are files.
        mode: How it is presented; the whole list of the v2 schema.
        source: Where the bytes are: an absolute path on this machine, or an http(s) URL of the blob protocol, shaped
            `<host>/blob/<container>/<key>`, opened with the workload's token. An output's source is the target; for a
            `uri_file` it is the file itself, or with a `/` at its end the folder that gets a file called `name`.
        uri: What the job sees in `direct` mode, and what messages call it.
        pinned_path: `path_on_compute`, honoured by a link where the machine allows it.
    """

    name: str
    kind: MountKind
    type: str
    mode: MountMode
    source: str
    uri: str
    pinned_path: str | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many processes a workload has, and by which convention they find each other."""

    kind: DistributionKind = "none"
    processes_per_instance: int | None = None
    worker_count: int | None = None
    parameter_server_count: int | None = None


@dataclass(frozen=True, slots=True)
class OwnServer:
    """The server that an image brings and that its container starts, in place of the workload's command.

    Args:
        scoring: Port and path of what scores.
        liveness: Of what answers while it lives.
        readiness: Of what answers once it may be asked.
        drain_seconds: How long requests in flight may take once it is told to end.
    """

    scoring: tuple[int, str]
    liveness: tuple[int, str]
    readiness: tuple[int, str]
    drain_seconds: float


@dataclass(frozen=True, slots=True)
class Container:
    """The container that a workload's processes run in.

    Args:
        engine: `podman` or `docker`.
        program: Its absolute path.
        image: The image's id.
        options: Further options of its `run`.
        variables: Of the engine itself, such as where its service listens.
        reads: What is seen inside besides the workload's own, and may only be read: path inside, path here.
        writes: Folders that are seen at the same path and may be written.
        server: What the image starts by itself. It sees its `reads` and nothing else of this machine, has a network of
            its own, and tells in `ready.json` among the artifacts where it can be asked.
    """

    engine: str
    program: str
    image: str
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    server: OwnServer | None = None

    @classmethod
    def of(
        cls,
        engine: Engine,
        image: str,
        *,
        options: Sequence[str] = (),
        reads: Mapping[str, str] | None = None,
        writes: Sequence[str] = (),
        server: OwnServer | None = None,
    ) -> Container:
        """A container of an engine of this machine."""
        return cls(
            engine.kind, engine.program, image, tuple(options), engine.variables, reads or {}, tuple(writes), server
        )


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where it is recorded what a workload uses of its machine.

    Args:
        url: MLflow's log-batch route, opened with the workload's token.
        run_id: The run.
        interval_seconds: Between two measurements; the first one is taken after a second.
    """

    url: str
    run_id: str
    interval_seconds: float = 10


@dataclass(frozen=True, slots=True)
class Remote:
    """What a workload needs on machines that do not see this one's files.

    Args:
        server: Where they reach this server; the token goes nowhere else.
        artifacts_url: The folder of the run's artifacts, behind the blob protocol.
        environment_key: Names the environment; equal content has an equal key.
        lock: Its lock, from which a machine makes it.
        python_version: Of its interpreter.
        cpus: For each instance.
        gpus: For each instance.
        memory_bytes: For each instance, if that matters.
        collected_url: The folder for what a deployment collects, which is sent there as it grows.
    """

    server: str
    artifacts_url: str
    environment_key: str
    lock: str
    python_version: str
    cpus: float = 1
    gpus: float = 0
    memory_bytes: int | None = None
    collected_url: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Something to run.

    Args:
        name: The job's name: unique on the executor, and a folder's name.
        command: Shell text. Literal inputs are filled in; paths are placeholders (see `Mount.name`), which are also
            replaced in the values of `environment_variables`. Replacement is plain text, unquoted, as on Azure.
        code: Folder, single file or blob URL that becomes the private, writable working folder.
        environment: Prefix of the environment; None for what the machine has.
        container: Run in this container, with no environment, interpreter or private layer of this machine.
        python: Interpreter to be found first on the path when there is no environment.
        overlay_prefix: The job's private layer over the environment, so that `pip install` leaks nowhere.
        environment_variables: For the command. They win over the machine's, and the runtime's own win over them.
        artifacts: Folder of the run's artifacts; `outputs` and `logs` in the working folder are links into it.
        mounts: Data inputs and outputs.
        distribution: The launch convention.
        instance_count: How many nodes the job counts on; an executor of one machine has it stand for all of them.
        timeout_seconds: The job's own limit, counted from the start of its command.
        grace_seconds: Between SIGTERM and SIGKILL.
        peer_grace_seconds: How long the ranks of a distributed job may go on after their head has succeeded.
        header: Lines for the top of the log: what could not be honoured.
        token: Opens remote code and mounts.
        sampling: System metrics, if they are wanted.
        stays_up: A deployment: ending by itself is a failure.
        remote: For executors whose machines do not see this one's files; sources are URLs then.
    """

    name: str
    command: str
    artifacts: Path
    code: Path | str | None = None
    environment: Path | None = None
    container: Container | None = None
    python: Path | None = None
    overlay_prefix: Path | None = None
    environment_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounts: tuple[Mount, ...] = ()
    distribution: Distribution = Distribution()
    instance_count: int = 1
    timeout_seconds: float | None = None
    grace_seconds: float = 10
    peer_grace_seconds: float = 10
    header: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    sampling: Sampling | None = None
    stays_up: bool = False
    remote: Remote | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `start` will do, decided without touching the world; may be stored and shown. Its repr holds no secret.

    Args:
        name: The workload's name.
        argv: The process to be started.
        environment: Its variables.
        files: Files it finds in its folder, by name.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    files: Mapping[str, str] = field(repr=False)

    def to_json(self) -> str:
        """The plan as text, secrets included."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan that `to_json` wrote."""
        fields = json.loads(text)
        return cls(fields["name"], tuple(fields["argv"]), fields["environment"], fields["files"])


class Phase(StrEnum):
    """How far a workload is."""

    PREPARING = "PREPARING"
    RUNNING = "RUNNING"
    FINALIZING = "FINALIZING"
    ENDED = "ENDED"
    LOST = "LOST"


class Reason(StrEnum):
    """Why a workload is over."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    TIMED_OUT = "TIMED_OUT"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class OutputState:
    """Where an output lies, its size where it is one file, and the digest of its content where that was taken."""

    path: str
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class WorkloadState:
    """What is known about a started workload."""

    phase: Phase
    reason: Reason | None = None
    exit_code: int | None = None
    error: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outputs: Mapping[str, OutputState] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more, and nothing will."""
        return self.phase in (Phase.ENDED, Phase.LOST)


class Executor(ABC):
    """Runs workloads somewhere.

    All methods may be called from any thread. What is started keeps running when the caller dies, and any later
    executor of the same kind and place can be asked about it by its handle.
    """

    @abstractmethod
    def plan(self, workload: Workload) -> Plan:
        """Decide what to start. Pure: the same workload gives the same plan.

        Raises:
            InvalidRequest: The workload can never run, e.g. its name is no folder's name.
        """

    @abstractmethod
    def start(self, plan: Plan) -> Handle:
        """Start a plan, at most once: a second start of the same name returns the handle of the first.

        Raises:
            Unavailable: It could not be started, and nothing runs.
        """

    @abstractmethod
    def find(self, name: str) -> Handle | None:
        """The handle of a workload that was started, though perhaps nobody got to store it."""

    @abstractmethod
    def state(self, handle: Handle) -> WorkloadState:
        """How far a workload is. Once it is over the answer stays, and its logs and outputs are complete.

        Raises:
            NotFound: No workload has this handle.
        """

    @abstractmethod
    def logs(self, handle: Handle, name: str = STD_LOG, *, offset: int = 0, limit: int = 4 << 20) -> bytes:
        """A piece of a log, live or after; empty when there is no more, or not yet.

        Raises:
            NotFound: No workload has this handle, or the name is no file below its artifact root.
        """

    @abstractmethod
    def stop(self, handle: Handle, *, grace_seconds: float | None = None) -> None:
        """Ask all processes to end, and end them after the grace. Returns at once; what is over stays as it is.

        Raises:
            NotFound: No workload has this handle.
        """
