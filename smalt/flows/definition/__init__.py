"""What a `flow.dag.yaml` says, before anything is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from smalt.flows.definition.references import Reference, Source, parse
from smalt.flows.definition.types import InputDefinition, OutputDefinition
from smalt.flows.errors import FlowDefinitionError, NodeOfVariantNotFound, VariantNotFound


@dataclass(frozen=True, slots=True)
class ToolSource:
    """Where the tool of a node is: `code` (a file), `package` (installed), or `package_with_prompt` (both)."""

    type: str = "code"
    path: str | None = None
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Activate:
    """A node runs only when the value equals."""

    when: Reference
    equals: Any  # Any: a literal of the YAML file


@dataclass(frozen=True, slots=True)
class NodeDefinition:
    """A node as the file says it; whatever `provider` says, the connection decides."""

    name: str
    type: str | None
    source: ToolSource | None
    inputs: Mapping[str, Reference]
    connection: str | None = None
    api: str | None = None
    aggregation: bool = False
    activate: Activate | None = None
    timeout_seconds: float | None = None
    provider: str | None = None

    @property
    def needs(self) -> list[str]:
        """The nodes it waits for."""
        found = [reference.value for reference in self.inputs.values() if reference.source is Source.NODE]
        if self.activate is not None and self.activate.when.source is Source.NODE:
            found.append(self.activate.when.value)
        return found


@dataclass(frozen=True, slots=True)
class FlowDefinition:
    """A DAG flow as the file says it."""

    name: str
    inputs: Mapping[str, InputDefinition]
    outputs: Mapping[str, OutputDefinition]
    nodes: Sequence[NodeDefinition]
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    additional_includes: Sequence[str] = ()
    message_format: str = "basic"


FILES = ("flow.dag.yaml", "flow.dag.yml", "flow.flex.yaml", "flow.flex.yml")
"""Files of flows, which stand at the top of their folders."""

_VARIANT = re.compile(r"^\$\{([^.{}]+)\.([^.{}]+)\}$")


def read(document: Mapping[str, Any], *, folder_name: str, variant: str | None = None) -> FlowDefinition:  # Any: YAML
    """Read the document of a `flow.dag.yaml`.

    Args:
        document: The file, loaded.
        folder_name: What the flow is called if the file does not say.
        variant: `${node.variant_id}` to take instead of the default.

    Raises:
        FlowDefinitionError: A part is missing or has no meaning.
        VariantNotFound: The variant does not exist.
    """
    if not isinstance(document.get("nodes"), list):
        raise FlowDefinitionError(
            "The flow has no 'nodes'. Write the list of nodes, or 'entry: module:function' for a flow that is code."
        )
    chosen = _chosen_variant(document, variant)
    nodes = [read_node(item, document, chosen) for item in document["nodes"]]
    return FlowDefinition(
        name=str(document.get("name") or document.get("id") or identifier(folder_name)),
        inputs=read_inputs(document.get("inputs")),
        outputs={name: read_output(name, item) for name, item in _mapping(document, "outputs").items()},
        nodes=nodes,
        environment_variables=environment_variables(document),
        additional_includes=[str(item) for item in document.get("additional_includes") or ()],
        message_format=str(document.get("message_format") or "basic"),
    )


def identifier(name: str) -> str:
    """A folder's name as a word."""
    return re.sub(r"\W", "_", name) or "flow"


def environment_variables(document: Mapping[str, Any]) -> dict[str, str]:  # Any: YAML
    """The variables that the file asks for, as text: mappings and lists as JSON."""
    import json

    return {
        str(name): json.dumps(value) if isinstance(value, dict | list) else str(value)
        for name, value in (document.get("environment_variables") or {}).items()
    }


def read_inputs(section: Any) -> dict[str, InputDefinition]:  # Any: YAML
    """The inputs of a flow.

    Raises:
        FlowDefinitionError: One has no type.
    """
    if section is not None and not isinstance(section, Mapping):
        raise FlowDefinitionError(f"'inputs' of the flow is a {type(section).__name__}. Write a mapping of names.")
    found: dict[str, InputDefinition] = {}
    for name, item in (section or {}).items():
        if not isinstance(item, Mapping) or "type" not in item:
            raise FlowDefinitionError(
                f"The flow input {name!r} has no 'type'. Write one of int, double, bool, string, list, object, image."
            )
        kind = item["type"][0] if isinstance(item["type"], list) else item["type"]
        history = item.get("is_chat_history")
        found[str(name)] = InputDefinition(
            type=str(kind),
            default=item.get("default"),
            description=str(item.get("description") or ""),
            enum=tuple(item.get("enum") or ()),
            is_chat_input=bool(item.get("is_chat_input", False)),
            is_chat_history=None if history is None else bool(history),
        )
    return found


def read_output(name: str, item: Any) -> OutputDefinition:  # Any: YAML
    """An output of a flow.

    Raises:
        FlowDefinitionError: It has no type.
    """
    if not isinstance(item, Mapping) or "type" not in item:
        raise FlowDefinitionError(
            f"The flow output {name!r} has no 'type'. Write the type and the 'reference' it takes its value from."
        )
    kind = item["type"][0] if isinstance(item["type"], list) else item["type"]
    return OutputDefinition(
        type=str(kind),
        description=str(item.get("description") or ""),
        is_chat_output=bool(item.get("is_chat_output", False)),
        evaluation_only=bool(item.get("evaluation_only", False)),
        reference=parse(item.get("reference", "")),
    )


