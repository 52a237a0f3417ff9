"""The graph of a flow: what it may refer to, and in which order its nodes run. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from smalt.flows.definition import FlowDefinition, NodeDefinition
from smalt.flows.errors import (
    DuplicateNodeName,
    EmptyOutputReference,
    InputReferenceNotFound,
    InvalidNodeReference,
    NodeCircularDependency,
    NodeReferenceNotFound,
    OutputReferenceNotFound,
)
from smalt.flows.references import Source
from smalt.flows.values import OutputDefinition

_log = logging.getLogger(__name__)


def ordered(definition: FlowDefinition) -> list[NodeDefinition]:
    """The nodes, each after those it waits for, otherwise as in the file.

    Raises:
        InvalidFlowRequest: The graph is not sound; the class says how.
    """
    _check_names(definition.nodes)
    _check_inputs(definition)
    _check_references(definition.nodes)
    waiting = list(definition.nodes)
    done: set[str] = set()
    order: list[NodeDefinition] = []
    while waiting:
        ready = next((node for node in waiting if done.issuperset(node.needs)), None)
        if ready is None:
            raise NodeCircularDependency(
                f"The nodes {sorted(node.name for node in waiting)} wait for one another in a circle. "
                "Remove one of the references between them."
            )
        waiting.remove(ready)
        done.add(ready.name)
        order.append(ready)
    return order


def _check_names(nodes: Sequence[NodeDefinition]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.name in seen:
            raise DuplicateNodeName(f"Two nodes of the flow are called {node.name!r}. Rename or remove one of them.")
        seen.add(node.name)


def _check_inputs(definition: FlowDefinition) -> None:
    for node in definition.nodes:
        for reference in node.inputs.values():
            if reference.source is Source.INPUT and reference.value not in definition.inputs:
                raise InputReferenceNotFound(
                    f"Node {node.name!r} refers to the flow input {reference.value!r}, which the flow does not have. "
                    f"Its inputs: {', '.join(definition.inputs) or 'none'}. Correct the reference or add the input."
                )


def _check_references(nodes: Sequence[NodeDefinition]) -> None:
    aggregations = {node.name for node in nodes if node.aggregation}
    names = {node.name for node in nodes}
    for node in nodes:
        when = node.activate.when if node.activate else None
        if node.aggregation and when is not None and when.source is Source.NODE and when.value not in aggregations:
            raise InvalidNodeReference(
                f"The activate config of the aggregation node {node.name!r} refers to {when.value!r}, which is not "
                "an aggregation node. It may look at aggregation nodes only, for it runs once after all lines."
            )
        for other in node.needs:
            if other not in names:
                raise NodeReferenceNotFound(
                    f"Node {node.name!r} refers to the node {other!r}, which the flow does not have. "
                    f"Its nodes: {', '.join(n.name for n in nodes)}. Correct the name."
                )
            if not node.aggregation and other in aggregations:
                raise InvalidNodeReference(
                    f"Node {node.name!r} refers to the aggregation node {other!r}, which runs only after all lines. "
                    f"Set 'aggregation: true' on {node.name!r}, or remove the reference."
                )


def checked_outputs(definition: FlowDefinition) -> dict[str, OutputDefinition]:
    """The outputs that lines have; those of aggregation nodes are left out, with a warning.

    Raises:
        EmptyOutputReference: An output refers to nothing.
        OutputReferenceNotFound: An output refers to what does not exist.
    """
    nodes: Mapping[str, NodeDefinition] = {node.name: node for node in definition.nodes}
    outputs: dict[str, OutputDefinition] = {}
    for name, output in definition.outputs.items():
        reference = output.reference
        if reference.source is Source.LITERAL and reference.value in ("", None):
            raise EmptyOutputReference(
                f"The output {name!r} of the flow refers to nothing. Write e.g. 'reference: ${{node.output}}'."
            )
        if reference.source is Source.INPUT and reference.value not in definition.inputs:
            raise OutputReferenceNotFound(
                f"The output {name!r} refers to the flow input {reference.value!r}, which the flow does not have. "
                f"Its inputs: {', '.join(definition.inputs) or 'none'}."
            )
        if reference.source is Source.NODE:
            if reference.value not in nodes:
                raise OutputReferenceNotFound(
                    f"The output {name!r} refers to the node {reference.value!r}, which the flow does not have. "
                    f"Its nodes: {', '.join(nodes) or 'none'}."
                )
            if nodes[reference.value].aggregation:
                _log.warning(
                    "Output %r refers to the aggregation node %r; lines do not have it.", name, reference.value
                )
                continue
        outputs[name] = output
    return outputs
