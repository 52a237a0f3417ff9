"""`@pipeline`: a Python function that makes steps becomes a pipeline each time it is called."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from types import FrameType
from typing import Any, overload

from smalt.entities.component import Component, ComponentInput
from smalt.entities.identity import JobIdentity
from smalt.entities.job.inputs import DataInput, LiteralInput
from smalt.entities.job.pipeline import PipelineJob, PipelineSettings
from smalt.errors import InvalidRequest
from smalt.sdk.pipelines import stack
from smalt.sdk.pipelines.control import ControlNode
from smalt.sdk.pipelines.groups import group_inputs, is_group, values_of
from smalt.sdk.pipelines.nodes import ComponentFunction, Node
from smalt.sdk.pipelines.ports import (
    Bindable,
    Group,
    InputPort,
    Inputs,
    OutputPort,
    Outputs,
    PipelineInput,
    plain,
    single,
)

JsonObject = dict[str, Any]  # Any: JSON
Step = Node | ControlNode

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


class Pipeline:
    """A pipeline that a function has made, ready to be submitted; everything about it can still be changed.

    Attributes:
        jobs: Its steps by name.
        inputs: Its inputs.
        outputs: Its outputs.
        settings: Defaults of its steps, and how it goes on.
    """

    def __init__(self, jobs: dict[str, Step], inputs: Inputs, outputs: Outputs, settings: PipelineSettings) -> None:
        self.jobs = jobs
        self.inputs = inputs
        self.outputs = outputs
        self.settings = settings
        self.type = "pipeline"
        self.name: str | None = None
        self.display_name: str | None = None
        self.description: str | None = None
        self.experiment_name: str | None = None
        self.compute: str | None = None
        self.tags: dict[str, str] = {}
        self.properties: dict[str, str] = {}
        self.identity: JobIdentity | None = None

    def to_job(self) -> PipelineJob:
        """The job as the YAML file of this pipeline would describe it."""
        inputs = {name: port.document() for name, port in self.inputs.items()}
        facts = (
            "name", "display_name", "description", "experiment_name", "compute", "tags", "properties", "identity",
        )  # fmt: skip
        document: JsonObject = {name: plain(getattr(self, name)) for name in facts}
        document |= {
            "type": "pipeline",
            "inputs": {name: value for name, value in inputs.items() if value not in (None, "")},
            "outputs": {name: {"type": port.type, **port.settings()} for name, port in self.outputs.items()},
            "settings": self.settings.document(),
            "jobs": {name: step.document() for name, step in self.jobs.items()},
        }
        return PipelineJob.parse({key: value for key, value in document.items() if value is not None})


class PipelineFunction:
    """A function under `@pipeline`. Called inside another one, it is a step of that one."""

    def __init__(self, function: Callable[..., Any], facts: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        # Any: what a pipeline function returns and what its decorator is given
        self._function = function
        self._facts = facts
        self._settings = settings
        self._plain_names = tuple(facts.get("non_pipeline_inputs") or ())
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # Any: what callers give; a Pipeline, or inside one a Node
        """The pipeline, or inside another pipeline function a step."""
        given = self._bound(args, kwargs)
        shown = {name: value for name, value in given.items() if name not in self._plain_names}
        built = self._build(given)
        if stack.is_open():
            return self._node(built, shown)
        return self._pipeline(built, shown)

    def component(self) -> Component:
        """The pipeline as a component, e.g. to register it."""
        return Component.parse(self._build({}).component(self))

    @property
    def title(self) -> str:
        """The name of the pipeline."""
        return str(self._facts.get("name") or self._function.__name__)

    def facts(self) -> JsonObject:
        """Name, description, tags and version, where they are given."""
        doc = inspect.getdoc(self._function)
        found = {
            "display_name": self._facts.get("display_name") or self.title,
            "description": self._facts.get("description") or doc,
            "tags": self._facts.get("tags"),
            "version": self._facts.get("version"),
        }
        return {key: value for key, value in found.items() if value}

    def _bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:  # Any: what callers give
        signature = inspect.signature(self._function)
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        if inspect.Parameter.VAR_POSITIONAL in kinds:
            raise InvalidRequest(f"{self.title} has *args; a pipeline function needs a name for each input.")
        try:
            bound = signature.bind_partial(*args, **kwargs)
        except TypeError as error:
            known = ", ".join(signature.parameters) or "none"
            raise InvalidRequest(f"{self.title}: {error}. Its inputs are: {known}.") from None
        given = dict(bound.arguments)
        for name, parameter in signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        return {name: single(value) for name, value in given.items()}

    def _build(self, given: Mapping[str, Any]) -> Built:  # Any: what callers give
        declared = _declared(self._function, given, self._plain_names)
        arguments: dict[str, Any] = {}
        for name, port in declared.items():
            arguments[name] = _argument(name, port, given.get(name, port.get("default")))
        arguments |= {name: given[name] for name in self._plain_names if name in given}
        with stack.opened() as made:
            returned, variables = _run(self._function, arguments)
        steps = _named([step for step in made if not getattr(step, "is_swept", False)], variables, self.title)
        settings = {key: _name_of(value, steps) for key, value in self._settings.items()}
        settings |= {key: _name_of(value, steps) for key, value in made.settings.items()}
        return Built(declared, steps, _promoted(returned, self.title), settings)

    def _pipeline(self, built: Built, given: Mapping[str, Any]) -> Pipeline:  # Any: what callers give
        ports = {name: InputPort(port) for name, port in built.flat().items()}
        inputs = Inputs(ports, "input")
        for name, value in _values(built.inputs, given).items():
            inputs[name] = value
        owner = Node("pipeline", {"name": self.title}, {})
        outputs = {
            name: OutputPort(owner, name, {"type": port.type}, port.promotion()) for name, port in built.outputs.items()
        }
        made = Pipeline(built.steps, inputs, Outputs(outputs, "output"), PipelineSettings.parse(built.settings))
        facts = self.facts()
        made.display_name, made.description = facts.get("display_name"), facts.get("description")
        made.tags = dict(facts.get("tags") or {})
        made.experiment_name, made.compute = self._facts.get("experiment_name"), self._facts.get("compute")
        return made

    def _node(self, built: Built, given: Mapping[str, Any]) -> Node:  # Any: what callers give
        document = built.component(self) | {"_source": "DSL"}
        # Its document is taken when the outer pipeline is whole: outputs may still be set.
        values = {name: value for name, value in _values(built.inputs, given).items() if value is not None}
        node = Node("pipeline", document, values, tags=self._facts.get("tags"))
        return stack.add(node)


class Built:
    """What one call of a pipeline function has made."""

    def __init__(
        self,
        inputs: dict[str, JsonObject],
        steps: dict[str, Step],
        outputs: dict[str, OutputPort],
        settings: JsonObject,
    ) -> None:
        self.inputs = inputs
        self.steps = steps
        self.outputs = outputs
        self.settings = settings

    def flat(self) -> dict[str, JsonObject]:
        """Declared inputs, those of groups under their full names."""
        found: dict[str, JsonObject] = {}
        for name, port in self.inputs.items():
            found |= _flat_ports(name, port)
        return found

    def component(self, function: PipelineFunction) -> JsonObject:
        """The document of the pipeline as a component."""
        outputs = {name: {key: value for key, value in (("type", port.type), ("mode", port.mode)) if value}
                   for name, port in self.outputs.items()}  # fmt: skip
        inputs = {name: _without_object(port) for name, port in self.inputs.items()}
        document = {"type": "pipeline", "name": function.title, "inputs": inputs, "outputs": outputs}
        return document | function.facts() | {"jobs": {name: step.document() for name, step in self.steps.items()}}


def _flat_ports(name: str, port: JsonObject) -> dict[str, JsonObject]:
    if port.get("type") != "group":
        return {name: port}
    found: dict[str, JsonObject] = {}
    for key, inner in port["values"].items():
        found |= _flat_ports(f"{name}.{key}", inner)
    return found


def _without_object(port: JsonObject) -> JsonObject:
    if port.get("type") != "group":
        return {key: value for key, value in port.items() if value is not None}
    return {"type": "group", "values": {key: _without_object(inner) for key, inner in port["values"].items()}}


def _declared(function: Callable[..., Any], given: Mapping[str, Any], left_out: Sequence[str]) -> dict[str, JsonObject]:
    # Any: what callers give
    """The declared inputs of a pipeline function, told from its annotations, its defaults and what it is given."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:
        signature = inspect.signature(function)
    found: dict[str, JsonObject] = {}
    for name, parameter in signature.parameters.items():
        if name in left_out or parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        default = None if parameter.default is inspect.Parameter.empty else parameter.default
        found[name] = _port(parameter.annotation, default, given.get(name))
    for name in given:
        if name not in found and name not in left_out:
            found[name] = _port(inspect.Parameter.empty, None, given[name])
    return found


