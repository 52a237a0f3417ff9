"""What is wrong with a pipeline or a component, as far as it can be known without the server: pure, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from smalt.entities.component import Component, ComponentInput
from smalt.entities.fit import ANY, LITERAL, Given, check_fit, check_value
from smalt.entities.job.inputs import DataInput, LiteralInput, input_text
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.step import CONTROL_TYPES
from smalt.entities.text import literal_text
from smalt.errors import InvalidRequest
from smalt.sdk.anchor import is_local
from smalt.wire import expressions

JsonObject = dict[str, Any]  # Any: JSON
Ports = Mapping[str, JsonObject]

_PARAMETERS = frozenset({"string", "integer", "number", "boolean"})
_STEP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OLD_BINDING = re.compile(r"\$\{\{\s*(?:inputs|outputs|jobs)\.")
_BODIES = {"do_while": ("body",), "parallel_for": ("body",), "if_else": ("true_block", "false_block")}
_LOOPS = frozenset({"do_while", "parallel_for"})
_PATH = "path"
_UNKNOWN: Mapping[str, JsonObject] = {"inputs": {"type": ANY}, "outputs": {}}
_OWN_WORK = {"command": "command", "parallel": "task", "spark": "entry", "pipeline": "jobs"}


@dataclass
class Problems:
    """Mistakes, whose `target` is the place in the document, and doubts as pairs of place and sentence."""

    mistakes: list[InvalidRequest] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)

    def add(self, place: str, message: str) -> None:
        """One mistake."""
        self.mistakes.append(InvalidRequest(message, target=place))


def job(pipeline: PipelineJob) -> Problems:
    """Problems of a pipeline job whose components have been read."""
    document = pipeline.document()
    inputs = {name: {"type": _declared(value), "text": input_text(value)} for name, value in pipeline.inputs.items()}
    body = {"inputs": inputs, "outputs": document.get("outputs", {}), "jobs": document.get("jobs", {})}
    problems = Problems()
    if not body["jobs"] and not pipeline.component and not pipeline.source_job_id:
        problems.add("jobs", "The pipeline has no steps. Write them below 'jobs:'.")
    _body(body, "", problems)
    _settings(document.get("settings") or {}, body["jobs"], problems)
    return problems


def component(document: JsonObject) -> Problems:
    """Problems of a component."""
    problems = Problems()
    _component(document, "", problems)
    return problems


def is_data(port: Mapping[str, Any]) -> bool:  # Any: JSON
    """Whether a declared input takes a path rather than a value."""
    return str(port.get("type", "uri_folder")).lower() not in _PARAMETERS


def bindings(value: object) -> Iterator[tuple[str, ...]]:
    """The names of all expressions in a value, at any depth, as their parts."""
    if isinstance(value, str):
        yield from (found.parts for found in expressions.find(value))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from bindings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from bindings(inner)


def needs(step: JsonObject) -> set[str]:
    """The steps whose outputs a step reads."""
    held = {key: value for key, value in step.items() if key not in {"component", "trial", "outputs"}}
    found = {parts[2] for parts in bindings(held) if parts[:2] == ("parent", "jobs") and len(parts) > 3}
    return found - _mapped(step)


def _mapped(step: JsonObject) -> set[str]:
    """The body of a loop, which the loop runs rather than waits for."""
    return {parts[2] for key in _BODIES.get(str(step.get("type")), ()) for parts in bindings(step.get(key))
            if parts[:2] == ("parent", "jobs") and len(parts) > 2}  # fmt: skip


def _component(document: JsonObject, place: str, problems: Problems) -> None:
    inputs, outputs = document.get("inputs", {}), document.get("outputs", {})
    for name, port in inputs.items():
        _default(name, port, f"{place}inputs.{name}", problems)
    if document.get("jobs"):
        _body({"inputs": inputs, "outputs": outputs, "jobs": document["jobs"]}, place, problems)
    known = {f"inputs.{name}" for name in inputs} | {f"outputs.{name}" for name in outputs}
    for key in ("command", "args"):
        _own_names(document.get(key), known, f"{place}{key}", problems)


def _own_names(text: object, known: set[str], place: str, problems: Problems) -> None:
    for parts in bindings(text):
        name = ".".join(parts[:2])
        if parts[0] in {"inputs", "outputs"} and name not in known and not _is_group(name, known):
            shown = ", ".join(sorted(known)) or "none"
            problems.add(place, f"${{{{{'.'.join(parts)}}}}} is not declared. Declared are: {shown}.")


def _is_group(name: str, known: set[str]) -> bool:
    return any(each.startswith(f"{name}.") for each in known)


def _default(name: str, port: JsonObject, place: str, problems: Problems) -> None:
    if port.get("default") is None or is_data(port):
        return
    try:
        check_value(name, ComponentInput.parse(port), literal_text(port["default"]))
    except InvalidRequest as error:
        problems.add(f"{place}.default", error.message)


def _declared(value: object) -> str:
    if isinstance(value, DataInput):
        return value.type.value
    kind = value.type if isinstance(value, LiteralInput) else None
    if kind and kind != "literal":
        return kind
    return "literal"


def _body(body: JsonObject, place: str, problems: Problems) -> None:
    """The steps of a pipeline job or of a pipeline component."""
    steps: dict[str, JsonObject] = body["jobs"]
    for name, step in steps.items():
        _Step(name, step, body, f"{place}jobs.{name}", problems).look()
    _written_twice(steps, place, problems)
    _circle(steps, place, problems)


def _written_twice(steps: Mapping[str, JsonObject], place: str, problems: Problems) -> None:
    writers: dict[str, str] = {}
    for name, step in steps.items():
        for output, value in (step.get("outputs") or {}).items():
            for parts in bindings(value.get("path") if isinstance(value, dict) else value):
                if parts[:2] != ("parent", "outputs"):
                    continue
                here, bound = f"{name}.outputs.{output}", ".".join(parts[2:])
                if bound in writers:
                    told = f"The pipeline's output {bound!r} is written by {writers[bound]} already. Bind one of them."
                    problems.add(f"{place}jobs.{here}", told)
                writers.setdefault(bound, here)


def _circle(steps: Mapping[str, JsonObject], place: str, problems: Problems) -> None:
    """Tell of a circle, if taking away what needs nothing leaves something."""
    left = {name: needs(step) & steps.keys() for name, step in steps.items()}
    while True:
        free = [name for name, needed in left.items() if not needed & left.keys()]
        if not free:
            break
        for name in free:
            del left[name]
    if not left:
        return
    start = next(iter(left))
    seen = [start]
    while (following := min(left[seen[-1]] & left.keys())) not in seen:
        seen.append(following)
    circle = [*seen[seen.index(following) :], following]
    told = f"The steps wait for each other in a circle: {' -> '.join(circle)}. Take one of these bindings away."
    problems.add(f"{place}jobs.{circle[0]}", told)


def _settings(settings: JsonObject, steps: Mapping[str, JsonObject], problems: Problems) -> None:
    for key in ("on_init", "on_finalize"):
        named = settings.get(key)
        if named is None:
            continue
        if named not in steps:
            problems.add(f"settings.{key}", f"There is no step {named!r}. Steps are: {', '.join(steps) or 'none'}.")
        elif needs(steps[named]) or any(named in needs(step) for step in steps.values()):
            problems.add(f"settings.{key}", f"The step {named!r} is bound to others. It must stand alone.")
    if settings.get("on_init") is not None and settings.get("on_init") == settings.get("on_finalize"):
        problems.add("settings.on_init", "on_init and on_finalize name the same step. Name two steps.")


@dataclass
class _Step:
    """One step, looked at in its pipeline."""

    name: str
    step: JsonObject
    body: JsonObject
    place: str
    problems: Problems

    def look(self) -> None:
        if not _STEP_NAME.fullmatch(self.name):
            told = f"{self.name!r} is no name of a step. Use letters, digits and '_', and begin with no digit."
            self.problems.add(self.place, told)
        kind = str(self.step.get("type"))
        if kind in CONTROL_TYPES:
            self._control(kind)
        for place, value in _texts(self.step, self.place):
            self._expressions(value, place)
        known = self._component()
        if known is not None:
            self._inputs(known)
            self._outputs(known)
        elif isinstance(self.step.get("command"), str):
            own = {f"{side}.{name}" for side in ("inputs", "outputs") for name in self.step.get(side) or {}}
            # An input that is set to nothing is in an optional part alone, and goes with it.
            needed = [f"${{{{{each.name}}}}}" for each in expressions.find_needed(self.step["command"])]
            _own_names(needed, own, f"{self.place}.command", self.problems)
        elif kind in _OWN_WORK and not (self.step.get("component") or self.step.get(_OWN_WORK[kind])):
            told = f"The step has neither 'component' nor '{_OWN_WORK[kind]}'. Write one of them."
            self.problems.add(self.place, told)

    def _component(self) -> JsonObject | None:
        for key in ("component", "trial"):
            document = self.step.get(key)
            if isinstance(document, dict) and (key == "component" or "inputs" in document):
                if "_source" not in document:
                    _component(Component.parse(document).document(), f"{self.place}.{key}.", self.problems)
                return Component.parse(document).document()
        return None

    def _control(self, kind: str) -> None:
        for key in _BODIES[kind]:
            for parts in bindings(self.step.get(key)):
                if len(parts) < 3:  # Else it is looked at with all other bindings.
                    self._step_named(parts, f"{self.place}.{key}")
        if kind == "do_while" and not (self.step.get("limits") or {}).get("max_iteration_count"):
            self.problems.add(f"{self.place}.limits", "A do_while needs limits.max_iteration_count. Write 1 to 1000.")

    def _step_named(self, parts: tuple[str, ...], place: str) -> None:
        steps = self.body["jobs"]
        if parts[:2] == ("parent", "jobs") and (len(parts) < 3 or parts[2] not in steps):
            named = parts[2] if len(parts) > 2 else ""
            self.problems.add(place, f"There is no step {named!r}. Steps are: {', '.join(steps)}.")

    def _expressions(self, text: str, place: str) -> None:
        if _OLD_BINDING.match(text) and ".inputs." in place:
            new = text.replace("${{", "${{parent.", 1)
            self.problems.add(place, f"The binding {text} is of an older form. Write {new}.")
        for parts in bindings(text):
            if parts[0] != "parent" or len(parts) < 3:
                continue
            if parts[1] == "jobs":
                self._other_step(parts, place)
            elif parts[1] in {"inputs", "outputs"}:
                self._of_parent(parts, place)

    def _of_parent(self, parts: tuple[str, ...], place: str) -> None:
        known = self.body[parts[1]]
        name = ".".join(parts[2:])
        if name in known or parts[2] in known or _is_group(parts[2], set(known)):
            return
        shown = ", ".join(known) or "none"
        self.problems.add(place, f"The pipeline has no {parts[1][:-1]} {name!r}. It has: {shown}.")

    def _other_step(self, parts: tuple[str, ...], place: str) -> None:
        steps = self.body["jobs"]
        self._step_named(parts, place)
        if parts[2] not in steps or len(parts) < 5 or parts[3] not in {"inputs", "outputs"}:
            return
        other = steps[parts[2]]
        declared = _ports(other, parts[3])
        if declared is not None and parts[4] not in declared:
            shown = ", ".join(declared) or "none"
            told = f"The step {parts[2]!r} has no {parts[3][:-1]} {parts[4]!r}. It has: {shown}."
            self.problems.add(place, told)

    def _inputs(self, known: JsonObject) -> None:
        declared: Ports = known.get("inputs", {})
        given = self.step.get("inputs", {})
        searched = self.step.get("search_space") or {}
        # What a loop gives to its body is not known here.
        is_looped = any(self.name in _mapped(step) for step in self.body["jobs"].values() if step["type"] in _LOOPS)
        for name, port in declared.items():
            is_given = name in given or name in searched or _is_group(name, set(given))
            if not (is_looped or is_given or port.get("optional") or port.get("default") is not None):
                told = f"The component requires the input {name!r}, which is not given. Add it."
                self.problems.add(f"{self.place}.inputs", told)
        for name, value in given.items():
            place = f"{self.place}.inputs.{name}"
            if name not in declared:
                if "." not in name:
                    told = f"The component does not declare the input {name!r}; it is left out."
                    self.problems.doubts.append((place, told))
                continue
            try:
                check_fit(name, ComponentInput.parse(declared[name]), self._given(value))
            except InvalidRequest as error:
                self.problems.add(place, error.message)

    def _given(self, value: Any) -> Given:  # Any: a step's input, JSON
        """What an input is given, as far as it is known here."""
        path = value.get("path") if isinstance(value, dict) else value
        if isinstance(path, str) and "${{" in path:
            return self._source(path)
        return (
            Given(str(value.get("type") or _PATH)) if isinstance(value, dict) else Given(LITERAL, literal_text(value))
        )

    def _source(self, text: str) -> Given:
        """What one binding gives."""
        found = expressions.find(text)
        parts = found[0].parts if len(found) == 1 and found[0].end - found[0].start == len(text) else ()
        port: JsonObject | None = None
        if parts[:2] == ("parent", "inputs"):
            port = self.body["inputs"].get(".".join(parts[2:]))
        elif parts[:2] == ("parent", "jobs") and len(parts) == 5 and not self._is_gathered(parts[2]):
            port = (_ports(self.body["jobs"].get(parts[2], {}), parts[3]) or {}).get(parts[4])
        if port is None:
            return Given(ANY)
        return Given(str(port.get("type") or "uri_folder").lower(), port.get("text"))

    def _is_gathered(self, step: str) -> bool:
        """Whether a loop runs a step once for each item: what all have written is then a table or a list."""
        loops = (other for other in self.body["jobs"].values() if other.get("type") == "parallel_for")
        return any(step in _mapped(loop) for loop in loops)

    def _outputs(self, known: JsonObject) -> None:
        declared = known.get("outputs", {})
        for name in self.step.get("outputs", {}):
            if name not in declared:
                shown = ", ".join(declared) or "none"
                told = f"The component has no output {name!r}. It has: {shown}."
                self.problems.add(f"{self.place}.outputs.{name}", told)


def _ports(step: JsonObject, side: str) -> Ports | None:
    """The declared inputs or outputs of a step, or None where only the server knows them."""
    for key in ("component", "trial"):
        document = step.get(key)
        if isinstance(document, dict) and (key == "component" or side in document):
            found: Ports = Component.parse(document).document().get(side, {})
            return found
    if "command" in step or "task" in step:
        return {
            name: value if isinstance(value, dict) else _UNKNOWN[side] for name, value in step.get(side, {}).items()
        }
    return None


def _texts(step: JsonObject, place: str) -> Iterator[tuple[str, str]]:
    """Every text of a step with its place, but not those of what it runs."""
    for key, value in step.items():
        if key not in {"component", "trial", "command", "task", "jobs", "args"}:
            yield from _texts_below(value, f"{place}.{key}")


def _texts_below(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts_below(key, place)
            yield from _texts_below(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts_below(inner, f"{place}.{index}")


def local_paths(document: JsonObject, place: str = "") -> Iterator[tuple[str, str]]:
    """Everything on this machine that a pipeline or a component names, with its place; not what was read apart."""
    holders = (("", document), ("task.", document.get("task")))
    for prefix, holder in holders:
        if isinstance(holder, dict):
            yield from _own_paths(holder, place + prefix)
    for name, value in (document.get("inputs") or {}).items():
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            yield f"{place}inputs.{name}.path", value["path"]
    for name, step in (document.get("jobs") or {}).items():
        here = f"{place}jobs.{name}."
        yield from local_paths(step, here)
        for key in ("component", "trial"):
            inner = step.get(key)
            if isinstance(inner, dict) and "_source" not in inner:
                yield from local_paths(inner, f"{here}{key}.")


def is_here(text: str) -> bool:
    """Whether what stands where a path may be is one of this machine."""
    return "${{" not in text and is_local(text)


def _own_paths(holder: JsonObject, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(holder.get("code"), str):
        yield f"{place}code", holder["code"]
    for index, include in enumerate(holder.get("additional_includes") or []):
        yield f"{place}additional_includes.{index}", str(include)
    environment = holder.get("environment")
    if isinstance(environment, str) and environment.lower().endswith((".yml", ".yaml")):
        yield f"{place}environment", environment
    if isinstance(environment, dict):
        conda, build = environment.get("conda_file"), environment.get("build") or {}
        if isinstance(conda, str) and "\n" not in conda and ": " not in conda:
            yield f"{place}environment.conda_file", conda
        if isinstance(build.get("path"), str):
            yield f"{place}environment.build.path", build["path"]
