"""A node made ready to run: its tool found and loaded, its literals converted, its references compiled."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from smalt.errors import SmaltError
from smalt.flows.definition import NodeDefinition, types
from smalt.flows.definition.references import Reference, Source, getter
from smalt.flows.errors import (
    APINotFound,
    FlowDefinitionError,
    GetConnectionError,
    InvalidCustomLLMTool,
    InvalidSource,
    MultipleToolsDefined,
    NodeInputValidationError,
    NoToolDefined,
    ResolveToolError,
)
from smalt.flows.llm import messages, templates
from smalt.flows.loading.modules import Namespace
from smalt.flows.tools import apis
from smalt.flows.tools.declare import STREAMING, ToolProvider, is_tool
from smalt.flows.tools.interface import Interface, Parameter, interface_of
from smalt.flows.tools.types import PromptTemplate
from smalt.flows.tracing.decorate import original
from smalt.flows.values.images import Format

if TYPE_CHECKING:
    from smalt.flows.connections import ConnectionProvider


class Kind(Enum):
    """How a node's function is run."""

    QUICK = "quick"  # computes a little and waits for nothing
    BLOCKING = "blocking"
    COROUTINE = "coroutine"


@dataclass(slots=True)
class Input:
    """Where one argument comes from."""

    name: str
    reference: Reference
    follow: Callable[[Any], Any] | None = None  # Any: outputs of tools


@dataclass(slots=True)
class Node:
    """A node that can be called.

    Attributes:
        fixed: Arguments that are the same for each line.
        inputs: Arguments that a line brings.
        defaults: Parameters that may be left out.
        streams_by: The parameter that asks the tool to stream, if it has one.
    """

    name: str
    type: str
    kind: Kind
    call: Callable[..., Any]  # Any: as the tool answers
    definition: NodeDefinition
    fixed: dict[str, Any] = field(default_factory=dict)  # Any: literals
    inputs: list[Input] = field(default_factory=list)
    defaults: frozenset[str] = frozenset()
    streams_by: str | None = None
    prompt: str | None = None
    needs: tuple[str, ...] = ()
    interface: Interface | None = None


