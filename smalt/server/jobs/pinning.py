"""Pins every reference of a job to exactly one thing, and finds out what is wrong with any of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob
from smalt.entities.job.inputs import JobInputs, data_inputs
from smalt.entities.job.outputs import JobOutputs
from smalt.entities.types import Mode
from smalt.environments import Recipe
from smalt.errors import InvalidRequest, Unsupported
from smalt.server.assets import AssetService, DataLocator
from smalt.server.compute import ComputeService
from smalt.server.jobs import workload
from smalt.server.jobs.outputs import output_uri
from smalt.server.jobs.problems import Problems
from smalt.server.jobs.software import Software, to_document
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference, LocalPath, RemoteUrl

J = TypeVar("J", bound=Job)

_OUTPUT_MODES = frozenset({None, Mode.MOUNT, Mode.RW_MOUNT, Mode.UPLOAD, Mode.DIRECT})


class WithInputs(Protocol):
    """A job of a kind that has inputs."""

    compute: str | None
    inputs: JobInputs
    outputs: JobOutputs


@dataclass
class Pinned:
    """What the references of a job came to.

    Attributes:
        compute: ARM id of the compute, or None for any.
        environment: ARM id of the environment, or its document.
        recipe: What is built for it.
        code: ARM id of the code asset, and the URI of its folder.
        inputs: For each data input the URI of its bytes, and the asset it came from if it did.
        outputs: URIs of the outputs.
        parts: What a kind with children keeps for them.
    """

    compute: str | None = None
    environment: str | dict[str, Any] | None = None  # Any: an inline environment
    recipe: Recipe | None = None
    code: dict[str, str] | None = None
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)  # Any: JSON

    def document(self) -> dict[str, Any]:  # Any: JSON
        """As JSON, to be kept with the job."""
        return {
            "compute": self.compute,
            "environment": self.environment,
            "recipe": to_document(self.recipe) if self.recipe is not None else None,
            "code": self.code,
            "inputs": self.inputs,
            "outputs": self.outputs,
            **({"parts": self.parts} if self.parts else {}),
        }


class Pinner:
    """Looks every reference up.

    Args:
        assets: Finds assets.
        locator: Finds bytes.
        computes: Knows the computes.
        software: Chooses recipes.
    """

    def __init__(
        self, assets: AssetService, locator: DataLocator, computes: ComputeService, software: Software
    ) -> None:
        self._assets = assets
        self._locator = locator
        self._computes = computes
        self._software = software

    def pin(self, work: Work, workspace: WorkspaceRecord, name: str, job: CommandJob, problems: Problems) -> Pinned:
        """Look up everything; what is wrong goes to `problems`, and the rest is pinned all the same."""
        pinned = self.ports(work, workspace, name, job, problems)
        with problems.at("environment"):
            pinned.environment, pinned.recipe = self._software.choose(work, workspace, job.environment)
        with problems.at("component"):
            if isinstance(job.component, str):
                self._assets.resolve(work, workspace, "components", job.component)
        with problems.at("code"):
            pinned.code = self._code(work, workspace, job.code)
        # Also those that were not found: what is wrong with them is told once, under the input.
        given = {key for key, value in data_inputs(job.inputs).items() if value.path}
        with problems.at("command"):
            workload.command_text(job, known_inputs=given)
        for variable, text in job.environment_variables.items():
            with problems.at(f"environment_variables.{variable}"):
                workload.fill(text, job, known_inputs=given)
        return pinned

    def ports(self, work: Work, workspace: WorkspaceRecord, name: str, job: WithInputs, problems: Problems) -> Pinned:
        """Look up the compute, the data inputs and the outputs of a job of any kind."""
        pinned = Pinned()
        with problems.at("compute"):
            pinned.compute = self._computes.require(work, workspace, job.compute)
        for key, value in data_inputs(job.inputs).items():
            with problems.at(f"inputs.{key}"):
                found = self.data(work, workspace, value.path, is_model=value.type.is_model)
                if found is not None:
                    pinned.inputs[key] = found
        for key, output in job.outputs.items():
            with problems.at(f"outputs.{key}"):
                if output.mode not in _OUTPUT_MODES:
                    raise InvalidRequest(f"An output cannot have the mode {output.mode}. Use rw_mount or upload.")
                uri = output_uri(name, key, output)
                place = self._locator.locate(work, workspace, uri).uri
                # Places have no slash at the end; here it tells a folder from a file.
                pinned.outputs[key] = f"{place}/" if uri.endswith("/") else place
        return pinned

    def data(
        self, work: Work, workspace: WorkspaceRecord, path: str | None, *, is_model: bool
    ) -> dict[str, str] | None:
        """What the path of an input comes to, or None for an optional input that was left out.

        Raises:
            NotFound: It names something that does not exist.
            InvalidRequest: It is a path on the machine of the caller.
            Unsupported: It leads to a place that this server has no way to.
        """
        if not path:
            return None
        reference = references.parse(path)
        if isinstance(reference, LocalPath):
            raise InvalidRequest(f"{path!r} is a path on your machine. Upload it: smalt job create does.")
        if not isinstance(reference, AssetReference):
            return {"uri": path, "place": self._locator.locate(work, workspace, path).uri}
        kind = reference.kind or ("models" if is_model else "data")
        version = self._assets.resolve(work, workspace, kind, path)
        uri = version.source_in(workspace)
        return {"uri": uri, "place": self._locator.locate(work, workspace, uri).uri, "asset": version.id}

    def _code(self, work: Work, workspace: WorkspaceRecord, code: str | None) -> dict[str, str] | None:
        if not code:
            return None
        reference = references.parse(code)
        if isinstance(reference, RemoteUrl) and reference.scheme.startswith("git+"):
            raise Unsupported(
                f"Code from {reference.scheme} is not fetched by the server. Check it out, name the folder."
            )
        if isinstance(reference, LocalPath):
            raise InvalidRequest(f"The code {code!r} is a path on your machine. Upload it: smalt job create does.")
        if not isinstance(reference, AssetReference):
            return {"id": code, "uri": self._locator.locate(work, workspace, code).uri}
        version = self._assets.resolve(work, workspace, "codes", code)
        uri = version.source_in(workspace)
        self._locator.locate(work, workspace, uri)
        return {"id": version.id, "uri": uri}


def with_pins(job: J, pinned: Pinned) -> J:
    """The job with its references replaced by what they were pinned to; a task holds those to software itself."""
    document = job.document()
    software = document.get("task", document)
    if pinned.compute is not None:
        document["compute"] = pinned.compute
    if pinned.environment is not None:
        software["environment"] = pinned.environment
    if pinned.code is not None:
        software["code"] = pinned.code["id"]
    for name, found in pinned.inputs.items():
        if "asset" in found:
            document["inputs"][name] = {**document["inputs"][name], "path": found["asset"]}
    return type(job).parse(document)
