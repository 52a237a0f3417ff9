"""What is wrong with a pipeline, found at submit: every mistake at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from smalt.entities.component import Component, ComponentInput
from smalt.entities.fit import ANY, LITERAL, Given, check_fit
from smalt.entities.flow_component import is_flow_component
from smalt.entities.job.inputs import DataInput, LiteralInput, input_text
from smalt.entities.job.pipeline import PipelineSettings
from smalt.entities.job.step import Step, StepInput, StepOutput
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest
from smalt.server.jobs import JobKind, ParentLike, Problems, check_kind
from smalt.server.pipelines import bindings, control, graph
from smalt.server.pipelines.bindings import ParentInput, ParentOutput, StepInputOf, StepOutputOf
from smalt.server.pipelines.components import Components, reference_of, steps_of
from smalt.server.pipelines.draft import draft_of
from smalt.server.pipelines.graph import Graph, Node
from smalt.wire import expressions, references
from smalt.wire.references import AssetReference, LocalPath

_MOST_LEVELS = 20
_MODELS = frozenset(each.value for each in AssetType if each.is_model)
_JUDGED = frozenset({"command", "sweep", "parallel", "automl", "finetuning"})
"""Kinds of steps whose job can be looked at before anything they are bound to is known."""


@dataclass(frozen=True)
class Scope:
    """The surroundings of the steps of one pipeline or pipeline component.

    Args:
        inputs: What its inputs give; None for an optional one that may be missing.
        outputs: Names of its outputs.
        registered: Names under which its own outputs are registered.
        level: How deep it is nested.
        chain: Ids of the pipeline components it is nested in.
    """

    inputs: Mapping[str, Given]
    outputs: Collection[str]
    registered: frozenset[str] = frozenset()
    level: int = 0
    chain: tuple[str, ...] = ()


class Checker:
    """Looks at pipelines.

    Args:
        look_up: Finds a registered component; raises when there is none.
        check_compute: Raises when a compute does not exist.
        check_environment: Raises when the environment of a command is missing or cannot be had here.
        check_data: Raises when a path leads nowhere; told whether it is the path of a model.
        kinds: What this server runs, by type of job.
        components: Where what was found is kept.
    """

    def __init__(
        self,
        *,
        look_up: Callable[[str], Component],
        check_compute: Callable[[str], object],
        check_environment: Callable[[Component, Step], None],
        check_data: Callable[[str, bool], object],
        kinds: Mapping[str, JobKind],
        components: Components,
    ) -> None:
        self._look_up = look_up
        self._check_compute = check_compute
        self._check_environment = check_environment
        self._check_data = check_data
        self._kinds = kinds
        self._components = components
        self._seen: set[str] = set()
        self._registered: set[str] = set()
        self._found: set[tuple[str, bool]] = set()

    def check(
        self, steps: Mapping[str, Step], settings: PipelineSettings | None, scope: Scope, problems: Problems
    ) -> Graph:
        """Look at the steps and everything below them; mistakes go to `problems`."""
        chosen = settings or PipelineSettings()
        found = graph.build(steps, problems, first=chosen.on_init, last=chosen.on_finalize)
        if not steps:
            with problems.at("jobs"):
                raise InvalidRequest("A pipeline needs at least one step under 'jobs'.")
        # What a step registers is there when a later one reads it by its name.
        outputs = (output for node in found.nodes.values() for output in node.step.outputs.values())
        self._registered |= {output.name for output in outputs if output.name} | scope.registered
        writers: dict[str, str] = {}
        for node in found.nodes.values():
            self._node(node, found, scope, problems, writers)
        return found

    def _node(self, node: Node, whole: Graph, scope: Scope, problems: Problems, writers: dict[str, str]) -> None:
        place = f"jobs.{node.name}"
        if node.kind in ("if_else", "do_while", "parallel_for"):
            control.check(node, scope.inputs.keys(), problems)
            return
        reference = reference_of(node.step)
        is_new = reference is None or reference not in self._seen
        component = self._component(node.step, reference, place, problems, is_new=is_new)
        compute = node.step.compute
        if compute and "${{" not in compute:
            with problems.at(f"{place}.compute"):
                self._check_compute(compute)
        if component is None:
            return
        if component.type not in {"command", "pipeline"} or node.kind not in {"command", "pipeline"}:
            with problems.at(f"{place}.type"):
                check_kind(node.kind, self._kinds, what="Steps")
                if not is_flow_component(component.type):
                    check_kind(component.type, self._kinds, what="Steps")
        if node.kind in _JUDGED and (is_new or _has_settings(node.step)):
            self._check_settings(node, component, place, problems)
        with problems.at(f"{place}.code"):
            _check_reach(component.code)
        for name, value in node.step.inputs.items():
            with problems.at(f"{place}.inputs.{name}"):
                self._input(component, name, value, whole, scope)
        for name, declared in component.inputs.items():
            with problems.at(f"{place}.inputs.{name}"):
                _check_present(node, name, declared, whole)
        for name, output in node.step.outputs.items():
            with problems.at(f"{place}.outputs.{name}"):
                _check_output(node, component, name, output, scope, writers)
        if component.type == "pipeline":
            self._below(component, place, scope, problems)

    def _check_settings(self, node: Node, component: Component, place: str, problems: Problems) -> None:
        """Refuse settings that a job of this kind could never run with; what is bound is not known yet."""
        if is_flow_component(component.type):
            return  # Such a step calls itself parallel, and becomes a flow job when its turn comes.
        kind = self._kinds.get(node.kind)
        job, wrong = draft_of(node.step, component)
        for each in wrong:
            problems.note(each, f"{place}.{each.target}" if each.target else place)
        if job is None or not isinstance(kind, ParentLike):
            return
        document = job.document()
        for refusal in kind.refusals(job):
            target = refusal.target or ""
            if not list(bindings.within(document.get(target.partition(".")[0]))):
                problems.note(refusal, f"{place}.{target}")

    def _component(
        self, step: Step, reference: str | None, place: str, problems: Problems, *, is_new: bool
    ) -> Component | None:
        field_name = "trial" if reference is not None and reference == step.trial else "component"
        found: Component | None = None
        with problems.at(f"{place}.{field_name}"):
            found = self._look_up(reference) if reference is not None else self._components.of(step)
        if found is not None and is_new and found.type == "command":
            self._seen.add(reference or "")
            with problems.at(f"{place}.environment"):
                self._check_environment(found, step)
            with problems.at(f"{place}.command"):
                _check_command(found, step)
        return found

    def _below(self, component: Component, place: str, scope: Scope, problems: Problems) -> None:
        mark = str(component.id or "")
        with problems.at(f"{place}.component"):
            if (mark and mark in scope.chain) or scope.level >= _MOST_LEVELS:
                raise InvalidRequest(f"The pipeline component {component.name!r} contains itself. Break the circle.")
        if (mark and (mark in scope.chain or mark in self._seen)) or scope.level >= _MOST_LEVELS:
            return
        self._seen.add(mark)
        inner = Scope(
            {name: Given(declared.type.lower()) for name, declared in component.inputs.items()},
            component.outputs.keys(),
            level=scope.level + 1,
            chain=(*scope.chain, mark),
        )
        with problems.at(f"{place}.component"):
            self.check(steps_of(component), None, inner, problems.below(f"{place}."))

    def _input(
        self, component: Component, name: str, value: StepInput | str | int | float | bool, whole: Graph, scope: Scope
    ) -> None:
        declared = component.inputs.get(name)
        if declared is None:
            return  # Azure passes such inputs over in silence; the step's log says so.
        given = self._given(value, whole, scope)
        if given is not None:
            check_fit(name, declared, given)
        if isinstance(value, StepInput) and value.path and "${{" not in value.path:
            self._data(value.path, is_model=str(value.type or declared.type).lower() in _MODELS)

    def _data(self, path: str, *, is_model: bool) -> None:
        reference = references.parse(path)
        if isinstance(reference, AssetReference) and reference.name in self._registered:
            return
        if (path, is_model) not in self._found:
            self._check_data(path, is_model)
            self._found.add((path, is_model))

    def _given(self, value: StepInput | str | int | float | bool, whole: Graph, scope: Scope) -> Given | None:
        if isinstance(value, StepInput):
            binding = bindings.whole(value.path)
            if binding is None:
                _check_reach(value.path)
                return Given(str(value.type or ANY)) if value.path else None
        else:
            binding = bindings.whole(value)
            if binding is None:
                return Given(LITERAL, input_text(value)) if not list(bindings.within(value)) else Given(ANY)
        return self._bound(binding, whole, scope)

    def _bound(self, binding: bindings.Binding, whole: Graph, scope: Scope, depth: int = 0) -> Given | None:
        match binding:
            case ParentInput(name):
                if name not in scope.inputs:
                    known = ", ".join(scope.inputs) or "none"
                    raise InvalidRequest(f"The pipeline has no input {name!r}. Its inputs: {known}.")
                return scope.inputs[name]
            case StepOutputOf(step, name):
                return self._output_of(step, name, whole)
            case StepInputOf(step, name):
                node = whole.nodes.get(step)
                if node is None or name not in node.step.inputs or depth > len(whole.nodes):
                    raise InvalidRequest(f"The step {step!r} is given no input {name!r}.")
                value = node.step.inputs[name]
                inner = bindings.whole(value.path if isinstance(value, StepInput) else value)
                return (
                    self._given(value, whole, scope) if inner is None else self._bound(inner, whole, scope, depth + 1)
                )
        raise InvalidRequest(
            "An input cannot be bound to this. Bind it to an input of the pipeline or an output of a step."
        )

    def _output_of(self, step: str, name: str, whole: Graph) -> Given | None:
        node = whole.nodes.get(step)
        if node is None:
            return None  # Said already by the graph.
        if node.kind in ("do_while", "parallel_for"):
            node = whole.nodes.get(node.body or "")
            if node is None:
                return None
        try:
            reference = reference_of(node.step)
            component = self._look_up(reference) if reference is not None else self._components.of(node.step)
        except InvalidRequest:
            return None
        declared = component.outputs.get(name)
        if declared is None and component.type != "automl" and name not in node.step.outputs:
            known = ", ".join(component.outputs) or "none"
            raise InvalidRequest(f"The step {step!r} has no output {name!r}. Its outputs: {known}.")
        if whole.nodes[step].kind == "parallel_for" or (node.loop and whole.nodes[node.loop].kind == "parallel_for"):
            return Given(ANY)
        return Given(declared.type.lower() if declared is not None else ANY)


def of_input(value: DataInput | LiteralInput | str | int | float | bool) -> Given:
    """What an input of the pipeline itself gives."""
    if isinstance(value, DataInput):
        return Given(value.type.value)
    if isinstance(value, LiteralInput):
        return Given((value.type or LITERAL).lower(), value.text)
    return Given(LITERAL, input_text(value))


def _has_settings(step: Step) -> bool:
    """Whether a step says more of its job than what it runs and is bound to."""
    return any(isinstance(value, dict) for value in (step.model_extra or {}).values())


def _check_command(component: Component, step: Step) -> None:
    """Refuse a command component without a command, or with one that names what it does not declare."""
    if not component.command:
        raise InvalidRequest("A command component needs a command.")
    inputs = [*component.inputs, *sorted(step.searched - component.inputs.keys())]  # Trials are given what is searched.
    known = [*(f"inputs.{name}" for name in inputs), *(f"outputs.{name}" for name in component.outputs)]
    for expression in expressions.find_needed(component.command):
        name = ".".join(expression.parts)
        is_known = any(name == each or name.startswith(f"{each}.") for each in known)
        if expression.parts[0] in ("inputs", "outputs") and not is_known:
            raise InvalidRequest(f"${{{{{name}}}}} is not declared. Declared are: {', '.join(known) or 'none'}.")


def _check_reach(path: str | None) -> None:
    """Refuse what lies on the machine of whoever submits: a server does not see it."""
    if path and "${{" not in path and isinstance(references.parse(path), LocalPath):
        raise InvalidRequest(f"{path!r} is a path on your machine. Upload it: smalt job create does.")


def _check_present(node: Node, name: str, declared: ComponentInput, whole: Graph) -> None:
    if declared.optional or declared.default is not None or name in node.step.inputs.keys() | node.step.searched:
        return
    loop = whole.nodes.get(node.loop or "")
    if loop is not None:
        return  # A loop gives it, item by item.
    raise InvalidRequest(f"The input {name!r} ({declared.type}) is required. Give it a value under inputs.")


def _check_output(
    node: Node, component: Component, name: str, output: StepOutput, scope: Scope, writers: dict[str, str]
) -> None:
    if name not in component.outputs and component.type != "automl":
        known = ", ".join(component.outputs) or "none"
        raise InvalidRequest(f"The component has no output {name!r}. Its outputs: {known}.")
    binding = bindings.whole(output.path)
    if isinstance(binding, ParentOutput):
        if binding.name not in scope.outputs:
            known = ", ".join(scope.outputs) or "none"
            raise InvalidRequest(f"The pipeline has no output {binding.name!r}. Its outputs: {known}.")
        target = f"the pipeline's output {binding.name!r}"
    elif output.path and "${{" not in output.path:
        target = output.path.rstrip("/")
    else:
        return
    writer = writers.setdefault(target, f"{node.name}.{name}")
    if writer != f"{node.name}.{name}" and node.gate is None:
        raise InvalidRequest(f"{target} is written by {writer} already. Two steps cannot write to one place.")