class Resolver:
    """Makes the nodes of one flow ready."""

    def __init__(
        self,
        folder: Path,
        namespace: Namespace,
        images: Format,
        connections: Callable[[], ConnectionProvider],
    ) -> None:
        self.folder = folder
        self._namespace = namespace
        self._images = images
        self._connections = connections

    def resolve(self, definition: NodeDefinition) -> Node:
        """The node, ready to run.

        Raises:
            FlowDefinitionError: The node has no tool, or of a kind nobody knows.
            InvalidSource: Its file does not exist.
            PackageToolNotFoundError: No package has its tool.
            PythonLoadError: Its file cannot be loaded.
            ResolveToolError: Anything else; the cause says what.
        """
        source = definition.source
        if source is None or definition.type is None:
            raise FlowDefinitionError(
                f"The node {definition.name!r} has no {'type' if definition.type is None else 'source'!r}. "
                "Write both: 'type: python' and 'source: {type: code, path: tool.py}'."
            )
        makers = {
            ("python", "code"): self._script,
            ("python", "package"): self._package,
            ("prompt", "code"): self._prompt,
            ("llm", "code"): self._llm,
            ("custom_llm", "package_with_prompt"): self._package_with_prompt,
        }
        make = makers.get((definition.type, source.type))
        if make is None:
            raise FlowDefinitionError(
                f"The node {definition.name!r} is of type {definition.type!r} with a source of type {source.type!r}, "
                f"which cannot be run. There are: {', '.join(f'{a} from {b}' for a, b in makers)}."
            )
        return make(definition)

    def resolve_named(self, definition: NodeDefinition) -> Node:
        """As `resolve`, with the node's name on every failure."""
        with _named(definition.name):
            return self.resolve(definition)

    # -- the kinds of nodes

    def check_file(self, definition: NodeDefinition) -> None:
        """See to it that the tool file of a node is there.

        Raises:
            InvalidSource: It is not.
        """
        source = definition.source
        if definition.type != "python" or source is None or source.type != "code":
            return
        if not source.path or not (self.folder / source.path).is_file():
            raise InvalidSource(
                f"The tool file {source.path!r} of node {definition.name!r} does not exist. "
                "Correct 'path' or add the file."
            )

    def _script(self, definition: NodeDefinition) -> Node:
        self.check_file(definition)
        path = str(definition.source and definition.source.path)
        module = self._namespace.file(self.folder / path)
        with self._namespace.loading():
            function, provider = tool_of(module, path)
        return self._of_function(definition, function, provider, module)

    def _package(self, definition: NodeDefinition) -> Node:
        from smalt.flows.tools.packages import find

        assert definition.source is not None
        function, provider, module = find(str(definition.source.tool))
        return self._of_function(definition, function, provider, module)

    def _package_with_prompt(self, definition: NodeDefinition) -> Node:
        node = self._package(definition)
        assert node.interface is not None
        with _named(definition.name):
            template = self._template(definition)
            parameter = node.interface.prompt_parameter
            if parameter is None:
                raise InvalidCustomLLMTool(
                    f"The tool {definition.source and definition.source.tool!r} takes no prompt. "
                    "Give it a parameter of type PromptTemplate, or use it as 'type: python'."
                )
            _check_no_duplicates(definition.name, template, node.interface.parameters, "the inputs of the tool")
            self._load_images(node, template)
            node.fixed[parameter] = PromptTemplate(template)
            node.prompt = template
            self._mark_inputs_of_users(node)
        return node

    def _prompt(self, definition: NodeDefinition) -> Node:
        with _named(definition.name):
            template = self._template(definition)
            _check_no_duplicates(definition.name, template, ("template",), "the reserved parameters of prompt nodes")
            from_users = _inputs_of_users(definition)

            def render(**given: Any) -> messages.PromptResult:  # Any: values of flows
                return messages.render_prompt(template, given, from_users)

            node = Node(definition.name, "prompt", Kind.QUICK, render, definition, prompt=template)
            self._bind(node, None, None)
            self._load_images(node, template)
        return node

    def _llm(self, definition: NodeDefinition) -> Node:
        from smalt.flows.llm import calls

        with _named(definition.name):
            if not definition.connection:
                raise GetConnectionError(
                    f"The node {definition.name!r} has no 'connection'. Write the name of one, or 'echo' to try it."
                )
            connection = self._connection(definition.connection, definition.name)
            if type(connection).__name__ in apis.by_connection:
                return self._api_of_package(definition, connection)
            call = calls.ModelCall.of_node(definition, connection)
            template = self._template(definition)
            _check_no_duplicates(definition.name, template, call.parameters, f"the parameters of {call.title}")
            call.template = template
            call.from_users = _inputs_of_users(definition)
            node = Node(
                definition.name, "llm", Kind.COROUTINE, call.run, definition, streams_by="stream", prompt=template
            )
            node.interface = call.interface
            self._bind(node, call.interface, None)
            self._load_images(node, template)
        return node

    def _api_of_package(self, definition: NodeDefinition, connection: Any) -> Node:  # Any: kinds of connections
        """An LLM node whose kind of connection a tool package brings the API for."""
        name = f"{apis.by_connection[type(connection).__name__]}.{definition.api or 'chat'}"
        if name not in apis.by_name:
            raise APINotFound(f"The API '{name}' is not found. There are: {', '.join(sorted(apis.by_name))}.")
        provider, method = apis.by_name[name]
        interface = interface_of(method, provider)
        owner = next(key for key, item in interface.parameters.items() if item.is_connection)
        made = {**definition.inputs, owner: Reference(Source.LITERAL, definition.connection)}
        node = self._of_function(replace(definition, inputs=made), method, provider, inspect.getmodule(method))
        template = self._template(definition)
        _check_no_duplicates(definition.name, template, interface.parameters, f"the parameters of {name}")
        if interface.prompt_parameter is not None:
            node.fixed[interface.prompt_parameter] = PromptTemplate(template)
        node.type, node.prompt = "llm", template
        self._mark_inputs_of_users(node)
        return node

    # -- functions

    def _of_function(
        self,
        definition: NodeDefinition,
        function: Callable[..., Any],
        provider: type[ToolProvider] | None,
        module: ModuleType | None,
    ) -> Node:
        with _named(definition.name), self._namespace.loading():
            interface = interface_of(function, provider)
            node = Node(definition.name, "python", Kind.BLOCKING, function, definition, interface=interface)
            node.streams_by = getattr(function, STREAMING, None)
            self._bind(node, interface, module)
            if provider is not None:
                function = _bound(provider, function, node)
        raw = original(function)
        is_coroutine = inspect.iscoroutinefunction(raw) or inspect.isasyncgenfunction(raw)
        node.kind = Kind.COROUTINE if is_coroutine else Kind.BLOCKING
        node.call = raw
        return node

    def _bind(self, node: Node, interface: Interface | None, module: ModuleType | None) -> None:
        """Part the node's inputs into literals, converted, and what lines bring."""
        for name, reference in node.definition.inputs.items():
            if reference.source is Source.LITERAL:
                if reference.value is not None and reference.value != "":
                    parameter = interface.parameters.get(name) if interface else None
                    node.fixed[name] = (
                        reference.value
                        if parameter is None
                        else self._literal(node, name, reference, parameter, module)
                    )
                continue
            follow = getter(reference) if reference.source is Source.NODE else None
            node.inputs.append(Input(name, reference, follow))
        node.needs = tuple(dict.fromkeys(node.definition.needs))
        if interface is not None:
            node.defaults = frozenset(name for name, item in interface.parameters.items() if item.has_default)

    def _literal(
        self, node: Node, name: str, reference: Reference, parameter: Parameter, module: ModuleType | None
    ) -> Any:  # Any: literals of files
        kind, value = parameter.types[0], reference.value
        if parameter.is_connection:
            return self._connection_value(node.name, name, value, parameter, module)
        if kind == "assistant_definition":
            from smalt.flows.dag.assistants import load_definition

            return _explained(name, "assistant definition", lambda: load_definition(self, node.name, name, value))
        if kind == "image":
            return _explained(name, "image", lambda: self._images.image(value))
        try:
            value = types.parse(kind, value)
        except Exception as error:
            raise NodeInputValidationError(
                f"The input {name!r} of node {node.name!r} is not of type {kind}: {value!r}. Correct the value."
            ) from error
        return _explained(name, "image", lambda: self._images.load(value))

    def _connection_value(
        self, node: str, name: str, value: Any, parameter: Parameter, module: ModuleType | None
    ) -> Any:  # Any: connections
        connection = self._connection(str(value), node)
        if parameter.custom_types:
            strong = parameter.custom_types[0].__name__
            return connection._convert_to_custom_strong_type(module=module, to_class=strong)
        if type(connection).__name__ not in parameter.types:
            raise NodeInputValidationError(
                f"Input {name!r} of node {node!r} got the connection {value!r}, a {type(connection).__name__}. "
                f"It takes {' or '.join(parameter.types)}."
            )
        return connection

    def _connection(self, name: str, node: str) -> Any:  # Any: kinds of connections
        try:
            return self._connections().get(name)
        except SmaltError as error:
            raise GetConnectionError(f"Get connection {name!r} for node {node!r} error: {error.message}") from error

    # -- prompts

    def _template(self, definition: NodeDefinition) -> str:
        path = definition.source.path if definition.source else None
        if not path or not (self.folder / path).is_file():
            raise InvalidSource(
                f"Node source path '{path}' is invalid on node '{definition.name}': there is no such file. "
                "Correct 'path' or add the file."
            )
        return (self.folder / path).read_text(encoding="utf-8")

    def _load_images(self, node: Node, template: str) -> None:
        for name in templates.image_variables(template) & set(node.fixed):
            node.fixed[name] = self._images.image(node.fixed[name])

    def _mark_inputs_of_users(self, node: Node) -> None:
        from_users = _inputs_of_users(node.definition)
        assert node.interface is not None
        if from_users and node.interface.takes_more:
            node.fixed["_inputs_to_escape"] = list(from_users)