def _port(annotation: Any, default: Any, given: Any) -> JsonObject:  # Any: what people write
    if is_group(annotation):
        return {"type": "group", "values": group_inputs(annotation, _port), "default": default}
    if is_group(type(default)):
        return {"type": "group", "values": group_inputs(type(default), _port), "default": default}
    optional = False
    arguments = getattr(annotation, "__args__", ())
    if type(None) in arguments:
        annotation, optional = next(each for each in arguments if each is not type(None)), True
    if isinstance(annotation, DataInput | ComponentInput | LiteralInput):
        port = annotation.document()
        port = {("default" if key == "value" else key): value for key, value in port.items() if value is not False}
    elif annotation in _TYPES:
        port = {"type": _TYPES[annotation]}
    else:
        port = {"type": _told(default if default is not None else given)}
    is_value = isinstance(default, str | int | float)
    return port | ({"default": default} if is_value else {}) | ({"optional": True} if optional else {})


def _told(value: Any) -> str | None:  # Any: what callers give
    if isinstance(value, Bindable | DataInput | ComponentInput | LiteralInput):
        kind = getattr(value, "type", None)
        return str(kind) if kind else None
    return _TYPES.get(type(value))


def _argument(name: str, port: JsonObject, value: Any) -> object:  # Any: what callers give
    if port.get("type") != "group":
        declared = port.get("type") or (getattr(value, "type", None) if isinstance(value, Bindable) else None)
        return PipelineInput(name, declared, value)
    values = values_of(value)
    items = {key: _argument(f"{name}.{key}", inner, values.get(key, inner.get("default")))
             for key, inner in port["values"].items()}  # fmt: skip
    return Group(items)


