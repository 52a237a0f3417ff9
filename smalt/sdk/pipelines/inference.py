"""Steps whose work is written in place: it becomes a component, its ports told from what the step is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalt.entities.text import literal_text
from smalt.wire import expressions

JsonObject = dict[str, Any]  # Any: JSON

_MOVED = {
    "command": ("command", "code", "environment", "additional_includes"),
    "parallel": (),
    "spark": ("code", "entry", "py_files", "jars", "files", "archives", "environment", "additional_includes"),
    "pipeline": ("jobs",),
}
"""What goes to the component, by type of step."""

_SHARED = {
    "command": ("resources", "distribution", "tags", "description"),
    "parallel": (
        "task", "mini_batch_size", "partition_keys", "input_data", "logging_level", "max_concurrency_per_instance",
        "error_threshold", "mini_batch_error_threshold", "retry_settings", "resources",
    ),
    "spark": ("conf", "args", "tags", "description"),
    "pipeline": ("display_name",),
}  # fmt: skip
"""What both have."""

INHERITED = {
    "command": ("resources", "distribution"),
    "parallel": tuple(key for key in _SHARED["parallel"]),
    "spark": ("conf", "args", "entry", "py_files", "jars", "files", "archives", "identity"),
}
"""What a step takes from its component where it says nothing itself."""

_WORK = {"command": "command", "parallel": "task", "spark": "entry", "pipeline": "jobs"}


def is_inline(step: Mapping[str, Any]) -> bool:  # Any: JSON
    """Whether a step says itself what it does."""
    work = _WORK.get(str(step.get("type")))
    return work is not None and work in step and not step.get("component")


def split(step: JsonObject, body: JsonObject) -> tuple[JsonObject, JsonObject]:
    """A step written in place as the document of a component, and what is left of the step.

    Args:
        step: The step.
        body: `inputs`, `outputs` and `jobs` of the pipeline it is in.
    """
    kind = str(step["type"])
    ports = Ports(body)
    inputs = {name: ports.input(value) for name, value in step.get("inputs", {}).items()}
    outputs = {name: ports.output(value) for name, value in step.get("outputs", {}).items()}
    shared = {key: step[key] for key in _SHARED[kind] if key in step and not _bound(step[key])}
    moved = {key: step[key] for key in _MOVED[kind] if key in step}
    component = {"type": kind, "is_deterministic": True, **moved, **shared, "inputs": inputs, "outputs": outputs}
    return component, {key: value for key, value in step.items() if key not in _MOVED[kind]}


def trial_ports(step: JsonObject, trial: JsonObject, body: JsonObject) -> JsonObject:
    """A trial written in place; ports that it does not declare are told from the step and its search space."""
    ports = Ports(body)
    given: JsonObject = {}
    if "inputs" not in trial:
        searched = {name: {"type": range_type(each)} for name, each in (step.get("search_space") or {}).items()}
        given["inputs"] = {name: ports.input(each) for name, each in step.get("inputs", {}).items()} | searched
    if "outputs" not in trial:
        given["outputs"] = {name: ports.output(each) for name, each in step.get("outputs", {}).items()}
    return {"type": "command", "is_deterministic": True, **trial, **given}


def _bound(value: object) -> bool:
    """Whether a value is filled in by the pipeline or by the step: a component cannot hold it."""
    if isinstance(value, dict):
        return any(_bound(inner) for key, inner in value.items() if key not in {"program_arguments", "append_row_to"})
    return isinstance(value, str) and "${{parent." in value


def range_type(each: Any) -> str:  # Any: a range of a search space
    """The type of the values of a range."""
    values = each.get("values") if isinstance(each, dict) else None
    kind = str(each.get("type", "")).replace("_", "").lower() if isinstance(each, dict) else ""
    if kind == "choice" and values:
        return _type_of(values[0])
    return "integer" if kind == "randint" else "number"


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"


class Ports:
    """Tells the declaration of a port from what it is bound to.

    Args:
        body: `inputs`, `outputs` and `jobs` of the pipeline.
    """

    def __init__(self, body: JsonObject) -> None:
        self._body = body

    def input(self, value: Any) -> JsonObject:  # Any: a step's input
        """The declared input for a value, a path or a binding."""
        if isinstance(value, dict):
            kept = {key: value[key] for key in ("mode", "description") if value.get(key)}
            return {"type": value.get("type") or "uri_folder", **kept}
        parts = _one_binding(value)
        if parts is not None:
            return self._bound_input(parts)
        if isinstance(value, str) and "${{" in value:
            return {"type": "string"}
        return {"type": _type_of(value), "default": literal_text(value)}

    def output(self, value: Any) -> JsonObject:  # Any: a step's output
        """The declared output for what a step's output is set to."""
        given = value if isinstance(value, dict) else {"path": value} if isinstance(value, str) else {}
        parts = _one_binding(given.get("path"))
        if parts is not None and parts[:2] == ("parent", "outputs"):
            promoted = self._body.get("outputs", {}).get(".".join(parts[2:])) or {}
            return {"type": given.get("type") or promoted.get("type") or "uri_folder", **_mode(given or promoted),
                    **_mode(promoted)}  # fmt: skip
        return {"type": given.get("type") or "uri_folder", **_mode(given)}

    def _bound_input(self, parts: tuple[str, ...]) -> JsonObject:
        if parts[:2] == ("parent", "inputs"):
            return self._parent_input(".".join(parts[2:]))
        if parts[:2] == ("parent", "jobs") and len(parts) == 5:
            return {"type": self._step_port(parts[2], parts[3], parts[4])}
        return {"type": "uri_folder"}

    def _parent_input(self, name: str) -> JsonObject:
        found = self._body.get("inputs", {}).get(name)
        if not isinstance(found, dict):
            return {"type": "string" if found is None else _type_of(found)}
        if "value" in found and found.get("type") in {None, "literal"}:
            return {"type": _type_of(found["value"])}
        return {"type": found.get("type") or "uri_folder", **_mode(found)}

    def _step_port(self, step_name: str, side: str, name: str) -> str:
        step = self._body.get("jobs", {}).get(step_name) or {}
        document = step.get("component") or step.get("trial")
        declared = document.get(side, {}).get(name) if isinstance(document, dict) else None
        if isinstance(declared, str):
            return declared
        if isinstance(declared, dict) and declared.get("type"):
            return str(declared["type"])
        if str(step.get("type")) == "automl":
            return "mltable"
        given = step.get(side, {}).get(name)
        described = self.output(given) if side == "outputs" else self.input(given) if given is not None else {}
        return str(described.get("type") or "uri_folder")


def _mode(value: JsonObject) -> JsonObject:
    return {"mode": value["mode"]} if value.get("mode") else {}


def _one_binding(value: object) -> tuple[str, ...] | None:
    """The parts of a text that is one expression and nothing else."""
    if not isinstance(value, str):
        return None
    found = expressions.find(value)
    whole = len(found) == 1 and found[0].end - found[0].start == len(value.strip())
    return found[0].parts if whole else None
