"""Types of inputs, and how what was given becomes a value of the type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from smalt.flows.errors import InputNotFound, InputParseError, InputTypeError

FLOW_TYPES = frozenset({"int", "double", "bool", "string", "list", "object", "image"})


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """An input of a flow. `type` is one of `FLOW_TYPES`, or the class name of a connection."""

    type: str
    default: Any = None  # Any: a value of the type
    description: str = ""
    enum: tuple[Any, ...] = ()  # Any: values of the type
    is_chat_input: bool = False
    is_chat_history: bool | None = None


def _bool(value: Any) -> bool:  # Any: whatever was given
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(f"{value!r} is neither true nor false")


def _list(value: Any) -> list[Any]:  # Any: whatever was given
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} is not a list")
    return value


def _object(value: Any) -> Any:  # Any: whatever was given
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _limit(value: Any) -> int | str:  # Any: whatever was given
    """A number, or `inf` for none."""
    return "inf" if str(value).lower() in {"inf", ".inf"} else int(value)


_MOST_NAMED = 5

_PARSERS: dict[str, Callable[[Any], Any]] = {
    "int": int, "double": float, "bool": _bool, "string": str, "list": _list, "object": _object, "limit": _limit,
}  # fmt: skip


def parse(kind: str, value: Any) -> Any:  # Any: whatever was given
    """The value as one of the type; unknown types take it as it is.

    Raises:
        ValueError: It is not one; a JSON error where it was read as JSON.
        TypeError: It is not one.
    """
    parser = _PARSERS.get(kind)
    return value if parser is None else parser(value)


def type_of(value: Any) -> str:  # Any: whatever was given
    """The flow type that a value has."""
    for kind, cls in (("bool", bool), ("int", int), ("double", float), ("string", str), ("list", list)):
        if isinstance(value, cls):
            return kind
    return "object"


def with_defaults(
    definitions: Mapping[str, InputDefinition], given: Mapping[str, Any]
) -> dict[str, Any]:  # Any: values
    """What was given, and the defaults of what was not."""
    values = dict(given)
    for name, definition in definitions.items():
        if name not in values and definition.default is not None:
            values[name] = definition.default
    return values


def convert(
    definitions: Mapping[str, InputDefinition], given: Mapping[str, Any], *, line: int | None = None
) -> dict[str, Any]:  # Any: values of flows
    """The inputs of a line, each of its type; what the flow does not know stays as it is.

    Raises:
        InputNotFound: An input was not given and has no default.
        InputTypeError: A value is not of its type.
        InputParseError: A value is not the JSON it should be.
    """
    values = dict(given)
    for name, definition in definitions.items():
        if name not in values:
            where = "in the input data" if line is None else f"in line {line} of the input data"
            others = [repr(other) for other in given if other not in definitions][:_MOST_NAMED]
            raise InputNotFound(
                f"The flow input {name!r} ({definition.type}) is not given {where}. "
                + (f"Given is {', '.join(others)}, which the flow does not take. " if others else "")
                + "Give it, give it a default, or remove it from the flow."
            )
        values[name] = _convert(name, definition.type, values[name], line)
    return values


def _convert(name: str, kind: str, value: Any, line: int | None) -> Any:  # Any: values of flows
    try:
        return parse(kind, value)
    except json.JSONDecodeError as error:
        raise InputParseError(
            f"The value for flow input {_place(name, line)} is not JSON, as the type '{kind}' asks for: "
            f"{_shown(value)}. ({type(error).__name__}) {error}. Correct the value, or the type of the input."
        ) from error
    except Exception as error:
        raise InputTypeError(
            f"The value for flow input {_place(name, line)} does not match the expected type '{kind}': "
            f"{_shown(value)}. Change the flow input's type or the value in your input data."
        ) from error


def _place(name: str, line: int | None) -> str:
    return f"{name!r}" if line is None else f"{name!r} in line {line} of the input data"


def _shown(value: Any, limit: int = 200) -> str:  # Any: whatever was given
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."


@dataclass(slots=True)
class OutputDefinition:
    """An output of a flow."""

    type: str = "string"
    description: str = ""
    is_chat_output: bool = False
    evaluation_only: bool = False
    reference: Any = None  # Any: a `Reference`, or nothing for flows without nodes
    fields: Mapping[str, Any] = field(default_factory=dict)  # Any: what else the file says
