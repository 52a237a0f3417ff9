"""What an experiment file (`*.exp.yaml`) says: its data, its inputs, and its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from smalt.flows.definition import types
from smalt.flows.experiments.errors import (
    ExperimentValidationError,
    MultipleExperimentTemplateError,
    NoExperimentTemplateError,
)
from smalt.kit import yaml

_TYPES = ("int", "string", "double", "list", "object", "bool")
_CLOUD = frozenset({"runtime", "resources", "identity", "$schema", "properties"})

Document = dict[str, Any]  # Any: YAML
T = TypeVar("T")


@dataclass
class Data:
    """A file or folder of rows, named by `${data.NAME.COLUMN}`."""

    name: str
    path: str


@dataclass
class Input:
    """A value that nodes take by `${inputs.NAME}`."""

    name: str
    type: str
    default: Any = None  # Any: a value of the type

    def value(self, given: Any) -> Any:  # Any: as above
        """What was given, as a value of the type.

        Raises:
            ExperimentValidationError: It is none.
        """
        try:
            return types.parse(self.type, given)
        except (ValueError, TypeError) as error:
            raise ExperimentValidationError(f"Input {self.name!r} is no {self.type}: {error}. Correct it.") from None


@dataclass
class FlowNode:
    """A flow over lines."""

    name: str
    path: str
    type: str = "flow"
    inputs: Document = field(default_factory=dict)
    variant: str | None = None
    environment_variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Document] = field(default_factory=dict)
    init: Document = field(default_factory=dict)
    display_name: str | None = None
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class CommandNode:
    """A command of the shell, in a folder of files."""

    name: str
    command: str
    type: str = "command"
    code: str | None = None
    inputs: Document = field(default_factory=dict)
    outputs: dict[str, str | None] = field(default_factory=dict)
    environment_variables: dict[str, str] = field(default_factory=dict)
    display_name: str | None = None


@dataclass
class ChatGroupNode:
    """Flows that talk with one another, once for each line."""

    name: str
    roles: list[Document]
    type: str = "chat_group"
    max_turns: int | None = None
    max_tokens: int | None = None
    max_time: int | None = None
    stop_signal: str | None = None
    code: str | None = None
    display_name: str | None = None

    @property
    def inputs(self) -> Document:
        """What its roles take, by `<role>__<input>`."""
        return {
            f"{role['role']}__{key}": value for role in self.roles for key, value in (role.get("inputs") or {}).items()
        }


Node = FlowNode | CommandNode | ChatGroupNode
_KINDS: dict[str, type[Node]] = {"flow": FlowNode, "command": CommandNode, "chat_group": ChatGroupNode}


@dataclass
class Template:
    """An experiment as it is written. Paths are absolute."""

    nodes: list[Node]
    data: list[Data] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    description: str | None = None
    source: Path | None = None

    @property
    def folder_name(self) -> str:
        """What it is called by default: the folder it stands in."""
        return self.source.resolve().parent.name if self.source is not None else "experiment"

    def node(self, name: str) -> Node:
        """The node of a name.

        Raises:
            ExperimentValidationError: There is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise ExperimentValidationError(f"The experiment has no node {name!r}. Its nodes are {known}.")


def read(source: str | Path) -> Template:
    """Read a template: a file, or the only `*.exp.yaml` of a folder.

    Raises:
        NoExperimentTemplateError: There is none.
        MultipleExperimentTemplateError: The folder has several.
        ExperimentValidationError: It does not say what an experiment must.
    """
    file = _found(Path(source))
    try:
        document = yaml.load(file.read_text(encoding="utf-8-sig"), source=str(file))
    except yaml.YamlError as error:
        raise ExperimentValidationError(str(error)) from error
    if not isinstance(document, dict):
        raise ExperimentValidationError(f"{file} is no experiment: it holds no mapping. Write 'data' and 'nodes'.")
    return of_document(document, file.parent.absolute(), file.absolute())


def of_document(document: Document, folder: Path, source: Path | None = None) -> Template:
    """The template of a document, paths taken from a folder.

    Raises:
        ExperimentValidationError: It does not say what an experiment must.
    """
    template = Template(
        [_node(item, folder) for item in _items(document, "nodes")],
        [_data(item, folder) for item in _items(document, "data")],
        [_input(item) for item in _items(document, "inputs")],
        document.get("description"),
        source,
    )
    if not template.nodes:
        raise ExperimentValidationError("An experiment needs nodes. Write at least one below 'nodes'.")
    for what in ("nodes", "data", "inputs"):
        counted = Counter(item.name for item in getattr(template, what))
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ExperimentValidationError(f"Two {what} have the name {', '.join(twice)}. Give each its own.")
    reserved = {node.name for node in template.nodes} & {"data", "inputs", "parent"}
    if reserved:
        raise ExperimentValidationError(f"No node can be called {', '.join(reserved)}. Choose another name.")
    return template


