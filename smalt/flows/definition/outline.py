"""What an editor draws of a flow: its inputs, outputs, nodes and edges, and what is wrong with them.

The files are read as text; nothing of a flow is imported or run. What does not parse is a problem, not a failure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Literal

from smalt.errors import SmaltError
from smalt.flows import definition
from smalt.flows.definition import FILES, FlowDefinition, NodeDefinition, graph
from smalt.flows.definition.references import Source
from smalt.flows.definition.types import InputDefinition, OutputDefinition
from smalt.kit import yaml

# What readers of a definition meet in a document of another shape than they expect.
_MALFORMED = (TypeError, ValueError, AttributeError, LookupError)
_FRONT_MATTER = re.compile(r"-{3,}\n(.*)-{3,}\n", re.DOTALL)
_MOST_NODES = 1000
_MOST_PROBLEMS = 50
_TYPES = {"int": "int", "float": "double", "bool": "bool", "str": "string", "list": "list", "dict": "object"}

Kind = Literal["dag", "flex", "prompty"]
Document = dict[str, Any]  # Any: YAML


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where.

    Args:
        code: The class of the failure, e.g. `NodeReferenceNotFound`.
        path: The file.
        line: Counted from 1, if it is known.
        node: The node, if it is about one.
    """

    code: str
    message: str
    path: str
    line: int | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A value goes from the flow's `inputs` or a node into an input of a node, or to the flow's `outputs`."""

    source: str
    target: str
    input: str


@dataclass(slots=True)
class Outline:
    """A flow as it is drawn.

    Attributes:
        entry_file: The file of the flow; empty where there is none.
        variants: The default and the names of the variants, of nodes that have some.
        editable: Whether nodes and edges can be changed one by one.
    """

    kind: Kind = "dag"
    entry_file: str = ""
    inputs: dict[str, InputDefinition] = field(default_factory=dict)
    outputs: dict[str, OutputDefinition] = field(default_factory=dict)
    nodes: list[NodeDefinition] = field(default_factory=list)
    variants: dict[str, tuple[str | None, list[str]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    editable: bool = False

    @property
    def type(self) -> Literal["standard", "chat", "evaluation"]:
        """What it is for: it has a turn of a chat among its inputs, nodes over all lines, or neither."""
        if any(item.is_chat_input for item in self.inputs.values()):
            return "chat"
        return "evaluation" if any(node.aggregation for node in self.nodes) else "standard"

    @property
    def edges(self) -> list[Edge]:
        """Where values go."""
        return [edge for node in self.nodes for edge in _edges_to(node)] + [
            Edge(source, "outputs", name)
            for name, output in self.outputs.items()
            if (source := _source_of(output.reference)) is not None
        ]


def outline(paths: Sequence[str], text: Callable[[str], str | None], entry_file: str | None = None) -> Outline:
    """Read a flow.

    Args:
        paths: All files of its folder.
        text: Gives the text of one; None where it is too long to be read.
        entry_file: The file of the flow, where it is not found by its name.
    """
    name, problem = (entry_file, None) if entry_file is not None else find_entry(paths)
    if name is None:
        return Outline(problems=[Problem("FlowFileNotFound", problem or "", "")])
    content = text(name)
    if content is None:
        told = f"{name} is too long to be drawn. Move what it holds into files of its own."
        return Outline(entry_file=name, problems=[Problem("FlowFileTooLong", told, name)])
    if name.endswith(".prompty"):
        return _prompty(name, content)
    try:
        located = yaml.load_with_lines(content.removeprefix("\ufeff"), name)
    except yaml.YamlError as error:
        kind: Kind = "flex" if "flex" in name else "dag"
        return Outline(kind, name, problems=[Problem("InvalidYaml", str(error), name, error.line)])
    if not isinstance(located.value, dict):
        told = f"{name} holds no mapping. Write 'inputs', 'outputs' and 'nodes', or 'entry'."
        return Outline(entry_file=name, problems=[Problem("FlowDefinitionError", told, name, 1)])
    if "entry" in located.value:
        return _flex(name, located, text)
    return _Dag(name, located, frozenset(paths)).read()


def find_entry(paths: Sequence[str]) -> tuple[str | None, str | None]:
    """The file of a flow among the files of its folder; without one, what to do."""
    found = [name for name in FILES if name in paths]
    prompties = [path for path in paths if path.endswith(".prompty") and "/" not in path]
    names = found or prompties
    if len(names) == 1:
        return names[0], None
    if names:
        return None, f"There are {' and '.join(sorted(names))} in the folder of the flow. Leave one of them."
    return None, "There is no flow.dag.yaml, flow.flex.yaml or .prompty in the folder of the flow. Add one."


class _Dag:
    """Reads a `flow.dag.yaml`, part by part, so that one mistake hides nothing else."""

    def __init__(self, name: str, located: yaml.Located, paths: frozenset[str]) -> None:
        self._name = name
        self._located = located
        self._document: Document = located.value
        self._paths = paths
        self._lines: dict[str, int] = {}
        self._outline = Outline("dag", name)

    def read(self) -> Outline:
        """The outline."""
        found = self._outline
        for key, item in self._items("inputs"):
            found.inputs |= self._part(("inputs", key), partial(definition.read_inputs, {key: item})) or {}
        for key, item in self._items("outputs"):
            output = self._part(("outputs", key), partial(definition.read_output, key, item))
            if output is not None:
                found.outputs[key] = output
        self._read_nodes()
        whole = FlowDefinition(found.entry_file, found.inputs, found.outputs, found.nodes)
        for node, fault in islice(graph.faults(whole), _MOST_PROBLEMS):
            self._add(fault, self._lines.get(node, 1), node)
        for output_name, fault in islice(graph.output_faults(whole), _MOST_PROBLEMS):
            self._add(fault, self._line(("outputs", output_name)))
        del found.problems[_MOST_PROBLEMS:]
        return found

    def _read_nodes(self) -> None:
        nodes = self._document.get("nodes")
        if not isinstance(nodes, list):
            told = "The flow has no 'nodes'. Write the list of nodes, or 'entry: module:function'."
            self._problem("FlowDefinitionError", told, self._line(("nodes",)))
            return
        if len(nodes) > _MOST_NODES:
            told = f"The flow has {len(nodes)} nodes, and {_MOST_NODES} at most are drawn. Part it into several flows."
            self._problem("TooManyNodes", told, self._line(("nodes",)))
            return
        self._outline.editable = True
        for index, item in enumerate(nodes):
            node = self._part(("nodes", index), partial(definition.read_node, item, self._document))
            if node is None:
                continue
            self._outline.nodes.append(node)
            self._lines.setdefault(node.name, self._line(("nodes", index)))
            self._read_variants(node.name)
            self._look_for_source(node)

    def _read_variants(self, node: str) -> None:
        section = self._document.get("node_variants")
        own = section.get(node) if isinstance(section, dict) else None
        if isinstance(own, dict) and isinstance(own.get("variants"), dict):
            default = own.get("default_variant_id")
            self._outline.variants[node] = (None if default is None else str(default), list(own["variants"]))

    def _look_for_source(self, node: NodeDefinition) -> None:
        path = node.source.path if node.source is not None else None
        if not path or self._brings_files():
            return
        if not isinstance(path, str) or path.removeprefix("./") not in self._paths:
            told = f"The source {str(path)[:200]!r} of node {node.name!r} is not among the flow's files. Add it."
            self._problem("SourceNotFound", told, self._lines[node.name], node.name)

    def _brings_files(self) -> bool:
        return bool(self._document.get("additional_includes"))

    def _items(self, key: str) -> Iterator[tuple[str, Any]]:  # Any: YAML
        section = self._document.get(key)
        if section is not None and not isinstance(section, Mapping):
            told = f"{key!r} of the flow is a {type(section).__name__}. Write a mapping of names."
            self._problem("FlowDefinitionError", told, self._line((key,)))
        elif section:
            yield from section.items()

    def _part(self, path: tuple[str | int, ...], read: Callable[[], Any]) -> Any:  # Any: a part of a definition
        try:
            return read()
        except SmaltError as error:
            self._add(error, self._line(path))
        except _MALFORMED as error:
            where = ".".join(str(word) for word in path)
            told = f"{where} of the flow cannot be read ({type(error).__name__}: {error}). Write it as other flows do."
            self._problem("FlowDefinitionError", told, self._line(path))
        return None

    def _line(self, path: tuple[str | int, ...]) -> int:
        return self._located.at(path).line

    def _add(self, error: SmaltError, line: int, node: str | None = None) -> None:
        self._problem(type(error).__name__, error.message, line, node)

    def _problem(self, code: str, message: str, line: int, node: str | None = None) -> None:
        self._outline.problems.append(Problem(code, message, self._name, line, node))


def _edges_to(node: NodeDefinition) -> Iterator[Edge]:
    for name, reference in node.inputs.items():
        source = _source_of(reference)
        if source is not None:
            yield Edge(source, node.name, name)
    source = _source_of(node.activate.when) if node.activate is not None else None
    if source is not None:
        yield Edge(source, node.name, "activate")


def _source_of(reference: Any) -> str | None:  # Any: a `Reference`, or nothing for flows without nodes
    if reference is None or reference.source is Source.LITERAL:
        return None
    return "inputs" if reference.source is Source.INPUT else str(reference.value)


def _flex(name: str, located: yaml.Located, text: Callable[[str], str | None]) -> Outline:
    document: Document = located.value
    found = Outline("flex", name)
    module, _, entry = str(document.get("entry") or "").partition(":")
    path = module.replace(".", "/") + ".py"
    code = text(path) if module else None
    if code is None:
        told = (
            f"The entry {document.get('entry')!r} names a module that is not among the flow's files. Write module:name."
        )
        found.problems.append(Problem("PythonLoadError", told, name, located.at(("entry",)).line))
    else:
        found.inputs, problem = _signature(path, code, entry)
        found.problems += [problem] if problem is not None else []
    found.inputs |= _declared(document.get("inputs"), found.problems, name)
    outputs = document.get("outputs")
    for key, item in outputs.items() if isinstance(outputs, Mapping) else ():
        given = item if isinstance(item, Mapping) else {}
        found.outputs[str(key)] = OutputDefinition(
            str(given.get("type") or "string"), is_chat_output=bool(given.get("is_chat_output"))
        )
    if found.type == "chat" and len(found.outputs) <= 1:
        only = next(iter(found.outputs), "output")  # what it answers is the answer
        found.outputs = {only: OutputDefinition("string", is_chat_output=True)}
    return found


def _signature(path: str, code: str, entry: str) -> tuple[dict[str, InputDefinition], Problem | None]:
    """What an entry takes, by its text."""
    try:
        tree = ast.parse(code, filename=path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        return {}, Problem("PythonLoadError", f"{path} is no Python: {error}. Mend it.", path, line)
    body: Sequence[ast.stmt] = tree.body
    found: ast.stmt | None = None
    for word in entry.split("."):
        found = next((each for each in body if getattr(each, "name", None) == word), None)
        body = found.body if isinstance(found, ast.ClassDef) else ()
    if isinstance(found, ast.ClassDef):
        found = next((each for each in found.body if getattr(each, "name", None) == "__call__"), None)
    if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
        return {each.arg: InputDefinition(_type_of(each)) for each in found.args.args if each.arg != "self"}, None
    first = entry.split(".")[0]
    if first and ("import *" in code or re.search(rf"\b{re.escape(first)}\b", code)):
        return {}, None  # It is made in another way, or comes from elsewhere: only the engine can tell.
    return {}, Problem("PythonLoadError", f"{path} has no {entry!r}. Correct the entry, or add the function.", path)


def _type_of(argument: ast.arg) -> str:
    kind = argument.annotation
    return _TYPES.get(kind.id, "object") if isinstance(kind, ast.Name) else "string"


def _prompty(name: str, content: str) -> Outline:
    found = Outline("prompty", name)
    match = _FRONT_MATTER.search(content.removeprefix("\ufeff").replace("\r\n", "\n"))
    if match is None:
        told = f"{name} has no front matter. Put the settings in YAML between two lines of '---', and the prompt below."
        found.problems.append(Problem("UserErrorException", told, name, 1))
        return found
    try:
        document = yaml.load(match[1], source=name)
    except yaml.YamlError as error:
        found.problems.append(Problem("InvalidYaml", str(error), name, error.line + 1))
        return found
    section = document if isinstance(document, dict) else {}
    found.inputs = _declared(section.get("inputs"), found.problems, name)
    sample = section.get("sample")
    if not found.inputs and isinstance(sample, Mapping):
        found.inputs = {str(key): InputDefinition("string", value) for key, value in sample.items()}
    found.outputs = {"output": OutputDefinition("string", is_chat_output=found.type == "chat")}
    return found


def _declared(section: Any, problems: list[Problem], name: str) -> dict[str, InputDefinition]:  # Any: YAML
    if not isinstance(section, Mapping):
        return {}
    whole = {key: {"type": "object", **(item if isinstance(item, Mapping) else {})} for key, item in section.items()}
    try:
        return definition.read_inputs(whole)
    except (SmaltError, *_MALFORMED) as error:
        problems.append(Problem("FlowDefinitionError", f"The inputs cannot be read: {error}. Mend them.", name, 1))
        return {}
