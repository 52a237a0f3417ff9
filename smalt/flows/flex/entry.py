"""The entry of a flow that is code: found, and read for what it takes and gives."""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalt.errors import NotFound
from smalt.flows.definition import read_inputs, types
from smalt.flows.definition.types import InputDefinition, OutputDefinition
from smalt.flows.errors import (
    ConnectionNotFoundError,
    FlowEntryInitializationError,
    GenerateFlowMetaJsonError,
    InvalidAggregationFunction,
    PythonLoadError,
)
from smalt.flows.flex.referred import load_sample, resolved
from smalt.flows.llm import models
from smalt.flows.loading.modules import Namespace
from smalt.flows.tools.interface import Interface, alternatives, interface_of, type_name
from smalt.flows.tracing.decorate import original

if TYPE_CHECKING:
    from smalt.flows.connections import ConnectionProvider

Provider = Callable[[], "ConnectionProvider"]
_TYPES = {"int", "double", "bool", "string", "list", "object"}


def load_entry(namespace: Namespace, module: str, name: str, entry: str) -> Any:
    """The function, class or object that an entry names.

    Raises:
        PythonLoadError: Its module cannot be loaded, or has nothing callable of that name.
    """
    try:
        loaded = namespace.module(module)
    except Exception as error:
        raise PythonLoadError(
            f"Failed to load python module '{module}' from entry '{entry}': ({type(error).__name__}) {error}. "
            "Correct the entry or the file, or install what it imports."
        ) from error
    found = getattr(loaded, name, None)
    if found is None or not callable(found):
        raise PythonLoadError(
            f"Failed to collect flow entry '{entry}' in module '{module}': there is no function or class {name!r}. "
            "Correct the entry."
        )
    return found


def checked_interface(found: Any, call: Callable[..., Any], name: str, *, is_checked: bool) -> Interface:
    """What a call takes.

    Args:
        found: The entry.
        call: What is called of it.
        name: For messages.
        is_checked: Refuse types that JSON cannot hold.

    Raises:
        GenerateFlowMetaJsonError: The signature cannot be read, or has such a type.
    """
    try:
        interface = interface_of(call)
    except (TypeError, ValueError) as error:
        raise GenerateFlowMetaJsonError(f"The signature of '{name}' cannot be read: {error}. Give it one.") from error
    if is_checked:
        _check_types(interface, name, allowed=())
        if inspect.isclass(found):
            _check_types(interface_of(found.__init__), name, allowed=tuple(models.CLASSES.values()))
        _check_answer(call, name)
    return interface


def _check_types(interface: Interface, name: str, *, allowed: tuple[type, ...]) -> None:
    """A flow is fed from files and over HTTP: types that JSON cannot hold are refused before it runs."""
    for key, parameter in interface.parameters.items():
        kinds = alternatives(parameter.annotation)
        if parameter.types == ("object",) and any(kind not in (dict, inspect.Parameter.empty) for kind in kinds):
            if all(kind in allowed for kind in kinds):
                continue
            raise GenerateFlowMetaJsonError(
                f"Parse interface for '{name}' failed: the input '{key}' is of a complex python type, "
                f"{parameter.annotation!r}. Use str, int, float, bool, list or dict."
            )


def _check_answer(call: Callable[..., Any], name: str) -> None:
    annotation = _answer_of(call)
    fields_of = _fields_of(annotation)
    if fields_of is None:
        if annotation not in (str, inspect.Signature.empty):
            raise GenerateFlowMetaJsonError(
                f"Parse interface for '{name}' failed: The return annotation of the entry function must be dataclass, "
                f"TypedDict or string, but got {annotation}. Change the annotation, or take it away."
            )
        return
    for key, kind in fields_of.items():
        if type_name(kind) == "object" and any(item is not dict for item in alternatives(kind)):
            raise GenerateFlowMetaJsonError(
                f"Parse interface for '{name}' failed: the output '{key}' is of a complex python type, {kind!r}. "
                "Use str, int, float, bool, list or dict."
            )


def _fields_of(annotation: Any) -> dict[str, Any] | None:
    """The fields of a dataclass or a TypedDict."""
    if is_dataclass(annotation) and isinstance(annotation, type):
        return {field.name: field.type for field in fields(annotation)}
    if isinstance(annotation, type) and issubclass(annotation, dict) and hasattr(annotation, "__annotations__"):
        return dict(annotation.__annotations__)
    return None


def _answer_of(call: Callable[..., Any]) -> Any:
    function = original(call)
    try:
        return typing.get_type_hints(function).get("return", inspect.Signature.empty)
    except Exception:
        return inspect.Signature.empty


