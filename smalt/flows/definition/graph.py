"""The graph of a flow: what it may refer to, and in which order its nodes run. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

from smalt.flows.definition import FlowDefinition, NodeDefinition
from smalt.flows.definition.references import Source
from smalt.flows.definition.types import OutputDefinition
from smalt.flows.errors import (
    DuplicateNodeName,
    EmptyOutputReference,
    InputReferenceNotFound,
    InvalidFlowRequest,
    InvalidNodeReference,
    NodeCircularDependency,
    NodeReferenceNotFound,
    OutputReferenceNotFound,
)

_log = logging.getLogger(__name__)


Faults = Iterator[tuple[str, InvalidFlowRequest]]
"""Names of nodes or outputs, and what is wrong with each."""


def ordered(definition: FlowDefinition) -> list[NodeDefinition]:
    """The nodes, each after those it waits for, otherwise as in the file.

    Raises:
        InvalidFlowRequest: The graph is not sound; the class says how.
    """
    for _, fault in faults(definition):
        raise fault
    return _in_order(definition.nodes)[0]


def faults(definition: FlowDefinition) -> Faults:
    """Everything that is wrong with the nodes."""
    yield from _doubles(definition.nodes)
    yield from _unknown_inputs(definition)
    sound = True
    for found in _bad_references(definition.nodes):
        sound = False
        yield found
    _, waiting = _in_order(definition.nodes) if sound else ([], [])
    if waiting:
        yield (
            waiting[0].name,
            NodeCircularDependency(
                f"The nodes {sorted(node.name for node in waiting)} wait for one another in a circle. "
                "Remove one of the references between them."
            ),
        )


def _in_order(nodes: Sequence[NodeDefinition]) -> tuple[list[NodeDefinition], list[NodeDefinition]]:
    """The nodes in the order in which they run, and those that wait for ever."""
    waiting = list(nodes)
    done: set[str] = set()
    order: list[NodeDefinition] = []
    while waiting:
        ready = next((node for node in waiting if done.issuperset(node.needs)), None)
        if ready is None:
            break
        waiting.remove(ready)
        done.add(ready.name)
        order.append(ready)
    return order, waiting


def _doubles(nodes: Sequence[NodeDefinition]) -> Faults:
    seen: set[str] = set()
    for node in nodes:
        if node.name in seen:
            yield (
                node.name,
                DuplicateNodeName(f"Two nodes of the flow are called {node.name!r}. Rename or remove one of them."),
            )
        seen.add(node.name)


def _unknown_inputs(definition: FlowDefinition) -> Faults:
    for node in definition.nodes:
        for reference in node.inputs.values():
            if reference.source is Source.INPUT and reference.value not in definition.inputs:
                yield (
                    node.name,
                    InputReferenceNotFound(
                        f"Node {node.name!r} refers to the flow input {reference.value!r}, which the flow does not "
                        f"have. Its inputs: {', '.join(definition.inputs) or 'none'}. Correct the reference or add "
                        "the input."
                    ),
                )


def _bad_references(nodes: Sequence[NodeDefinition]) -> Faults:
    aggregations = {node.name for node in nodes if node.aggregation}
    names = {node.name for node in nodes}
    for node in nodes:
        when = node.activate.when if node.activate else None
        if node.aggregation and when is not None and when.source is Source.NODE and when.value not in aggregations:
            yield (
                node.name,
                InvalidNodeReference(
                    f"The activate config of the aggregation node {node.name!r} refers to {when.value!r}, which is not "
                    "an aggregation node. It may look at aggregation nodes only, for it runs once after all lines."
                ),
            )
        for other in node.needs:
            if other not in names:
                yield (
                    node.name,
                    NodeReferenceNotFound(
                        f"Node {node.name!r} refers to the node {other!r}, which the flow does not have. "
                        f"Its nodes: {', '.join(n.name for n in nodes)}. Correct the name."
                    ),
                )
            elif not node.aggregation and other in aggregations:
                yield (
                    node.name,
                    InvalidNodeReference(
                        f"Node {node.name!r} refers to the aggregation node {other!r}, which runs only after all "
                        f"lines. Set 'aggregation: true' on {node.name!r}, or remove the reference."
                    ),
                )


def checked_outputs(definition: FlowDefinition) -> dict[str, OutputDefinition]:
    """The outputs that lines have; those of aggregation nodes are left out, with a warning.

    Raises:
        EmptyOutputReference: An output refers to nothing.
        OutputReferenceNotFound: An output refers to what does not exist.
    """
    for _, fault in output_faults(definition):
        raise fault
    aggregations = {node.name for node in definition.nodes if node.aggregation}
    outputs: dict[str, OutputDefinition] = {}
    for name, output in definition.outputs.items():
        if output.reference.source is Source.NODE and output.reference.value in aggregations:
            _log.warning(
                "Output %r refers to the aggregation node %r; lines do not have it.", name, output.reference.value
            )
            continue
        outputs[name] = output
    return outputs


def output_faults(definition: FlowDefinition) -> Faults:
    """Everything that is wrong with the outputs."""
    nodes: Mapping[str, NodeDefinition] = {node.name: node for node in definition.nodes}
    for name, output in definition.outputs.items():
        reference = output.reference
        if reference.source is Source.LITERAL and reference.value in ("", None):
            yield (
                name,
                EmptyOutputReference(
                    f"The output {name!r} of the flow refers to nothing. Write e.g. 'reference: ${{node.output}}'."
                ),
            )
        if reference.source is Source.INPUT and reference.value not in definition.inputs:
            yield (
                name,
                OutputReferenceNotFound(
                    f"The output {name!r} refers to the flow input {reference.value!r}, which the flow does not have. "
                    f"Its inputs: {', '.join(definition.inputs) or 'none'}."
                ),
            )
        if reference.source is Source.NODE and reference.value not in nodes:
            yield (
                name,
                OutputReferenceNotFound(
                    f"The output {name!r} refers to the node {reference.value!r}, which the flow does not have. "
                    f"Its nodes: {', '.join(nodes) or 'none'}."
                ),
            )
