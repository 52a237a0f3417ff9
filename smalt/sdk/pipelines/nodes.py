"""Steps as they are written in Python: a component called with its inputs, settings changed as attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from smalt.entities.component import ANONYMOUS_COMPONENT, Component
from smalt.entities.job.base import Job
from smalt.entities.job.limits import CommandJobLimits
from smalt.entities.job.pipeline import PipelineSettings
from smalt.entities.job.resources import JobResources, QueueSettings
from smalt.entities.job.search_space import SearchRange
from smalt.entities.job.sweep import SweepJob
from smalt.entities.job.trial import with_component
from smalt.entities.kinds import entity_class
from smalt.errors import InvalidRequest
from smalt.sdk.pipelines import stack
from smalt.sdk.pipelines.ports import Group, InputPort, Inputs, OutputPort, Outputs, plain, single

JsonObject = dict[str, Any]  # Any: JSON


class Node:
    """A step of a pipeline.

    Attributes:
        name: Its name; by default that of the variable it is assigned to.
        inputs: Its inputs; assign to them to bind them.
        outputs: Its outputs, which others are bound to.
    """

    name: str | None
    compute: Any  # Any: a name, or an input of the pipeline
    resources: Any  # Any: an entity, its document, or one with bindings in it
    limits: Any  # Any: as resources
    environment_variables: Any  # Any: as resources
    display_name: str | None
    queue_settings: Any  # Any: as resources

    def __init__(
        self, kind: str, component: str | JsonObject, inputs: Mapping[str, Any], **settings: Any
    ) -> None:  # Any: what callers give
        self.type = kind
        self.name = settings.pop("name", None)
        self.is_swept = False
        document = component if isinstance(component, dict) else settings.pop("ports", {})
        declared = document.get("inputs") or {}
        self._component = component
        self._base_name = str(document.get("name") or ANONYMOUS_COMPONENT)
        ports = {name: InputPort(port) for name, port in declared.items()}
        self.inputs = Inputs(ports, "input")
        for name, value in _flat(inputs).items():
            self.inputs[name] = value
        given = settings.pop("outputs", None) or {}
        outputs = document.get("outputs") or {}
        names = [*outputs, *(name for name in given if name not in outputs)]
        self.outputs = Outputs(
            {name: OutputPort(self, name, _declared(outputs.get(name)), given.get(name)) for name in names}, "output"
        )
        self._fields: JsonObject = {}
        for key, value in settings.items():
            if value is not None and value != {}:
                setattr(self, key, value)

    def __setattr__(self, name: str, value: Any) -> None:  # Any: what a caller gives
        if name not in _OWN:
            self.__dict__["_fields"][name] = value
            return
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # Any: what a caller gave
        if name.startswith("__"):
            raise AttributeError(name)
        fields = self.__dict__.get("_fields", {})
        if name == "settings" and self.type == "pipeline":
            return fields.setdefault(name, PipelineSettings())
        return fields.get(name)

    @property
    def component(self) -> str | JsonObject:
        """What runs: an id, or a document."""
        return self._component

    @property
    def base_name(self) -> str:
        """The name of what runs, after which a step without a name is named."""
        return self._base_name

    def set_resources(
        self,
        *,
        instance_type: str | Sequence[str] | None = None,
        instance_count: int | None = None,
        properties: Mapping[str, Any] | None = None,  # Any: kept as given
        docker_args: str | Sequence[str] | None = None,
        shm_size: str | None = None,
        locations: Sequence[str] | None = None,
    ) -> None:
        """Change what the step asks of its compute; None leaves a setting."""
        changes = {
            "instance_type": instance_type, "instance_count": instance_count, "properties": properties,
            "docker_args": docker_args, "shm_size": shm_size, "locations": locations,
        }  # fmt: skip
        self.resources = _changed(JobResources, self.resources, changes)

    def set_limits(self, **limits: float | None) -> None:
        """Change the limits: `timeout` of a command; trials and time-outs of a sweep; iterations of a loop."""
        old = plain(self.limits) or {}
        given = {key: value for key, value in limits.items() if value is not None}
        self.limits = CommandJobLimits.parse(old | given) if self.type == "command" else old | given

    def set_queue_settings(self, *, job_tier: str | None = None, priority: str | None = None) -> None:
        """Change tier and priority."""
        self.queue_settings = _changed(QueueSettings, self.queue_settings, {"job_tier": job_tier, "priority": priority})

    def sweep(
        self,
        *,
        primary_metric: str,
        goal: str,
        sampling_algorithm: Any = "random",  # Any: its name, its document or an entity
        compute: str | None = None,
        max_concurrent_trials: int | None = None,
        max_total_trials: int | None = None,
        timeout: float | None = None,
        trial_timeout: float | None = None,
        early_termination_policy: Any = None,  # Any: its name, its document or an entity
        search_space: Mapping[str, Any] | None = None,  # Any: ranges
        identity: Any = None,  # Any: an identity or its document
        queue_settings: Any = None,  # Any: an entity or its document
        job_tier: str | None = None,
        priority: str | None = None,
    ) -> Node:
        """Turn the step into a search: it becomes the trial, and the inputs that are ranges become the search space."""
        self.is_swept = True
        ranges = {name: port.value for name, port in self.inputs.items() if _is_range(port.value)}
        rest = {name: port.value for name, port in self.inputs.items()
                if port.value is not None and not _is_range(port.value)}  # fmt: skip
        swept = Node(
            "sweep",
            self._component,
            rest,
            name=self.name,
            compute=compute or self.compute,
            outputs={name: port.settings() for name, port in self.outputs.items()},
            sampling_algorithm=sampling_algorithm,
            objective={"goal": str(goal).lower(), "primary_metric": primary_metric},
            search_space={name: plain(each) for name, each in (ranges | dict(search_space or {})).items()},
            early_termination=early_termination_policy,
            identity=identity or self.identity,
            queue_settings=queue_settings or self.queue_settings,
            display_name=self.display_name,
            tags=self.tags,
            properties=self.properties,
        )
        swept.set_limits(
            max_concurrent_trials=max_concurrent_trials, max_total_trials=max_total_trials,
            timeout=timeout, trial_timeout=trial_timeout,
        )  # fmt: skip
        if job_tier is not None or priority is not None:
            swept.set_queue_settings(job_tier=job_tier, priority=priority)
        return stack.add(swept)

    def to_job(self) -> Job:
        """The step as a job of its own: a command, a search, or a pipeline.

        Raises:
            InvalidRequest: What it runs is known to the server only, or is no job by itself.
        """
        step = self.document()
        work = step.pop("trial" if self.type == "sweep" else "component")
        if not isinstance(work, dict) or self.type not in {"command", "sweep", "pipeline"}:
            raise InvalidRequest(f"A {self.type} step cannot be submitted on its own. Put it into a pipeline.")
        document = {key: work[key] for key in ("display_name", "description", "tags") if key in work} | step
        document["outputs"] = {name: port.document() for name, port in self.outputs.items()}
        document["name"], document["experiment_name"] = self.name, self.experiment_name
        if self.type == "sweep":
            sweep = {key: value for key, value in document.items() if value is not None}
            return with_component(SweepJob.parse(sweep | {"trial": str(work.get("name"))}), Component.parse(work))
        if self.type == "pipeline":
            document["jobs"] = work["jobs"]
        else:
            document = {key: work[key] for key in _TRIAL if key in work} | document
        model = entity_class("job", self.type)
        found = model.parse({key: value for key, value in document.items() if value is not None})
        assert isinstance(found, Job)
        return found

    def document(self) -> JsonObject:
        """The step as YAML has it."""
        key = "trial" if self.type == "sweep" else "component"
        inputs = {name: port.document() for name, port in self.inputs.items()}
        outputs = {name: port.document() for name, port in self.outputs.items()}
        component = self._component
        own: JsonObject = {
            "type": self.type,
            key: deepcopy(component) if isinstance(component, dict) else component,
            "inputs": {name: value for name, value in inputs.items() if value is not None},
            "outputs": {name: value for name, value in outputs.items() if value},
        }
        fields = {name: plain(value) for name, value in self._fields.items() if value is not None}
        if self.type == "pipeline":  # settings of a nested pipeline are those of the outer one
            fields = {name: value for name, value in fields.items() if name not in {"settings", "compute"}}
        return own | fields


_TRIAL = ("command", "code", "environment", "environment_variables", "distribution", "resources")
_OWN = frozenset({"type", "name", "is_swept", "_component", "_base_name", "inputs", "outputs", "_fields"})


def call(kind: str, component: str | JsonObject, ports: JsonObject, inputs: Mapping[str, Any], **settings: Any) -> Node:
    """A component called with its inputs; inside a pipeline function the step is added to that pipeline.

    Raises:
        InvalidRequest: The component has no input of a name.
    """
    declared = ports.get("inputs") or {}
    for name in inputs:
        if name not in declared and name.partition(".")[0] not in declared:
            shown = ", ".join(declared) or "none"
            raise InvalidRequest(f"{ports.get('name') or 'The component'} has no input {name!r}. It has: {shown}.")
    known = {} if isinstance(component, dict) else {"ports": ports}
    return stack.add(Node(kind, component, inputs, **known, **settings))


class ComponentFunction(Component):
    """A component that can be called: `train(data=..., lr=0.1)` is a step."""

    def __call__(self, **inputs: Any) -> Node:  # Any: what a caller gives
        """A step that runs this component."""
        document = self.document()
        if self.id is not None:
            return call(self.type, self.id, document, inputs)
        return call(self.type, {"_source": "YAML.COMPONENT"} | document, document, inputs)

    @classmethod
    def of(cls, component: Component) -> ComponentFunction:
        """A component as a function."""
        fields = {name: getattr(component, name) for name in type(component).model_fields}
        return cls.model_construct(component.model_fields_set, **fields, **(component.model_extra or {}))


def _flat(inputs: Mapping[str, Any]) -> dict[str, Any]:  # Any: what callers give
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        if isinstance(value, Group):
            found |= {f"{name}.{key}": inner for key, inner in value.flat().items()}
        else:
            found[name] = single(value)
    return found


def _declared(port: object) -> JsonObject | None:
    if isinstance(port, dict):
        return {"type": "uri_folder"} | port
    return {"type": port} if isinstance(port, str) else None


def _is_range(value: object) -> bool:
    return isinstance(value, SearchRange)


def _changed(model: Any, old: Any, changes: Mapping[str, Any]) -> Any:  # Any: an entity class, and one of its kind
    given = {key: value for key, value in changes.items() if value is not None}
    return model.parse((plain(old) or {}) | given)