def outputs_of(call: Callable[..., Any]) -> dict[str, OutputDefinition]:
    """What a call gives, by its annotation."""
    annotation = _answer_of(call)
    fields_of = _fields_of(annotation)
    if fields_of is None:
        return {"output": OutputDefinition(_type_name(annotation))}
    return {name: OutputDefinition(_type_name(kind)) for name, kind in fields_of.items()}


def _type_name(annotation: Any) -> str:
    kind = type_name(annotation)
    return kind if kind in _TYPES else "object"


def merged_inputs(declared: Any, interface: Interface) -> dict[str, InputDefinition]:
    """What the file says about inputs, and for the rest what the signature says."""
    written = declared if isinstance(declared, Mapping) else {}
    from_file = read_inputs({name: _with_type(item) for name, item in written.items()})
    found: dict[str, InputDefinition] = {}
    for name, parameter in interface.parameters.items():
        kind = parameter.types[0]
        found[name] = InputDefinition(kind, parameter.default if parameter.has_default else None)
        if name in from_file:
            default = from_file[name].default
            found[name] = (
                from_file[name] if default not in (None, "") else replace(from_file[name], default=found[name].default)
            )
    return found | {name: item for name, item in from_file.items() if name not in found}


def _with_type(item: Any) -> dict[str, Any]:
    return {"type": "object", **item} if isinstance(item, Mapping) else {"type": "object"}


def declared_outputs(document: Mapping[str, Any]) -> dict[str, OutputDefinition]:
    """What the file says about outputs."""
    section = document.get("outputs")
    if not isinstance(section, Mapping):
        return {}
    found = {}
    for name, item in section.items():
        item = item if isinstance(item, Mapping) else {}
        kind = item.get("type", "string")
        found[str(name)] = OutputDefinition(
            str(kind[0] if isinstance(kind, list) else kind),
            str(item.get("description") or ""),
            bool(item.get("is_chat_output", False)),
        )
    return found


def sample_of(sample: Any, folder: Path) -> dict[str, Any]:
    """The sample of a flow, with what it names by file or variable read in."""
    sample = resolved(dict(sample or {}), folder)
    return {key: load_sample(value, folder) if key == "inputs" else value for key, value in sample.items()}


def parameters_of(entry: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a callable; none where they cannot be told."""
    with contextlib.suppress(TypeError, ValueError):
        return inspect.signature(entry).parameters
    return {}


def names_of(entry: Callable[..., Any]) -> frozenset[str] | None:
    """The names of what a call takes; None where it takes any."""
    parameters = parameters_of(entry)
    if any(item.kind is item.VAR_KEYWORD for item in parameters.values()):
        return None
    return frozenset(name for name in parameters if name != "self")


def instantiated(
    kind: type, definitions: Mapping[str, InputDefinition], init: Mapping[str, Any], connections: Provider
) -> Any:
    """The object that lines are calls of."""
    try:
        arguments = _arguments(kind, definitions, init, connections)
        return kind(**arguments)
    except NotFound as error:
        raise ConnectionNotFoundError(error.message) from error
    except Exception as error:
        raise FlowEntryInitializationError(
            f"Failed to initialize flow entry '{kind.__name__}' with {sorted(init)}: ({type(error).__name__}) {error}. "
            "Correct the class, or what 'init' gives it."
        ) from error


def _arguments(
    kind: type, definitions: Mapping[str, InputDefinition], init: Mapping[str, Any], connections: Provider
) -> dict[str, Any]:
    declared = {name: item.default for name, item in definitions.items() if item.default not in (None, "")}
    arguments = declared | dict(init)
    for name, parameter in interface_of(kind.__init__).parameters.items():  # type: ignore[misc]  # of any class
        if name not in arguments:
            continue
        wanted = parameter.types[0]
        if parameter.is_connection and isinstance(arguments[name], str):
            arguments[name] = connections().get(arguments[name])
        elif wanted in models.CLASSES:
            arguments[name] = models.completed(arguments[name], wanted, connections)
        elif wanted in _TYPES and wanted != "string" and isinstance(arguments[name], str):
            arguments[name] = types.convert({name: InputDefinition(wanted)}, {name: arguments[name]})[name]
    return arguments


def aggregate_of(made: Any) -> Callable[..., Any] | None:
    """What is called with the outputs of all lines, if there is such a method.

    Raises:
        InvalidAggregationFunction: It takes something else.
    """
    function = getattr(made, "__aggregate__", None)
    if function is None:
        return None
    if len(parameters_of(function)) != 1:
        raise InvalidAggregationFunction(
            "The __aggregate__ method should have only one parameter: the list of the lines' outputs."
        )
    return function  # type: ignore[no-any-return]  # an attribute of the author's class
