"""Pipelines as text, for whoever composes them: read and checked without being submitted, and written out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from smalt.entities.component import Component, ComponentInput, ComponentOutput
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.step import Step
from smalt.entities.text import normal_form
from smalt.entities.warned import Warned, Warnings
from smalt.errors import InvalidRequest, NotFound, SmaltError, ValidationFailed
from smalt.kit import yaml
from smalt.server.assets import AssetService
from smalt.server.jobs import Children, Problems
from smalt.server.pipelines import bindings
from smalt.server.pipelines.bindings import WholeStep
from smalt.server.pipelines.components import Components, reference_of, steps_of
from smalt.server.pipelines.kind import PipelineKind
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import parse_arm_id
from smalt.wire.references import AssetReference
from smalt.wire.yaml import load_document

JsonObject = dict[str, Any]  # Any: JSON

JOB, COMPONENT = "job", "component"
_SOURCE = "pipeline.yml"
_OF_THE_SERVER = frozenset(
    {
        "id", "name", "status", "is_archived", "creation_context", "parent_job_name", "component", "services",
        "properties",
    }
)  # fmt: skip
"""What a job has got from the server; it is no part of what somebody would write."""

_REFERRING = frozenset({"component", "trial", "environment", "code", "compute", "default_compute", "default_datastore"})
_VALUES = frozenset({"inputs", "outputs", "environment_variables", "tags", "properties"})
"""Below these only paths are looked at: what they hold was written by somebody, and their keys are names."""


class Authoring:
    """Looks at pipelines that are being written.

    Args:
        kind: Knows what is wrong with a pipeline.
        children: Finds jobs, and drafts them.
        assets: Finds components.
    """

    def __init__(self, kind: PipelineKind, children: Children, assets: AssetService) -> None:
        self._kind = kind
        self._children = children
        self._assets = assets

    def check(self, work: Work, workspace: WorkspaceRecord, text: str, *, kind: str) -> JsonObject:
        """Everything that is wrong with a pipeline, the ports of its steps, and its body as it would be submitted.

        Args:
            work: The unit of work.
            workspace: The workspace.
            text: YAML.
            kind: `job` or `component`.

        Raises:
            InvalidRequest: It is no YAML, or no pipeline.
        """
        if kind not in (JOB, COMPONENT):
            raise InvalidRequest(f"kind is {kind!r}. Write {JOB} or {COMPONENT}.", target="kind")
        located = load_document(text, name=_SOURCE)
        document = _as_pipeline(located.value)
        warnings = Warnings()
        entity: PipelineJob | Component
        try:
            entity = PipelineJob.parse(document, warnings) if kind == JOB else Component.parse(document, warnings)
        except ValidationFailed as error:
            return {"problems": _listed(error, located), "warnings": [], "steps": {}, "body": None}
        found: list[JsonObject] = []
        try:
            self._look_at(work, workspace, entity)
        except SmaltError as error:
            if error.status >= 500:
                raise
            found = _listed(error, located)
        body = codec("jobs" if kind == JOB else "components").to_arm(entity)
        return {
            "problems": found,
            "warnings": [_warning(each, located) for each in warnings.items],
            "steps": self._ports(work, workspace, _steps(entity)),
            "body": {"properties": body["properties"]},
        }

    def text_of_job(self, work: Work, workspace: WorkspaceRecord, name: str) -> str:
        """A pipeline that was submitted, as YAML that could be submitted again.

        Raises:
            NotFound: There is no such job.
            InvalidRequest: It is no pipeline.
        """
        job = self._children.service.get(work, workspace, name).entity()
        if not isinstance(job, PipelineJob):
            raise InvalidRequest(f"Job {name!r} is a {job.type} job and has no steps. Name a pipeline.", target="job")
        document = {key: value for key, value in job.document().items() if key not in _OF_THE_SERVER}
        return yaml.dump(_as_written(document, workspace))

    def text_of_component(self, work: Work, workspace: WorkspaceRecord, reference: str) -> str:
        """A pipeline component as YAML.

        Raises:
            NotFound: There is no such component.
            InvalidRequest: It is no pipeline.
        """
        component = Components().look_up(work, workspace, self._assets, reference)
        if component.type != "pipeline":
            raise InvalidRequest(
                f"{component.name!r} is a {component.type} component and has no steps. Name a pipeline component.",
                target="component",
            )
        whole = {
            key: value
            for key, value in component.document().items()
            if key not in {"id", "creation_context", "own_name"}
        }
        steps = {name: step.document() for name, step in steps_of(component).items()}
        return yaml.dump(_as_written({**whole, "jobs": steps}, workspace))

    def _look_at(self, work: Work, workspace: WorkspaceRecord, entity: PipelineJob | Component) -> None:
        if isinstance(entity, PipelineJob):
            self._children.submission.draft(work, workspace, entity.name or "draft", entity)
            return
        problems = Problems()
        self._kind.check_component(work, workspace, entity, problems)
        problems.raise_any()

    def _ports(self, work: Work, workspace: WorkspaceRecord, steps: Mapping[str, Step]) -> JsonObject:
        """What each step takes and gives; a step whose component is not known is left out."""
        components = Components()
        found: dict[str, Component] = {}
        for name, step in steps.items():
            reference = reference_of(step)
            try:
                found[name] = (
                    components.look_up(work, workspace, self._assets, reference) if reference else components.of(step)
                )
            except (InvalidRequest, NotFound):
                continue
        shown = {name: self._shown(work, workspace, steps[name], component) for name, component in found.items()}
        for name, step in steps.items():
            body = bindings.whole(getattr(step, "body", None))
            if isinstance(body, WholeStep) and body.step in shown:
                gathers = normal_form(step.type) == "parallelfor"
                given = shown[body.step]["outputs"]
                outputs = {output: {**port, "type": "any"} if gathers else port for output, port in given.items()}
                shown[name] = {"component": None, "inputs": {}, "outputs": outputs, "steps": {}}
        return shown

    def _shown(self, work: Work, workspace: WorkspaceRecord, step: Step, component: Component) -> JsonObject:
        is_written_here = reference_of(step) is None
        inner = steps_of(component) if component.type == "pipeline" and is_written_here else {}
        registered = {
            "id": component.id,
            "name": component.name,
            "version": component.version,
            "type": component.type,
            "displayName": component.display_name,
            "description": component.description,
        }
        return {
            "component": None if is_written_here else registered,
            "inputs": _documents(component.inputs),
            "outputs": _documents(component.outputs),
            "steps": self._ports(work, workspace, inner) if inner else {},
        }


def _as_pipeline(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidRequest(f"The text holds a {type(value).__name__}, no pipeline. Write it as 'key: value' lines.")
    document = {key: item for key, item in value.items() if key.strip() != "$schema"}
    kind = document.get("type", "pipeline" if {"jobs", "component"} & document.keys() else "command")
    if normal_form(str(kind)) != "pipeline":
        raise InvalidRequest(f"The text is a {kind}, no pipeline. Give it 'type: pipeline' and steps under 'jobs'.")
    return {**document, "type": "pipeline"}


def _steps(entity: PipelineJob | Component) -> Mapping[str, Step]:
    if isinstance(entity, PipelineJob):
        return entity.jobs
    return steps_of(entity) if isinstance((entity.model_extra or {}).get("jobs"), dict) else {}


def _as_written(document: Any, workspace: WorkspaceRecord) -> Any:  # Any: JSON
    """The document with short references where ids stand: other tools take an id in a file for the path of a file."""
    if isinstance(document, list):
        return [_as_written(each, workspace) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _short(value, workspace)
        if key in _REFERRING and isinstance(value, str)
        else _data_as_written(value, workspace)
        if key in _VALUES or key.endswith("_data")
        else _as_written(value, workspace)
        for key, value in document.items()
    }


def _data_as_written(values: Any, workspace: WorkspaceRecord) -> Any:  # Any: JSON
    """Inputs and other values as they are, but for the paths of data."""
    if not isinstance(values, dict):
        return values
    if isinstance(values.get("path"), str):
        return values | {"path": _short(values["path"], workspace)}
    is_data = {key for key, value in values.items() if isinstance(value, dict) and isinstance(value.get("path"), str)}
    return values | {key: values[key] | {"path": _short(values[key]["path"], workspace)} for key in is_data}


def _short(text: str, workspace: WorkspaceRecord) -> str:
    """`azureml:name:version` of something in this workspace; what is no id of an asset as it is."""
    found = parse_arm_id(text)
    if found is None:
        return text
    reference = references.parse(text)
    if found.scope.path.lower() == workspace.scope.lower() and isinstance(reference, AssetReference):
        reference = replace(reference, kind=None, workspace=None)
    return references.format(reference)


def _documents(ports: Mapping[str, ComponentInput] | Mapping[str, ComponentOutput]) -> JsonObject:
    return {name: port.document() for name, port in ports.items()}


def _listed(error: SmaltError, located: yaml.Located) -> list[JsonObject]:
    return [
        {"place": each.target or "", "message": each.message, "line": located.at(each.target or "").line}
        for each in error.details or (error,)
    ]


def _warning(warned: Warned, located: yaml.Located) -> JsonObject:
    return {"place": warned.path, "message": warned.message, "line": located.at(warned.path).line}
