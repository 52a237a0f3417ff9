"""The kind `finetuning`: it lives by one child, the pipeline of its task, whose steps are ordinary jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob
from smalt.entities.job.finetuning import MODEL, FineTuningJob, FineTuningTask, ModelProvider
from smalt.entities.job.outputs import JobOutput
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.status import JobStatus
from smalt.entities.types import AssetType
from smalt.environments import LANGUAGE_IMAGE, language_conda
from smalt.errors import InvalidRequest, NotFound, SmaltError, Unsupported, ValidationFailed
from smalt.server.catalog import CatalogService
from smalt.server.finetuning.components import REGISTRY, VERSION
from smalt.server.finetuning.parameters import COMPUTES, NODES, PROCESSES, of_pipeline
from smalt.server.jobs import Children, JobRecord, ParentLike, Pinned, Pinner, Problems, Progress
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference

_PIPELINES = {
    FineTuningTask.CHAT_COMPLETION: "chat_completion_pipeline",
    FineTuningTask.TEXT_COMPLETION: "text_generation_pipeline",
}
_COLUMNS = ("text_key", "ground_truth_key")


class FineTuningKind(ParentLike):
    """Trains models further.

    Args:
        children: Submits the pipeline.
        pinner: Looks references up.
        catalog: Knows which models of registries the workspace has brought in.
    """

    type: ClassVar[str] = "finetuning"

    def __init__(self, children: Children, pinner: Pinner, catalog: CatalogService) -> None:
        self._children = children
        self._pinner = pinner
        self._catalog = catalog

    def refusals(self, job: Job) -> Iterable[InvalidRequest]:
        """See `ParentLike.refusals`."""
        assert isinstance(job, FineTuningJob)
        if job.model_provider is not ModelProvider.CUSTOM:
            yield Unsupported(
                "model_provider azure_open_ai trains at a hosted service, which is not called here. Write custom with "
                "a model of the catalog.",
                target="model_provider",
            )
        if job.task not in _PIPELINES:
            known = ", ".join(_PIPELINES)
            yield Unsupported(f"task {job.task.value!r} is not trained here. Known: {known}.", target="task")
        for name in job.hyperparameters.keys() - {*of_pipeline(), *_COLUMNS}:
            told = f"The parameter {name!r} is unknown. See docs/catalog.md for their names."
            yield Unsupported(told, target=f"hyperparameters.{name}")

    def pin(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: Job, problems: Problems
    ) -> tuple[Job, Pinned]:
        """See `ParentLike.pin`."""
        assert isinstance(job, FineTuningJob)
        if problems.refuse(self.refusals(job)):
            return job, Pinned()
        whole = job.model_copy(update={"outputs": _outputs(job)})
        try:
            whole = self._with_model(work, workspace, whole)
        except SmaltError as error:
            problems.note(error, "model")
            return job, Pinned()
        own = Problems()
        pinned = self._pinner.pin(work, workspace, name, _sample(whole), own)
        try:
            own.raise_any()
        except SmaltError as error:
            for detail in error.details or [error]:
                with problems.at((detail.target or "").removeprefix("inputs.")):
                    raise detail from None
        return _with_assets(whole, pinned), pinned

    def advance(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Progress:
        """See `ParentLike.advance`."""
        job = record.entity()
        assert isinstance(job, FineTuningJob)
        name = f"{record.name}_pipeline"
        state = self._children.states(work, workspace, record, names=[name]).get(name)
        if state is None:
            pipeline = _pipeline(job, place=record.pinned["outputs"][MODEL])
            self._children.submit(work, workspace, record, name, pipeline)
            return Progress(JobStatus.RUNNING)
        if state.is_active:
            return Progress(JobStatus.RUNNING)
        if state.status is JobStatus.COMPLETED:
            return Progress(JobStatus.COMPLETED)
        message = (state.error or {}).get("message") or "See the log of its steps."
        return Progress(state.status, f"The pipeline {name} ended as {state.status.value}. {message}")

    def _with_model(self, work: Work, workspace: WorkspaceRecord, job: FineTuningJob) -> FineTuningJob:
        """A model of a registry that is not here means the one that was brought in from the catalog."""
        path = str(job.model.path)
        reference = references.parse(path)
        if not isinstance(reference, AssetReference) or reference.registry is None:
            return job
        try:
            found = self._catalog.require_model(work, workspace, reference.name)
        except NotFound:
            return job  # A registry of this installation may have a model without a card.
        if found.model is None:
            raise ValidationFailed(
                f"{reference.name} runs on another server, and its weights are not here. Name another model."
            )
        return job.model_copy(update={"model": job.model.model_copy(update={"path": found.model.id})})


def _outputs(job: FineTuningJob) -> dict[str, JobOutput]:
    given = job.outputs.get(MODEL) or JobOutput(type=AssetType.MLFLOW_MODEL)
    return {MODEL: given.model_copy(update={"type": AssetType.MLFLOW_MODEL})}


def _sample(job: FineTuningJob) -> CommandJob:
    """All that the steps name, before there are any."""
    return CommandJob.parse(
        {
            "command": "train",
            "environment": {"image": LANGUAGE_IMAGE, "conda_file": language_conda()},
            "compute": job.compute,
            "inputs": {name: given.document() for name, given in job.data().items()},
            "outputs": {MODEL: job.outputs[MODEL].document()},
        }
    )


def _with_assets(job: FineTuningJob, pinned: Pinned) -> FineTuningJob:
    """The job with its references replaced by what they were pinned to."""
    changes: dict[str, Any] = {  # Any: values of fields
        name: given.model_copy(update={"path": pinned.inputs[name]["asset"]})
        for name, given in job.data().items()
        if "asset" in pinned.inputs.get(name, {})
    }
    return job.model_copy(update=changes | ({"compute": pinned.compute} if pinned.compute else {}))


def _pipeline(job: FineTuningJob, *, place: str) -> PipelineJob:
    inputs: dict[str, Any] = {  # Any: documents and literals
        "mlflow_model_path": {**job.model.document(), "type": "mlflow_model"},
        "train_file_path": {**job.training_data.document(), "type": "uri_file"},
        **_parameters(job),
    }
    if job.validation_data is not None:
        inputs["validation_file_path"] = {**job.validation_data.document(), "type": "uri_file"}
    component = f"{REGISTRY}/{_PIPELINES[job.task]}/versions/{VERSION}"
    return PipelineJob.parse(
        {
            "display_name": job.display_name or f"Fine-tuning ({job.task.value})",
            "component": component,
            "compute": job.compute,
            "identity": job.identity,
            "inputs": inputs,
            "outputs": {"mlflow_model_folder": {"type": "mlflow_model", "path": place}},
            "settings": {"default_compute": job.compute} if job.compute else None,
        }
    )


def _parameters(job: FineTuningJob) -> dict[str, Any]:  # Any: literals
    """What the pipeline is given besides: the hyperparameters, and how many processes on which compute."""
    found: dict[str, Any] = dict(job.hyperparameters)
    if job.compute:
        found |= dict.fromkeys(COMPUTES, job.compute)
    count = (job.resources or {}).get("instance_count")
    if isinstance(count, int) and NODES not in found:
        found[NODES] = count
    found.setdefault(PROCESSES, 1)
    return found
