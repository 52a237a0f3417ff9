"""Brings a pipeline to the server: each distinct component is registered once, under the hash of its content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from smalt.entities.component import Component
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.step import CONTROL_TYPES
from smalt.sdk.lanes import Lanes
from smalt.sdk.operations.base import JsonObject
from smalt.sdk.pipelines.inference import INHERITED, is_inline, split, trial_ports

if TYPE_CHECKING:
    from smalt.sdk.resolve import Resolver

T = TypeVar("T")

_CHECKED = frozenset({"command", "parallel", "pipeline", "sweep", "spark"})
_NODE_OUTPUT_FIELDS = ("type", "mode", "path", "name", "version", "path_on_compute", "description")


class Submission:
    """One submit: what has been resolved is remembered, so that no question is asked twice.

    Args:
        resolver: Brings single things to the server.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[tuple[str, ...], Any] = {}  # Any: what each kind of question is answered with

    def job(self, job: PipelineJob) -> PipelineJob:
        """A pipeline job that the server can run; its own inputs are left to the caller."""
        document = job.document()
        body = {key: document.get(key, {}) for key in ("inputs", "outputs", "jobs")}
        jobs = _written_out(body)
        self._register(jobs)
        changes: JsonObject = {"jobs": {name: self._step(step) for name, step in jobs.items()}}
        settings = dict(document.get("settings") or {})
        for key, kind in (("default_compute", "computes"), ("default_datastore", "datastores")):
            if isinstance(settings.get(key), str):
                settings[key] = self._asset(settings[key], kind)
        if settings:
            changes["settings"] = settings
        return PipelineJob.parse(document | changes)

    def component(self, component: Component) -> Component:
        """A component with everything local brought to the server."""
        document = component.document()
        if document.get("jobs"):
            document["jobs"] = _written_out(document)
            self._register(document["jobs"])
        resolved = self._document(document)
        kept = {"component_spec": None, "is_anonymous": component.is_anonymous}
        return Component.parse(resolved | kept)

    def _register(self, jobs: JsonObject) -> None:
        """Register all components below, those without steps first and side by side, then the nested pipelines."""
        documents = {_key(document): document for document in _documents(jobs)}
        leaves = {key: each for key, each in documents.items() if not each.get("jobs")}
        for document in leaves.values():
            self._environment(document)
        with Lanes() as lanes:
            for document in {_code_key(each): each for each in leaves.values()}.values():
                lanes.run(partial(self._code, document))
        with Lanes() as lanes:
            for document in leaves.values():
                lanes.run(partial(self._registered, document))
        for document in reversed(list(documents.values())):
            self._registered(document)

    def _registered(self, document: JsonObject) -> str:
        return self._once(("component", _key(document)), lambda: self._resolver.anonymous(self._document(document)))

    def _document(self, document: JsonObject) -> JsonObject:
        """The document of a component with ids in place of what is local."""
        changes: JsonObject = {}
        holder = document["task"] if isinstance(document.get("task"), dict) else document
        code, environment = self._code(document), self._environment(document)
        found: JsonObject = {"code": code, "environment": environment}
        found = {key: value for key, value in found.items() if value is not None}
        changes = {"task": holder | found} if holder is not document else found
        if document.get("jobs"):
            changes["jobs"] = {name: self._step(step) for name, step in document["jobs"].items()}
        if document.get("type", "command") != "pipeline" and document.get("is_deterministic") is None:
            changes["is_deterministic"] = True
        return {key: value for key, value in (document | changes).items() if key != "additional_includes"}

    def _code(self, document: JsonObject) -> str | None:
        key = _code_key(document)
        if key is None:
            return None
        path, *includes = key
        return self._once(("code", *key), lambda: self._resolver.code(path, includes))

    def _environment(self, document: JsonObject) -> str | None:
        task = document.get("task")
        given = task.get("environment") if isinstance(task, dict) else document.get("environment")
        if given is None or (isinstance(given, str) and given.startswith("${{")):
            return given
        return self._once(("environment", _key(given)), lambda: self._resolver.environment(given))

    def _step(self, step: JsonObject) -> JsonObject:
        if step.get("type") in CONTROL_TYPES:
            return step
        changes: JsonObject = {}
        for key in ("component", "trial"):
            named = step.get(key)
            if isinstance(named, dict):
                changes |= _inherited(step, named) | {key: self._registered(named)}
            elif isinstance(named, str):
                changes[key] = self._asset(named, "components")
        task = (step | changes).get("task")
        if isinstance(task, dict):
            found = {"code": self._code({"task": task}), "environment": self._environment({"task": task})}
            changes["task"] = task | {key: _by_id(value) for key, value in found.items() if value is not None}
        if step.get("type") == "flow" and step.get("code"):
            changes |= self._flow(step)
        elif isinstance(step.get("environment"), str | dict):
            changes["environment"] = self._environment(step)
        compute = step.get("compute")
        if isinstance(compute, str) and "${{" not in compute:
            changes["compute"] = self._asset(compute, "computes")
        changes["inputs"] = {name: self._input(value) for name, value in _declared(step, "inputs").items()}
        outputs = _declared(step, "outputs")
        changes["outputs"] = {name: _output(step, name) for name, value in outputs.items() if _is_set(value)}
        data = {key: self._input(value) for key, value in step.items() if key.endswith("_data")}
        return {key: value for key, value in (step | data | changes).items() if not _is_empty(key, value)}

    def _flow(self, step: JsonObject) -> JsonObject:
        code, entry_file, environment = (step.get(key) for key in ("code", "entry_file", "environment"))
        key = ("flow", str(code), str(entry_file), _key(environment))
        found = self._once(key, lambda: self._resolver.flow(str(code), entry_file, environment))
        return {name: _by_id(value) for name, value in found.items()}

    def _input(self, value: Any) -> Any:  # Any: a step's input
        if not isinstance(value, dict) or not value.get("path"):
            return value
        if "${{" in value["path"]:  # what it is bound to tells its type
            return {key: item for key, item in value.items() if key != "type"}
        given = DataInput.parse(value)
        found = self._once(("input", _key(value)), lambda: self._resolver.input(given))
        rest = {key: item for key, item in value.items() if key != "datastore" or found.datastore is not None}
        return rest | {"path": found.path}

    def _asset(self, text: str, kind: str) -> str:
        return self._once((kind, text), lambda: self._resolver.asset(text, kind))

    def _once(self, key: tuple[str, ...], ask: Callable[[], T]) -> T:
        if key not in self._known:
            self._known[key] = ask()
        found: T = self._known[key]
        return found