def _values(declared: Mapping[str, JsonObject], given: Mapping[str, Any]) -> dict[str, Any]:  # Any: what callers give
    """What the pipeline is called with and the defaults of the rest, groups flat."""
    found: dict[str, Any] = {}
    for name, port in declared.items():
        value = given.get(name)
        if port.get("type") != "group":
            found[name] = port.get("default") if value is None else value
            continue
        values = values_of(value if value is not None else port.get("default"))
        inner = _values(port["values"], values)
        found |= {f"{name}.{key}": each for key, each in inner.items()}
    return found


def _run(function: Callable[..., Any], arguments: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    # Any: what the function takes, returns and holds
    """What a function returns, and its variables at that moment: steps are named after them."""
    found: dict[str, Any] = {}
    code = inspect.unwrap(function).__code__

    def watch(frame: FrameType, event: str, value: object) -> None:
        if event == "return" and frame.f_code is code:
            found.clear()
            found.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        returned = function(**arguments)
    finally:
        sys.setprofile(before)
    return returned, found


def _named(made: Sequence[Any], variables: Mapping[str, Any], title: str) -> dict[str, Step]:  # Any: steps, variables
    """Steps by name: the one they were given, that of their variable, or that of their component with a number."""
    names: dict[int, str] = {}
    members = {id(step) for step in made}
    for variable, value in variables.items():
        if id(value) not in members or variable == "_":
            continue
        name = str(value.name or variable).lower()
        if not _NAME.fullmatch(name):
            raise InvalidRequest(f"{name!r} is no name of a step. Use small letters, digits and '_'.")
        if name in names.values() and id(value) not in names:
            raise InvalidRequest(f"Two steps of {title} are named {name!r}. Give one of them another name.")
        names[id(value)] = name
    taken = dict.fromkeys(names.values(), 1)
    by_component = {step.name or step.base_name: names[id(step)] for step in made if id(step) in names}
    found: dict[str, Step] = {}
    for step in made:
        if id(step) not in names:
            base = step.name or by_component.get(step.base_name) or step.base_name
            taken[base] = taken.get(base, 0) + 1
            suffix = "" if taken[base] == 1 else f"_{taken[base] - 1}"
            names[id(step)] = re.sub(r"\W", "_", str(base).lower()) + suffix
        step.name = names[id(step)]
        found[step.name] = step
    return found


def _promoted(returned: Any, title: str) -> dict[str, OutputPort]:  # Any: what the function returns
    """The outputs that a function returns become those of the pipeline."""
    if returned is None:
        return {}
    if is_group(type(returned)):
        returned = {name: value for name, value in values_of(returned).items() if value is not None}
    items = dict(returned.items()) if isinstance(returned, Mapping | Outputs) else None
    if items is None or not all(isinstance(port, OutputPort) for port in items.values()):
        raise InvalidRequest(
            f"{title} must return a mapping of names to outputs of its steps, e.g. {{'model': step.outputs.model}}."
        )
    for name, port in items.items():
        port.promoted = name
    return {str(name): port for name, port in items.items()}


def _name_of(value: Any, steps: Mapping[str, Step]) -> Any:  # Any: a setting
    if isinstance(value, Node):
        return next((name for name, step in steps.items() if step is value), None)
    return value


@overload
def pipeline(func: Callable[..., Any], /) -> PipelineFunction: ...  # Any: what a pipeline function returns


@overload
def pipeline(
    func: None = None,
    *,
    name: str | None = None,
    version: str | None = None,
    display_name: str | None = None,
    description: str | None = None,
    experiment_name: str | None = None,
    tags: Mapping[str, str] | None = None,
    **settings: Any,  # Any: as below
) -> Callable[[Callable[..., Any]], PipelineFunction]: ...  # Any: what a pipeline function returns


def pipeline(
    func: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    version: str | None = None,
    display_name: str | None = None,
    description: str | None = None,
    experiment_name: str | None = None,
    tags: Mapping[str, str] | None = None,
    **settings: Any,
) -> PipelineFunction | Callable[[Callable[..., Any]], PipelineFunction]:
    # Any: what pipeline functions return; values of settings
    """Make a pipeline of a function that calls components.

    Args:
        func: The function, when the decorator is written without parentheses.
        name: Name; by default that of the function.
        version: Version of the component that it is inside another pipeline.
        display_name: Name to show.
        description: What it does; by default the function's docstring.
        experiment_name: Experiment of its jobs.
        tags: Tags.
        settings: `compute`, `default_compute`, `default_datastore`, `continue_on_step_failure`, `force_rerun`,
            `on_init`, `on_finalize`, and `non_pipeline_inputs`: parameters that shape the pipeline and are none of it.
    """
    unknown = settings.keys() - _SETTINGS.keys() - _FACTS
    if unknown:
        raise InvalidRequest(
            f"@pipeline has no setting {', '.join(sorted(unknown))}. Settings are: {', '.join(_SETTINGS)}."
        )
    facts = {
        "name": name, "version": version, "display_name": display_name, "description": description,
        "experiment_name": experiment_name, "tags": tags, "compute": settings.get("compute"),
        "non_pipeline_inputs": settings.get("non_pipeline_inputs") or settings.get("non_pipeline_parameters"),
    }  # fmt: skip
    chosen = {_SETTINGS[key]: value for key, value in settings.items() if key in _SETTINGS and value is not None}
    if func is not None:
        return PipelineFunction(func, facts, chosen)
    return lambda function: PipelineFunction(function, facts, chosen)


_SETTINGS = {
    key: key
    for key in (
        "default_compute",
        "default_datastore",
        "continue_on_step_failure",
        "force_rerun",
        "on_init",
        "on_finalize",
    )
} | {"default_compute_target": "default_compute"}
_FACTS = {"compute", "non_pipeline_inputs", "non_pipeline_parameters"}

__all__ = ["ComponentFunction", "Pipeline", "PipelineFunction", "pipeline"]