def of_kept(document: Document, source: Path | None) -> Template:
    """The template that `to_document` wrote; nothing is asked of the files that it names."""
    return Template(
        [_KINDS[item["type"]](**item) for item in document["nodes"]],
        [Data(**item) for item in document["data"]],
        [Input(**item) for item in document["inputs"]],
        document["description"],
        source,
    )


def to_document(template: Template) -> Document:
    """What `of_document` reads again."""
    nodes = [{key: value for key, value in asdict(node).items() if value is not None} for node in template.nodes]
    return {
        "description": template.description,
        "data": [asdict(item) for item in template.data],
        "inputs": [asdict(item) for item in template.inputs],
        "nodes": nodes,
    }


def _found(source: Path) -> Path:
    if source.is_file():
        return source
    if not source.is_dir():
        raise NoExperimentTemplateError(f"There is no experiment at {source}. Check the path.")
    found = sorted(source.glob("*.exp.yaml")) + sorted(source.glob("*.exp.yml"))
    if not found:
        raise NoExperimentTemplateError(f"{source} has no experiment. Add a file *.exp.yaml, or name the file.")
    if len(found) > 1:
        names = " and ".join(item.name for item in found)
        raise MultipleExperimentTemplateError(f"{source} has {names}. Name the one that is meant.")
    return found[0]


def _items(document: Document, key: str) -> list[Document]:
    found = document.get(key) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ExperimentValidationError(f"{key!r} of the experiment is no list of mappings. Write '- name: ...'.")
    return found


def _node(item: Document, folder: Path) -> Node:
    kind = str(item.get("type"))
    if kind not in _KINDS:
        raise ExperimentValidationError(
            f"Node {item.get('name')!r} has the type {item.get('type')!r}. Write flow, command or chat_group."
        )
    maker: Callable[..., Node] = _KINDS[kind]
    node = _made(maker, item, f"Node {item.get('name')!r}")
    if isinstance(node, FlowNode):
        node.path = _existing(node.path, folder, f"The flow of node {node.name!r}")
    elif isinstance(node, CommandNode):
        node.code = _existing(node.code, folder, f"The code of node {node.name!r}") if node.code else None
        node.outputs = {key: str((folder / value).absolute()) if value else None for key, value in node.outputs.items()}
    else:
        _check_roles(node, folder)
    return node


def _check_roles(node: ChatGroupNode, folder: Path) -> None:
    if not isinstance(node.roles, list) or not all(isinstance(role, dict) for role in node.roles) or not node.roles:
        raise ExperimentValidationError(f"Chat group {node.name!r} needs roles. Write at least one.")
    names = [str(role.get("role")) for role in node.roles]
    if len(set(names)) < len(names):
        raise ExperimentValidationError(f"Two roles of chat group {node.name!r} have one name: {names}.")
    node.roles = [
        {**role, "path": _existing(role.get("path"), folder, f"The flow of role {role.get('role')!r}")}
        for role in node.roles
    ]


def _data(item: Document, folder: Path) -> Data:
    data = _made(Data, item, f"Data {item.get('name')!r}")
    data.path = _existing(data.path, folder, f"Data {data.name!r}")
    return data


def _input(item: Document) -> Input:
    found = _made(Input, item, f"Input {item.get('name')!r}")
    if found.type.lower() not in _TYPES:
        raise ExperimentValidationError(
            f"Input {found.name!r} has the type {found.type!r}. Write one of {', '.join(_TYPES)}."
        )
    found.type = found.type.lower()
    if found.default is not None:
        found.default = found.value(found.default)
    return found


def _existing(path: object, folder: Path, what: str) -> str:
    place = (folder / str(path)).expanduser()
    if not path or not place.exists():
        raise ExperimentValidationError(f"{what} is {path!r}, which is not at {place}. Correct the path.")
    return str(place.resolve())


def _made(kind: Callable[..., T], item: Mapping[str, Any], what: str) -> T:  # Any: YAML
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # a dataclass, by its uses
    unknown = [str(key) for key in item if key not in known | _CLOUD]
    if unknown:
        raise ExperimentValidationError(f"{what} has {', '.join(unknown)}, which nothing reads. Leave it out.")
    values = {key: value for key, value in item.items() if key in known and value is not None}
    try:
        return kind(**values)
    except TypeError as error:
        raise ExperimentValidationError(f"{what} is not whole: {error}. Write it as the others.") from None
