"""From a job to the workload an executor runs: its command, variables, mounts and rights. Mostly pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from smalt.entities.job.command import CommandJob
from smalt.entities.job.distribution import Mpi, PyTorch, Ray, TensorFlow
from smalt.entities.job.flow_words import GIVEN_CONNECTIONS
from smalt.entities.job.inputs import DataInput, literal_texts
from smalt.entities.job.resources import JobResources
from smalt.entities.types import AssetType, Mode
from smalt.environments import BuiltEnvironment
from smalt.errors import InvalidRequest, NotFound
from smalt.executors import FLOW_ENGINE, Container, Distribution, Mount, Remote, Sampling, Workload
from smalt.executors.base import DistributionKind, MountMode
from smalt.server.assets import Location
from smalt.server.jobs import outputs, quantities
from smalt.server.jobs.store import JobRecord
from smalt.server.work import JobGrant
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import expressions

CONNECTIONS = "connections"
"""Among the parts that are pinned: names of connections."""

_SWITCH = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"
_INTERVAL = "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"
_SHORTEST_SECONDS, _LONGEST_SECONDS = 1.0, 86400.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where the bytes of a job are: its artifact root, code, inputs and outputs."""

    artifacts: Location
    code: Location | None
    inputs: Mapping[str, Location]
    outputs: Mapping[str, Location]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a workload needs besides the job itself.

    Args:
        workspace: Its workspace.
        base_url: Where the command reaches this server.
        token: The job's token.
        token_expires_at: When that ends.
        experiment_id: Of its run.
        environment: Prefix of the built environment, and its interpreter.
        python: The interpreter.
        overlay: The private layer.
        container: Where the command runs instead of on these.
        variables: Further variables, e.g. for pip.
        header: Lines for the top of the log.
        remote: The environment, when the command runs on machines that do not see this one's files.
        flow_engine: The folder with the engine of flows, where this machine's files are seen; others have it brought.
    """

    workspace: WorkspaceRecord
    base_url: str
    token: str
    token_expires_at: datetime
    experiment_id: str
    environment: Path
    python: Path
    overlay: Path | None
    container: Container | None
    variables: Mapping[str, str]
    header: tuple[str, ...]
    remote: BuiltEnvironment | None = None
    flow_engine: Path | None = None


def command_text(job: CommandJob, *, known_inputs: Collection[str]) -> str:
    """The command with its literals filled in and placeholders where paths will stand.

    Raises:
        InvalidRequest: An expression names nothing.
    """
    return fill(job.command, job, known_inputs=known_inputs)


def fill(text: str, job: CommandJob, *, known_inputs: Collection[str]) -> str:
    """Fill the expressions of any text of a job.

    Raises:
        InvalidRequest: An expression names nothing.
    """
    values = {f"inputs.{name}": value for name, value in literal_texts(job.inputs).items()}
    values |= {f"inputs.{name}": f"{{{{smalt:input:{name}}}}}" for name in known_inputs}
    values |= {f"outputs.{name}": f"{{{{smalt:output:{name}}}}}" for name in job.outputs}
    return expressions.substitute(text, values)


def grant_of(record: JobRecord, places: Places) -> JobGrant:
    """What the token of a job opens: its inputs to read, its outputs and artifacts to write."""
    readable = [*places.inputs.values(), *([places.code] if places.code else [])]
    writable = [places.artifacts, *places.outputs.values()]
    return JobGrant(
        record.name,
        record.workspace_id,
        _prefixes(readable),
        _prefixes(writable),
        record.root,
        tuple((record.pinned.get("parts") or {}).get(CONNECTIONS) or ()),
    )


def build(record: JobRecord, job: CommandJob, places: Places, setting: Setting) -> Workload:
    """The workload.

    Raises:
        NotFound: Its artifacts are not on this machine.
    """
    artifacts = places.artifacts.local_path
    if artifacts is None:
        raise NotFound("The artifact store of this workspace is not on this machine, so no job can run here.")
    limits = job.limits
    return Workload(
        name=record.workload,
        command=command_text(job, known_inputs=places.inputs.keys()),
        artifacts=artifacts,
        code=None if places.code is None else _source(places.code, setting, what="The code"),
        container=setting.container,
        environment=None if setting.container else setting.environment,
        python=None if setting.container else setting.python,
        overlay_prefix=None if setting.container else setting.overlay,
        environment_variables=variables(record, job, places, setting),
        mounts=mounts(record, job, places, setting),
        distribution=distribution(job),
        instance_count=(job.resources.instance_count if job.resources else None) or 1,
        timeout_seconds=limits.timeout if limits is not None else None,
        header=setting.header,
        token=setting.token,
        sampling=sampling(record, job, setting),
        remote=None if setting.remote is None else remote(setting.remote, job, places, setting),
    )


def remote(environment: BuiltEnvironment, job: CommandJob, places: Places, setting: Setting) -> Remote:
    """What the machines of a cluster need, and what the job takes of each.

    Raises:
        InvalidRequest: The job asks for an amount that is none.
    """
    asked = job.resources or JobResources()
    memory = quantities.amount(asked.memory, "resources.memory")
    return Remote(
        server=setting.base_url,
        artifacts_url=_url(places.artifacts, setting),
        environment_key=environment.key,
        lock=Path(environment.lock).read_text(encoding="utf-8") if environment.lock else "",
        python_version=environment.python_version,
        cpus=quantities.amount(asked.cpu, "resources.cpu") or 1,
        gpus=quantities.amount(asked.gpu, "resources.gpu") or 0,
        memory_bytes=None if memory is None else int(memory),
    )


def sampling(record: JobRecord, job: CommandJob, setting: Setting) -> Sampling | None:
    """What is measured of a job, steered by the variables with which MLflow's own clients are steered.

    A job that names the switch wants none (`false`), or measures itself under the same names (`true`).
    """
    own = job.environment_variables
    if _SWITCH in own:
        return None
    url = f"{_tracking_uri(setting)}/api/2.0/mlflow/runs/log-batch"
    try:
        interval = float(own.get(_INTERVAL, ""))
    except ValueError:
        return Sampling(url, record.name)
    # The bound comes first, since every comparison with "nan" is false.
    return Sampling(url, record.name, interval_seconds=min(max(_SHORTEST_SECONDS, interval), _LONGEST_SECONDS))


def variables(record: JobRecord, job: CommandJob, places: Places, setting: Setting) -> dict[str, str]:
    """Environment variables of the command: the platform's, then the job's own, which win."""
    workspace = setting.workspace
    experiment_scope = f"{workspace.scope}/experiments/{record.experiment}"
    found = {
        **setting.variables,
        "AZUREML_RUN_ID": record.name,
        "AZUREML_ROOT_RUN_ID": record.root,
        "AZUREML_EXPERIMENT_ID": setting.experiment_id,
        "AZUREML_ARM_PROJECT_NAME": record.experiment,
        "AZUREML_EXPERIMENT_SCOPE": experiment_scope,
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription,
        "AZUREML_ARM_RESOURCEGROUP": workspace.group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_WORKSPACE_ID": workspace.id,
        "AZUREML_WORKSPACE_SCOPE": workspace.scope,
        "AZUREML_SERVICE_ENDPOINT": setting.base_url,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{setting.base_url}/discovery",
        "AZUREML_RUN_TOKEN": setting.token,
        "AZUREML_RUN_TOKEN_EXPIRY": str(int(setting.token_expires_at.timestamp())),
        "AZUREML_CR_COMPUTE_CONTEXT": "local",
        "AZUREML_COMPUTE_USE_COMMON_RUNTIME": "true",
        "MLFLOW_TRACKING_URI": _tracking_uri(setting),
        "MLFLOW_TRACKING_TOKEN": setting.token,
        "MLFLOW_RUN_ID": record.name,
        "MLFLOW_EXPERIMENT_ID": setting.experiment_id,
        "MLFLOW_EXPERIMENT_NAME": record.experiment,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
    }
    if record.parent is not None:
        found["AZUREML_PARENT_RUN_ID"] = record.parent
    given = (record.pinned.get("parts") or {}).get(CONNECTIONS)
    if given is not None:
        found[GIVEN_CONNECTIONS] = ",".join(given)
    found |= {f"AZUREML_PARAMETER_{name}": text for name, text in literal_texts(job.inputs).items()}
    own = {name: _with_engine(text, setting) for name, text in job.environment_variables.items()}
    return found | {name: fill(text, job, known_inputs=places.inputs.keys()) for name, text in own.items()}


def _with_engine(text: str, setting: Setting) -> str:
    return text if setting.flow_engine is None else text.replace(FLOW_ENGINE, str(setting.flow_engine))


def mounts(record: JobRecord, job: CommandJob, places: Places, setting: Setting) -> tuple[Mount, ...]:
    """Inputs and outputs as the executor presents them."""
    found = []
    for name, location in places.inputs.items():
        value = job.inputs[name]
        assert isinstance(value, DataInput)
        mode = Mode.RO_MOUNT if value.mode in {None, Mode.MOUNT} else value.mode
        found.append(
            Mount(
                name,
                "input",
                value.type,
                _mode(mode),
                _source(location, setting, what=f"Input {name!r}"),
                location.uri,
                value.path_on_compute,
            )
        )
    for name, output in job.outputs.items():
        location = places.outputs[name]
        mode = Mode.RW_MOUNT if output.mode in {None, Mode.MOUNT} else output.mode
        source = _source(location, setting, what=f"Output {name!r}")
        if output.type is AssetType.URI_FILE and record.pinned["outputs"][name].endswith("/"):
            source += "/"  # The executor puts a file called after the output into it.
        kind = AssetType.URI_FOLDER if name in outputs.ARTIFACTS else output.type
        found.append(Mount(name, "output", kind, _mode(mode), source, location.uri, output.path_on_compute))
    return tuple(found)


def distribution(job: CommandJob) -> Distribution:
    """The launch convention."""
    asked = job.distribution
    if asked is None:
        return Distribution()
    kind = cast("DistributionKind", asked.type)
    match asked:
        case Mpi() | PyTorch():
            return Distribution(kind, processes_per_instance=asked.process_count_per_instance)
        case TensorFlow():
            return Distribution(
                kind, worker_count=asked.worker_count, parameter_server_count=asked.parameter_server_count
            )
        case Ray():
            return Distribution(kind)


def _mode(mode: Mode | None) -> MountMode:
    return cast("MountMode", str(mode))


def _source(location: Location, setting: Setting, *, what: str) -> str:
    """A path where this machine's files are seen, else a URL.

    Raises:
        InvalidRequest: The bytes are on this machine only, in no datastore, and the job runs elsewhere.
    """
    if location.local_path is None:
        return _url(location, setting)
    if setting.remote is None:
        return str(location.local_path)
    if not location.container:
        raise InvalidRequest(
            f"{what} ({location.uri}) is a folder of the server's machine, which the nodes of a cluster do not see. "
            "Register it as a data asset or put it into a datastore."
        )
    return _url(location, setting)


def _url(location: Location, setting: Setting) -> str:
    if location.container:
        return f"{setting.base_url}/blob/{setting.workspace.id}/{location.container}/{location.key}"
    return location.uri


def _tracking_uri(setting: Setting) -> str:
    return f"{setting.base_url}/mlflow/v2.0{setting.workspace.scope}"


def _prefixes(locations: Collection[Location]) -> tuple[str, ...]:
    found = (f"{each.container}/{each.key}".rstrip("/") for each in locations if each.container)
    return tuple(dict.fromkeys(found))