def _written_out(body: JsonObject) -> JsonObject:
    """The steps of a pipeline with what is written in place as documents of components, at every level."""
    steps: JsonObject = {}
    for name, step in body["jobs"].items():
        if is_inline(step):
            component, rest = split(step, body)
            step = rest | {"component": _nested(component | {"_source": "YAML.JOB"})}
        elif isinstance(step.get("component"), dict):
            step = step | {"component": _nested(step["component"])}
        if isinstance(step.get("trial"), dict):
            trial = step["trial"]
            step = step | {"trial": trial if "_source" in trial else trial_ports(step, trial, body)}
        steps[name] = step
    return steps


def _nested(document: JsonObject) -> JsonObject:
    return document | {"jobs": _written_out(document)} if document.get("jobs") else document


def _documents(jobs: JsonObject) -> Iterator[JsonObject]:
    """Every component's document below, outer ones before those inside them."""
    for step in jobs.values():
        for key in ("component", "trial"):
            document = step.get(key)
            if isinstance(document, dict):
                yield document
                yield from _documents(document.get("jobs") or {})


def _inherited(step: JsonObject, component: JsonObject) -> JsonObject:
    fields = INHERITED.get(str(step.get("type")), ())
    return {key: component[key] for key in fields if key in component and key not in step}


def _code_key(document: JsonObject) -> tuple[str, ...] | None:
    holder = document["task"] if isinstance(document.get("task"), dict) else document
    includes = holder.get("additional_includes") or document.get("additional_includes") or []
    code = holder.get("code")
    if not isinstance(code, str) and not includes:
        return None
    return (code or "", *includes)


def _declared(step: JsonObject, side: str) -> JsonObject:
    """What a step gives to the ports of its component; what the component does not know is left out."""
    given: JsonObject = step.get(side) or {}
    known = step.get("component") or step.get("trial")
    if not isinstance(known, dict) or str(step.get("type")) not in _CHECKED:
        return given
    ports = known.get(side) or {}
    return {name: value for name, value in given.items() if name in ports or name.partition(".")[0] in ports}


def _output(step: JsonObject, name: str) -> Any:  # Any: a step's output
    """An output with its type, unless a binding tells it."""
    value = step["outputs"][name]
    if not isinstance(value, dict):
        return value
    if "${{parent." in str(value.get("path") or ""):
        return {key: item for key, item in value.items() if key != "type"}
    known = step.get("component") or step.get("trial")
    port = (known.get("outputs") or {}).get(name) if isinstance(known, dict) else None
    declared = port.get("type") if isinstance(port, dict) else port
    return {"type": declared or "uri_folder"} | value


def _is_set(output: Any) -> bool:  # Any: a step's output
    return bool(output) and (not isinstance(output, dict) or any(output.get(key) for key in _NODE_OUTPUT_FIELDS))


def _is_empty(key: str, value: object) -> bool:
    return value is None or (key in {"inputs", "outputs", "resources", "limits"} and not value)


def _by_id(text: str) -> str:
    return f"azureml:{text}" if text.startswith("/") else text


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
