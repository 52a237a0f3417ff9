"""The kind of job that is made of steps: looked at whole when it is submitted, then moved on turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from smalt.entities.component import Component, ComponentInput
from smalt.entities.environment import Environment
from smalt.entities.fit import Given, check_value
from smalt.entities.job.base import Job
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.pipeline import PipelineJob, PipelineSettings
from smalt.entities.job.step import Step
from smalt.errors import InvalidRequest
from smalt.server.assets import AssetService, DataLocator
from smalt.server.compute import ComputeService
from smalt.server.jobs import Children, JobKind, JobRecord, ParentLike, Pinned, Pinner, Problems, Progress, Software
from smalt.server.pipelines.check import Checker, Scope, of_input
from smalt.server.pipelines.child import default_place
from smalt.server.pipelines.components import Components, steps_of
from smalt.server.pipelines.plan import Plans
from smalt.server.pipelines.turn import Turn
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord


@dataclass(frozen=True)
class Neighbours:
    """What this slice uses of the ones below.

    Args:
        children: Submits steps.
        pinner: Looks up inputs and outputs.
        assets: Finds components.
        locator: Finds bytes.
        computes: Knows the computes.
        software: Knows the environments.
        kinds: What this server runs, by type of job; filled by the time the first pipeline comes.
    """

    children: Children
    pinner: Pinner
    assets: AssetService
    locator: DataLocator
    computes: ComputeService
    software: Software
    kinds: Mapping[str, JobKind]


class PipelineKind(ParentLike):
    """Pipelines.

    Args:
        neighbours: The slices below.
    """

    type: ClassVar[str] = "pipeline"

    def __init__(self, neighbours: Neighbours) -> None:
        self._below = neighbours
        self.plans = Plans()

    def pin(
        self, work: Work, workspace: WorkspaceRecord, name: str, job: Job, problems: Problems
    ) -> tuple[Job, Pinned]:
        """See `ParentLike.pin`."""
        assert isinstance(job, PipelineJob)
        components = Components()
        whole, left_open = self._with_steps(work, workspace, job, components, problems)
        settings = whole.settings or PipelineSettings()
        unplaced = [output for output, given in whole.outputs.items() if not given.path]
        place = default_place(settings.default_datastore)
        placed = whole.model_copy(
            update={
                "outputs": {
                    output: given.model_copy(update={"path": given.path or place})
                    for output, given in whole.outputs.items()
                }
            }
        )
        pinned = self._below.pinner.ports(work, workspace, name, placed, problems)
        with problems.at("settings.default_compute"):
            self._below.computes.require(work, workspace, settings.default_compute)
        given = {key: of_input(value) for key, value in whole.inputs.items()}
        registered = frozenset(output.name for output in whole.outputs.values() if output.name)
        scope = Scope({**left_open, **given}, whole.outputs.keys(), registered)
        self._checker(work, workspace, components).check(whole.jobs, settings, scope, problems)
        pinned.parts = {"components": components.documents, "unplaced": unplaced}
        return whole, pinned

    def advance(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Progress:
        """See `ParentLike.advance`."""
        plan = self.plans.of(record)
        turn = Turn(plan, record, work, workspace, children=self._below.children, locator=self._below.locator)
        return turn.take()

    def check_component(self, work: Work, workspace: WorkspaceRecord, component: Component, problems: Problems) -> None:
        """Look at the steps of a pipeline component that is not registered yet."""
        scope = Scope(
            {name: Given(declared.type.lower()) for name, declared in component.inputs.items()},
            component.outputs.keys(),
        )
        with problems.at("jobs"):
            self._checker(work, workspace, Components()).check(steps_of(component), None, scope, problems)

    def _checker(self, work: Work, workspace: WorkspaceRecord, components: Components) -> Checker:
        return Checker(
            look_up=lambda reference: components.look_up(work, workspace, self._below.assets, reference),
            check_compute=lambda compute: self._below.computes.require(work, workspace, compute),
            check_environment=lambda component, step: self._check_environment(work, workspace, component, step),
            check_data=lambda path, is_model: self._below.pinner.data(work, workspace, path, is_model=is_model),
            kinds=self._below.kinds,
            components=components,
        )

    def _with_steps(
        self, work: Work, workspace: WorkspaceRecord, job: PipelineJob, components: Components, problems: Problems
    ) -> tuple[PipelineJob, dict[str, Given]]:
        """The job with the steps of the component it names, if it has none of its own.

        Also what that component may be given, so that its steps can be bound to it even where nothing is.
        """
        if job.jobs or job.component is None:
            return job, {}
        component: Component | None = None
        with problems.at("component"):
            if isinstance(job.component, str):
                component = components.look_up(work, workspace, self._below.assets, job.component)
            else:
                component = Component.parse({"type": "pipeline", **job.component})
        if component is None:
            return job, {}
        optional = {name: Given(port.type.lower()) for name, port in component.inputs.items() if port.optional}
        return _filled(job, component, problems), optional

    def _check_environment(self, work: Work, workspace: WorkspaceRecord, component: Component, step: Step) -> None:
        environment = getattr(step, "environment", None) or component.environment
        if isinstance(environment, str) and "${{" in environment:
            return
        inline = Environment.parse(environment) if isinstance(environment, dict) else environment
        self._below.software.choose(work, workspace, inline)


def _default(declared: ComponentInput) -> str | int | float | bool | DataInput:
    """What an input is that nobody gives: a value, or where the port of a component points by itself."""
    if not declared.is_port:
        return declared.coerced(declared.default)
    return DataInput.parse({"type": declared.type, "path": str(declared.default)})


def _filled(job: PipelineJob, component: Component, problems: Problems) -> PipelineJob:
    """A pipeline job with the steps, the outputs and the default inputs of its component."""
    inputs = dict(job.inputs)
    for name, declared in component.inputs.items():
        with problems.at(f"inputs.{name}"):
            if name in inputs:
                given = of_input(inputs[name])
                if given.text is not None and not declared.is_port:
                    check_value(name, declared, given.text)
            elif declared.default is not None:
                inputs[name] = _default(declared)
            elif not declared.optional:
                raise InvalidRequest(f"The input {name!r} ({declared.type}) is required. Give it a value.")
    document = job.document()
    outputs = {name: {"type": port.type} for name, port in component.outputs.items()}
    for name, given_output in (document.get("outputs") or {}).items():
        outputs[name] = {**outputs.get(name, {}), **given_output}
    steps = {name: step.document() for name, step in steps_of(component).items()}
    filled = PipelineJob.parse({**document, "jobs": steps, "outputs": outputs, "component": component.id})
    return filled.model_copy(update={"inputs": inputs})