def _mapping(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:  # Any: YAML
    section = document.get(key) or {}
    if not isinstance(section, Mapping):
        raise FlowDefinitionError(f"{key!r} of the flow is a {type(section).__name__}. Write a mapping of names.")
    return section


def _chosen_variant(document: Mapping[str, Any], variant: str | None) -> tuple[str, str] | None:  # Any: YAML
    if not variant:
        return None
    match = _VARIANT.match(variant.strip())
    if match is None:
        raise VariantNotFound(
            f"The variant {variant!r} is not of the form '${{node.variant_id}}'. Write e.g. '${{answer.variant_0}}'."
        )
    node, name = match.groups()
    variants = _variants_of(document, node)
    if name not in variants:
        raise VariantNotFound(
            f"The node {node!r} has no variant {name!r}. It has: {', '.join(sorted(variants)) or 'none'}."
        )
    return node, name


def _variants_of(document: Mapping[str, Any], node: str) -> Mapping[str, Any]:  # Any: YAML
    section = _mapping(document, "node_variants").get(node)
    if not isinstance(section, Mapping):
        raise NodeOfVariantNotFound(
            f"The flow has no variants of a node {node!r}. "
            f"Nodes with variants: {', '.join(_mapping(document, 'node_variants')) or 'none'}."
        )
    variants = section.get("variants") or {}
    return variants if isinstance(variants, Mapping) else {}


def variants(document: Mapping[str, Any]) -> dict[str, list[str]]:  # Any: YAML
    """The variants of each node that has some."""
    return {str(node): list(_variants_of(document, node)) for node in _mapping(document, "node_variants")}


def read_node(
    item: Any, document: Mapping[str, Any], chosen: tuple[str, str] | None = None
) -> NodeDefinition:  # Any: YAML
    """A node of a flow, as its variant says it where it has some.

    Raises:
        FlowDefinitionError: It has no name, or a part has no meaning.
        VariantNotFound: It has variants, but not the one that is to be taken.
    """
    if not isinstance(item, Mapping) or not item.get("name"):
        raise FlowDefinitionError("A node of the flow has no 'name'. Give each node one.")
    name = str(item["name"])
    if chosen is not None and chosen[0] == name:
        item = _of_variant(document, name, chosen[1])
    elif item.get("use_variants"):
        section = _mapping(document, "node_variants").get(name) or {}
        item = _of_variant(document, name, str(section.get("default_variant_id") or ""))
    return _read_node(name, item)


def _of_variant(document: Mapping[str, Any], node: str, variant: str) -> Mapping[str, Any]:  # Any: YAML
    definition = (_variants_of(document, node).get(variant) or {}).get("node")
    if not isinstance(definition, Mapping):
        raise VariantNotFound(f"The node {node!r} has no variant {variant!r}. Name one in 'default_variant_id'.")
    return definition


def _read_node(name: str, item: Mapping[str, Any]) -> NodeDefinition:  # Any: YAML
    source = item.get("source")
    timeout = item.get("timeout_seconds")
    return NodeDefinition(
        name=name,
        type=None if item.get("type") is None else str(item["type"]),
        source=_source(source) if isinstance(source, Mapping) else None,
        inputs={str(key): parse(value) for key, value in (item.get("inputs") or {}).items()},
        connection=item.get("connection") or None,
        api=item.get("api") or None,
        aggregation=bool(item.get("aggregation") or item.get("reduce")),
        activate=_activate(name, item["activate"]) if item.get("activate") is not None else None,
        timeout_seconds=None if timeout is None else float(timeout),
        provider=item.get("provider") or None,
    )


def _source(item: Mapping[str, Any]) -> ToolSource:  # Any: YAML
    return ToolSource(str(item.get("type") or "code"), item.get("path"), item.get("tool"))


def _activate(name: str, item: Any) -> Activate:  # Any: YAML
    if not isinstance(item, Mapping) or "when" not in item or "is" not in item:
        raise FlowDefinitionError(
            f"The definition of activate config for node {name} is incorrect. Write both 'when' and 'is'."
        )
    return Activate(parse(item["when"]), item["is"])


def with_connections(
    definition: FlowDefinition, overrides: Mapping[str, Mapping[str, Any]], folder: Path
) -> FlowDefinition:  # Any: values of nodes
    """The flow with the connections (and deployments, models) of some nodes replaced.

    Raises:
        FlowDefinitionError: A node that is named does not exist.
    """
    names = {node.name for node in definition.nodes}
    for name in overrides:
        if name not in names:
            raise FlowDefinitionError(f"There is no node {name!r} in {folder.name}. Nodes: {', '.join(sorted(names))}.")
    return replace(definition, nodes=[_override(node, overrides.get(node.name)) for node in definition.nodes])


def _override(node: NodeDefinition, settings: Mapping[str, Any] | None) -> NodeDefinition:  # Any: values of nodes
    if not settings:
        return node
    settings = dict(settings)
    connection = node.connection
    if node.type == "llm" and "connection" in settings:
        connection = settings.pop("connection")
    inputs = dict(node.inputs) | {key: Reference(Source.LITERAL, value) for key, value in settings.items()}
    return replace(node, connection=connection, inputs=inputs)
