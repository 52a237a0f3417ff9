"""References: `${inputs.x}`, `${node.output.a.b[0]['key']}`, and how they are followed.

A value refers to something only if the whole text is `${...}`; inside longer text it is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from smalt.flows.errors import InvalidReferenceProperty, UnsupportedReference


class Source(Enum):
    """Where a value comes from."""

    LITERAL = "literal"
    INPUT = "input"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Reference:
    """A literal, a flow input, or (a part of) the output of a node.

    Attributes:
        source: Where the value comes from.
        value: The literal, or the name of the input or node.
        section: Of a node, `output`.
        path: The part of the output, as written: `a.b[0]`.
    """

    source: Source
    value: Any  # Any: a literal of a YAML file
    section: str = ""
    path: str = ""

    def __str__(self) -> str:
        if self.source is Source.INPUT:
            return f"${{inputs.{self.value}}}"
        if self.source is Source.NODE:
            return f"${{{self.value}.{self.section}{'.' if self.path else ''}{self.path}}}"
        return str(self.value)


def parse(value: Any) -> Reference:  # Any: a value of a YAML file
    """What a value of a flow file means."""
    if not (isinstance(value, str) and len(value) > 3 and value.startswith("${") and value.endswith("}")):
        return Reference(Source.LITERAL, value)
    text = value[2:-1]
    for prefix in ("flow.", "inputs."):
        if text.startswith(prefix):
            return Reference(Source.INPUT, text.removeprefix(prefix))
    node, _, rest = text.partition(".")
    section, _, path = rest.partition(".")
    if "[" in section:  # ${node.output[0].key}: an index stands right behind the section
        section, bracket, index = section.partition("[")
        path = bracket + index + ("." + path if path else "")
    return Reference(Source.NODE, node, section or "output", path)


_PART = re.compile(r"(\w+)|(\['.*?'\]|\[\".*?\"\])|(\[\d+\])")


def steps(path: str) -> tuple[str | int, ...]:
    """The steps of a path: names as text, places in lists as numbers; keys in quotes are kept in brackets."""
    found: list[str | int] = []
    for word, key, index in _PART.findall(path):
        found.append(word or (int(index[1:-1]) if index else f"[{key[2:-2]}"))
    return tuple(found)


def getter(reference: Reference) -> Callable[[Any], Any] | None:
    """A function from a node's output to the part that is meant; None where the whole is.

    Raises:
        UnsupportedReference: It looks at something other than the output of a node.
    """
    if reference.section != "output":
        raise UnsupportedReference(
            f"The reference {str(reference)!r} looks at the section {reference.section!r} of a node. "
            f"A node has only 'output': write ${{{reference.value}.output}}."
        )
    if not reference.path:
        return None
    parts = steps(reference.path)

    def follow(value: Any) -> Any:  # Any: outputs of tools
        try:
            for part in parts:
                value = _step(value, part)
        except (KeyError, IndexError, AttributeError, TypeError) as error:
            raise InvalidReferenceProperty(
                f"The output of node {reference.value!r} has no {reference.path!r}: "
                f"({type(error).__name__}) {error}. Correct the reference {str(reference)!r}."
            ) from error
        return value

    return follow


def _step(value: Any, part: str | int) -> Any:  # Any: outputs of tools
    if isinstance(part, int):
        return value[part]
    if part.startswith("["):
        return value[part[1:]]
    return value[part] if isinstance(value, dict) else getattr(value, part)


def resolve(reference: Reference, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:  # Any: values of flows
    """The value of a reference, given the inputs of the line and the outputs of its nodes."""
    if reference.source is Source.LITERAL:
        return reference.value
    if reference.source is Source.INPUT:
        return inputs[reference.value]
    value = outputs[reference.value]
    follow = getter(reference)
    return value if follow is None else follow(value)
