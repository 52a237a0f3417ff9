"""Local paths of an entity made absolute, so that it means the same from any folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smalt.entities.endpoint.base import CodeConfiguration, Deployment
from smalt.entities.environment import Environment
from smalt.entities.job.automl import AutoMLJob
from smalt.entities.job.base import Job
from smalt.entities.job.command import Trial
from smalt.entities.job.finetuning import FineTuningJob
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.parallel import ParallelTask
from smalt.entities.model import Model
from smalt.entities.model_package import ModelPackage
from smalt.wire import references
from smalt.wire.references import LocalPath
from smalt.wire.yaml import resolve_local

JsonObject = dict[str, Any]  # Any: JSON
_YAML = (".yml", ".yaml")


def anchored(entity: Any, folder: Path) -> Any:  # Any: an entity, and the same one back
    """An entity whose local paths are absolute."""
    if isinstance(entity, Environment):
        return _environment(entity, folder)
    changes: JsonObject = {}
    for field in ("path", "code"):
        value = getattr(entity, field, None)
        if isinstance(value, str) and not isinstance(entity, DataInput) and is_local(value):
            changes[field] = str(resolve_local(folder, value))
    if isinstance(entity, Job):
        changes |= _parts(entity, folder)
    if isinstance(entity, Deployment):
        changes |= _deployment(entity, folder)
    if isinstance(entity, ModelPackage):
        server = entity.inferencing_server
        found = server.model_copy(update={"code_configuration": _configuration(server.code_configuration, folder)})
        changes["inferencing_server"] = found
    return entity.model_copy(update=changes) if changes else entity


def _parts(job: Job, folder: Path) -> JsonObject:
    """What a job has besides code: its environment, its inputs, and the task or trial it may have in place of them."""
    changes: JsonObject = {}
    environment = getattr(job, "environment", None)
    if isinstance(environment, str | Environment):
        changes["environment"] = _environment_field(environment, folder)
    for key in ("trial", "task"):
        work = getattr(job, key, None)
        if isinstance(work, Trial | ParallelTask):
            found: JsonObject = {"code": path_in(folder, work.code)}
            if work.environment is not None:
                found["environment"] = _environment_field(work.environment, folder)
            changes[key] = work.model_copy(update=found)
    if isinstance(job, AutoMLJob):
        changes |= {name: _input(table, folder) for name, table in job.tables().items()}
    if isinstance(job, FineTuningJob):
        changes |= {name: _input(given, folder) for name, given in job.data().items()}
    inputs = getattr(job, "inputs", None)
    if inputs:
        changes["inputs"] = {name: _input(each, folder) for name, each in inputs.items()}
    return changes


def _deployment(deployment: Deployment, folder: Path) -> JsonObject:
    changes: JsonObject = {}
    if isinstance(deployment.model, Model):
        changes["model"] = anchored(deployment.model, folder)
    elif deployment.model is not None and "/" in deployment.model:
        changes["model"] = path_in(folder, deployment.model)
    changes["code_configuration"] = _configuration(deployment.code_configuration, folder)
    if deployment.environment is not None:
        changes["environment"] = _environment_field(deployment.environment, folder)
    return changes


def _configuration(given: CodeConfiguration | None, folder: Path) -> CodeConfiguration | None:
    if given is None or not given.code:
        return given
    return given.model_copy(update={"code": path_in(folder, given.code)})


def is_local(text: str) -> bool:
    """Whether a reference is a path on this machine."""
    return isinstance(references.parse(text), LocalPath)


def is_file(text: str) -> bool:
    """Whether a reference names a YAML file on this machine."""
    return text.startswith("file:") or (text.lower().endswith(_YAML) and is_local(text))


def environment_document(given: object, folder: Path) -> object:
    """An environment as a document names or describes it, with absolute paths."""
    if isinstance(given, str):
        return str(resolve_local(folder, given)) if is_file(given) else given
    if isinstance(given, dict):
        return _environment(Environment.parse(given), folder).document()
    return given


def path_in(folder: Path, text: object) -> object:
    """A local path made absolute; anything else stays."""
    return str(resolve_local(folder, text)) if isinstance(text, str) and text and is_local(text) else text


def _environment_field(environment: str | Environment, folder: Path) -> str | Environment:
    if isinstance(environment, Environment):
        return _environment(environment, folder)
    return str(resolve_local(folder, environment)) if is_file(environment) else environment


def _environment(environment: Environment, folder: Path) -> Environment:
    changes: JsonObject = {}
    if isinstance(environment.conda_file, str) and not environment.has_conda_text:
        changes["conda_file"] = str(resolve_local(folder, environment.conda_file))
    if environment.build is not None and environment.build.path and is_local(environment.build.path):
        path = str(resolve_local(folder, environment.build.path))
        changes["build"] = environment.build.model_copy(update={"path": path})
    return environment.model_copy(update=changes) if changes else environment


def _input(given: Any, folder: Path) -> Any:  # Any: one of the kinds of inputs, and the same kind back
    if isinstance(given, DataInput) and given.path and is_local(given.path):
        return given.model_copy(update={"path": str(resolve_local(folder, given.path))})
    return given