def tool_of(module: ModuleType, path: str) -> tuple[Callable[..., Any], type[ToolProvider] | None]:
    """The only tool of a file: a function, or a method of a provider together with its class.

    Raises:
        NoToolDefined: It has none.
        MultipleToolsDefined: It has several.
    """
    here = module.__name__
    functions = [item for item in vars(module).values() if is_tool(item) and item.__module__ == here]
    methods = [
        (method, item)
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, ToolProvider) and item.__module__ == here
        for _, method in inspect.getmembers(item)
        if is_tool(method)
    ]
    found: list[tuple[Callable[..., Any], type[ToolProvider] | None]] = [
        *((function, None) for function in dict.fromkeys(functions)), *methods,
    ]  # fmt: skip
    if not found:
        raise NoToolDefined(f"{path!r} defines no tool. Put '@tool' on the one function that the node is to run.")
    if len(found) > 1:
        names = ", ".join(function.__name__ for function, _ in found)
        raise MultipleToolsDefined(f"{path!r} defines {len(found)} tools: {names}. Leave '@tool' on one of them.")
    return found[0]


def _bound(provider: type[ToolProvider], function: Callable[..., Any], node: Node) -> Callable[..., Any]:
    """The method of an object, made with those arguments that the constructor takes."""
    own = provider.get_initialize_inputs()
    moving = [item.name for item in node.inputs if item.name in own]
    if moving:
        raise NodeInputValidationError(
            f"The input {moving[0]!r} of node {node.name!r} goes to the constructor of {provider.__name__}, which runs "
            "once, before all lines. Write a literal instead of a reference."
        )
    made = provider(**{name: node.fixed.pop(name) for name in own if name in node.fixed})
    bound: Callable[..., Any] = getattr(made, function.__name__)
    return bound


class _Named:
    """Failures inside name the node."""

    def __init__(self, node: str) -> None:
        self._node = node

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, ResolveToolError) or not isinstance(error, Exception):
            return
        text = error.message if isinstance(error, SmaltError) else str(error)
        raise ResolveToolError(f"Tool load failed in '{self._node}': ({type(error).__name__}) {text}") from error


_named = _Named


def _inputs_of_users(definition: NodeDefinition) -> tuple[str, ...]:
    return tuple(name for name, item in definition.inputs.items() if item.source is Source.INPUT)


def _check_no_duplicates(node: str, template: str, reserved: Any, what: str) -> None:  # Any: names
    both = sorted(set(templates.variables(template)) & set(reserved))
    if both:
        raise NodeInputValidationError(
            f"Invalid inputs {both} in the prompt template of node {node}: they are also {what}. "
            "Rename them in the template."
        )


def _explained(name: str, what: str, load: Callable[[], Any]) -> Any:  # Any: literals of files
    try:
        return load()
    except Exception as error:
        text = error.message if isinstance(error, SmaltError) else str(error)
        raise NodeInputValidationError(
            f"Failed to load {what} from input {name!r}: ({type(error).__name__}) {text}"
        ) from error
