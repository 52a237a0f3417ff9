"""What a tool takes, told from its signature."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Union

from smalt.flows.tracing.decorate import MARK

_SIMPLE: dict[Any, str] = {int: "int", float: "double", bool: "bool", str: "string", list: "list"}
_NAMED = {
    "Secret": "secret", "PromptTemplate": "prompt_template", "FilePath": "file_path", "Image": "image",
    "AssistantDefinition": "assistant_definition",
}  # fmt: skip
MODEL_CONFIGURATIONS = frozenset({"AzureOpenAIModelConfiguration", "OpenAIModelConfiguration"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of a tool.

    Attributes:
        types: Flow types, or class names of connections; of several, the first is what literals become.
        default: The default, if it has one.
        custom_types: Strong types that a custom connection is to become.
        choices: The values of an enumeration.
    """

    types: tuple[str, ...]
    default: Any = None  # Any: as the author wrote
    has_default: bool = False
    is_connection: bool = False
    custom_types: tuple[type, ...] = ()
    choices: tuple[str, ...] = ()
    annotation: Any = inspect.Parameter.empty  # Any: annotations are objects of many kinds


@dataclass(frozen=True, slots=True)
class Interface:
    """All inputs of a tool."""

    parameters: Mapping[str, Parameter]
    takes_more: bool
    prompt_parameter: str | None


def interface_of(function: Callable[..., Any], provider: type | None = None) -> Interface:
    """Read the signature of a function, and the parameters of its provider's constructor."""
    more = {} if provider is None else dict(inspect.signature(provider.__init__).parameters)  # type: ignore[misc]
    hints_of_more = {} if provider is None else _hints(provider.__init__)  # type: ignore[misc]  # of any class
    inner = getattr(function, MARK, function)
    signature = inspect.signature(inner)
    hints = _hints(inner)
    found: dict[str, Parameter] = {}
    for name, parameter in (more | dict(signature.parameters)).items():
        if name == "self" or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        known = hints if name in signature.parameters else hints_of_more
        annotation = known.get(name, parameter.annotation)
        found[name] = _parameter(annotation, parameter.default)
    prompt = next((name for name, item in found.items() if item.types == ("prompt_template",)), None)
    takes_more = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    return Interface(found, takes_more, prompt)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Annotations that were written as text, too. What cannot be told stays as it was written."""
    annotations = getattr(function, "__annotations__", None) or getattr(type(function).__call__, "__annotations__", {})
    if not any(isinstance(value, str) for value in annotations.values()):
        return dict(annotations)
    try:
        return typing.get_type_hints(function)
    except Exception:
        return dict(annotations)


def _parameter(annotation: Any, default: Any) -> Parameter:  # Any: annotations and defaults of authors
    given = default is not inspect.Parameter.empty
    value = default if given else None
    kinds = alternatives(annotation)
    if kinds == (inspect.Parameter.empty,) and given:
        kinds = (type(default),)
    first = kinds[0]
    if isinstance(first, type) and issubclass(first, enum.Enum):
        choices = tuple(str(option.value) for option in first)
        return Parameter(("string",), value, given, choices=choices, annotation=annotation)
    if all(is_connection_class(kind) for kind in kinds):
        strong = tuple(kind for kind in kinds if is_strong_type(kind))
        names = [("CustomConnection" if kind in strong else kind.__name__) for kind in kinds]
        return Parameter(tuple(dict.fromkeys(names)), value, given, True, strong, annotation=annotation)
    kind = type_name(first) if len(kinds) == 1 else "object"
    return Parameter((kind,), value, given, annotation=annotation)


def alternatives(annotation: Any) -> tuple[Any, ...]:  # Any: annotations are objects of many kinds
    """The members of a union without None; otherwise the annotation alone."""
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(kind for kind in typing.get_args(annotation) if kind is not type(None)) or (type(None),)
    return (annotation,)


def type_name(kind: Any) -> str:  # Any: annotations are objects of many kinds
    """The flow type of a Python type; `object` for what has none."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    name = getattr(kind, "__name__", "")
    if str(getattr(kind, "__module__", "")).startswith(("promptflow.", "smalt.flows")):
        return _NAMED.get(name, name if name in MODEL_CONFIGURATIONS else "object")
    return "object"


def is_connection_class(kind: Any) -> bool:  # Any: annotations are objects of many kinds
    """Whether a type is a kind of connection."""
    if not isinstance(kind, type):
        return False
    from smalt.flows.connections import Connection

    return issubclass(kind, Connection)


def is_strong_type(kind: Any) -> bool:  # Any: annotations are objects of many kinds
    """Whether a type is an author's own kind of connection."""
    if not isinstance(kind, type):
        return False
    from smalt.flows.connections import CustomStrongTypeConnection

    return issubclass(kind, CustomStrongTypeConnection)
