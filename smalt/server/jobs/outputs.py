"""Where the outputs of a job go, and how they are found and registered afterwards."""

from __future__ import annotations

from smalt.entities.data import Data
from smalt.entities.job.base import Job
from smalt.entities.job.outputs import JobOutput
from smalt.entities.model import Model
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest, NotFound
from smalt.executors import WorkloadState
from smalt.server.assets import AssetService, DataLocator, Location, blob_container
from smalt.server.jobs.store import JobRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import expressions

ARTIFACTS = frozenset({"artifacts", "default"})
"""Outputs that mean the artifact root of the run."""

ARTIFACTS_OF = "artifacts_of"
"""The key among what is pinned that says whose artifacts a job shows."""

ARTIFACT_STORE = "workspaceartifactstore"
ARTIFACT_CONTAINER = "azureml"
_DEFAULT_STORE = "workspaceblobstore"


def artifact_prefix(job_name: str) -> str:
    """The key under which the artifacts of a job lie, without a slash at the end."""
    return f"ExperimentRun/dcid.{job_name}"


def artifact_uri(job_name: str) -> str:
    """The same as a datastore URI."""
    return f"azureml://datastores/{ARTIFACT_STORE}/paths/{artifact_prefix(job_name)}/"


def written_by(workspace_id: str, job_name: str) -> tuple[str, str]:
    """Where a job writes unless it says otherwise, as workspace, container and key in one: artifacts and outputs."""
    return (
        f"{workspace_id}/{ARTIFACT_CONTAINER}/{artifact_prefix(job_name)}",
        f"{workspace_id}/{blob_container(workspace_id)}/azureml/{job_name}/",
    )


def artifacts_of(record: JobRecord) -> str:
    """The job whose artifacts a job shows: its own, or those of the job whose work it has taken over."""
    return str(record.pinned.get(ARTIFACTS_OF, record.name))


def artifact_root(locator: DataLocator, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Location | None:
    """Where the artifacts that a job shows are, or None where their store is gone."""
    try:
        return locator.locate(work, workspace, artifact_uri(artifacts_of(record)))
    except NotFound:
        return None


def output_uri(job_name: str, name: str, output: JobOutput) -> str:
    """The datastore URI of an output, its expressions filled in. A file without a path of its own gets a folder."""
    if name in ARTIFACTS:
        return artifact_uri(job_name)
    if not output.path:
        return f"azureml://datastores/{_DEFAULT_STORE}/paths/azureml/{job_name}/{name}/"
    known = {"name": job_name, "output_name": name, "default_datastore": _DEFAULT_STORE}
    path = expressions.substitute(output.path, known)
    if path.startswith("azureml:datastores/"):
        path = "azureml://" + path.removeprefix("azureml:")
    is_folder = output.type is not AssetType.URI_FILE
    return path if not is_folder or path.endswith("/") else f"{path}/"


def find_output(record: JobRecord, name: str) -> str:
    """The URI of an output of a job that exists.

    Raises:
        NotFound: The job declares no such output.
    """
    if name in ARTIFACTS:
        return artifact_uri(artifacts_of(record))
    uri = record.pinned.get("outputs", {}).get(name)
    if uri is None:
        known = ", ".join(sorted({*record.pinned.get("outputs", {}), "artifacts"}))
        raise NotFound(f"Job {record.name!r} has no output {name!r}. It has: {known}.", target="output")
    return str(uri)


def are_named(record: JobRecord) -> bool:
    """Whether an output of a job asks for a name."""
    return any(output.get("name") for output in (record.document.get("outputs") or {}).values())


def register(
    assets: AssetService, work: Work, workspace: WorkspaceRecord, record: JobRecord, *, job: Job, state: WorkloadState
) -> dict[str, str]:
    """Register each output that asks for a name; asset ids by output.

    In the order of their names, so that two jobs that register the same ones never wait for each other.

    Raises:
        InvalidRequest: A name or version cannot be taken.
    """
    found = {}
    for name, output in sorted(job.outputs.items(), key=lambda item: (item[1].type.is_model, item[1].name or "")):
        if output.name:
            kind, entity = _asset(record, name, output, state)
            version = assets.register(work, workspace, kind, output.name, output.version, entity)
            found[name] = version.id
    return found


def _asset(record: JobRecord, name: str, output: JobOutput, state: WorkloadState) -> tuple[str, Data | Model]:
    uri = find_output(record, name)
    if output.type is AssetType.URI_FILE and uri.endswith("/"):
        written = state.outputs.get(name)
        if written is None:
            raise InvalidRequest(f"The job wrote no file for its output {name!r}, so it cannot be registered.")
        uri += written.path.rsplit("/", 1)[-1]
    facts = {
        "name": output.name,
        "version": output.version,
        "description": output.description,
        "type": output.type,
        "path": uri,
        "properties": {"azureml.jobName": record.name, "azureml.outputName": name},
    }
    if output.type.is_model:
        return "models", Model.parse({**facts, "job_name": record.name})
    return "data", Data.parse(facts)
