"""Assistants: their definition files, and the functions that they call."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smalt.flows.definition import NodeDefinition, ToolSource
from smalt.flows.definition.references import Reference, Source, parse
from smalt.flows.errors import InvalidAssistantTool, InvalidSource
from smalt.flows.tools.interface import Interface
from smalt.flows.tools.types import AssistantDefinition
from smalt.flows.tracing.decorate import trace
from smalt.kit import yaml

if TYPE_CHECKING:
    from smalt.flows.dag.nodes import Resolver

_JSON_TYPES = {
    "int": "number", "double": "number", "bool": "boolean", "string": "string", "list": "array", "object": "object",
}  # fmt: skip
_FIELDS = re.compile(r"^[ \t]*:(?:param|type|return|rtype|raises)", re.MULTILINE)
_PARAMETER = re.compile(r"^\s*:param\s+(?:\S+\s+)??(\w+)\s*:\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class AssistantTool:
    """A tool of an assistant: as the API takes it, and the function, unless it is the service's own."""

    name: str
    openai_definition: Any
    func: Callable[..., Any] | None = None


class AssistantToolInvoker:
    """The functions of an assistant, by name."""

    def __init__(self, tools: Mapping[str, AssistantTool]) -> None:
        self._assistant_tools = tools

    def invoke_tool(self, func_name: str, kwargs: Mapping[str, Any]) -> Any:
        """Call a function."""
        function = self._assistant_tools[func_name].func
        if function is None:
            raise InvalidAssistantTool(f"The tool {func_name!r} is the service's own and cannot be called here.")
        return function(**kwargs)

    def to_openai_tools(self) -> list[Any]:
        """The tools as the assistants API takes them."""
        return [tool.openai_definition for tool in self._assistant_tools.values()]


def load_definition(resolver: Resolver, node: str, name: str, value: Any) -> AssistantDefinition:
    """The assistant in a definition file, with its functions loaded.

    Raises:
        InvalidSource: The file does not exist.
        InvalidAssistantTool: A tool of it is of a kind nobody knows.
    """
    path = resolver.folder / str(value)
    if not value or not path.is_file():
        raise InvalidSource(f"Input '{name}' for node '{node}' of value '{value}' is not a valid path. Add the file.")
    document = yaml.load(path.read_text(encoding="utf-8"), source=str(path)) or {}
    definition = AssistantDefinition.deserialize(document)
    tools: dict[str, AssistantTool] = {}
    for item in definition.tools:
        kind = item.get("type")
        if kind in ("code_interpreter", "retrieval", "file_search"):
            tools[kind] = AssistantTool(kind, item)
        elif kind == "function":
            tool = _function(resolver, node, item)
            tools[tool.name] = tool
        else:
            raise InvalidAssistantTool(
                f"Unsupported assistant tool's type in node {node}: {kind!r}. "
                "Write 'code_interpreter', 'retrieval' or 'function'."
            )
    definition._tool_invoker = AssistantToolInvoker(tools)
    return definition


def _function(resolver: Resolver, node: str, item: Mapping[str, Any]) -> AssistantTool:
    source = item.get("source")
    if item.get("tool_type") != "python" or not isinstance(source, Mapping):
        raise InvalidAssistantTool(
            f"A function of the assistant in node '{node}' has no 'tool_type: python' or no 'source'. Write both."
        )
    kind = str(source.get("type") or "code")
    if kind not in ("code", "package"):
        raise InvalidAssistantTool(
            f"Tool source type '{kind}' is not supported in assistant node '{node}'. Write 'code' or 'package'."
        )
    predefined = {name: parse(value) for name, value in (item.get("predefined_inputs") or {}).items()}
    made = resolver.resolve_named(_as_node(node, kind, source, predefined))
    function = made.call
    bound = {name: value for name, value in made.fixed.items() if name in predefined}
    assert made.interface is not None
    described = _described(function, made.interface, set(predefined))
    callable_ = trace(function)
    name = described["function"]["name"]
    return AssistantTool(name, described, functools.partial(callable_, **bound) if bound else callable_)


def _as_node(node: str, kind: str, source: Mapping[str, Any], predefined: Mapping[str, Reference]) -> NodeDefinition:
    literal = {name: item for name, item in predefined.items() if item.source is Source.LITERAL}
    return NodeDefinition(
        name=node, type="python", source=ToolSource(kind, source.get("path"), source.get("tool")), inputs=literal
    )


def _described(function: Callable[..., Any], interface: Interface, predefined: set[str]) -> dict[str, Any]:
    description, parameters = docstring_of(function)
    shown = {name: item for name, item in interface.parameters.items() if name not in predefined}
    properties: dict[str, Any] = {}
    for name, item in shown.items():
        properties[name] = {
            "type": _JSON_TYPES.get(item.types[0], "object"),
            "description": parameters.get(name, ""),
        }
        if item.choices:
            properties[name]["enum"] = list(item.choices)
    required = [name for name, item in shown.items() if not item.has_default or item.default is None]
    schema = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "function": {"name": function.__name__, "description": description, "parameters": schema},
    }


def docstring_of(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """What a docstring says of a function, and of each parameter: the styles of Sphinx and Google."""
    text = inspect.getdoc(function) or ""
    parameters = {name: words.strip() for name, words in _PARAMETER.findall(text)}
    head, _, arguments = text.partition("\nArgs:\n")
    for line in arguments.splitlines():
        match = re.match(r"^\s+(\w+)\s*(?:\([^)]*\))?:\s*(.*)$", line)
        if match is None:
            break
        parameters.setdefault(match[1], match[2].strip())
    return _description(_FIELDS.split(head, maxsplit=1)[0]), parameters


def _description(head: str) -> str:
    """The first line, and what follows; a blank line between them stays, as models were always told it."""
    first, _, rest = head.partition("\n")
    parts = [first, "" if rest.startswith("\n") else None, rest.strip() or None]
    return "\n".join(part for part in parts if part is not None)
