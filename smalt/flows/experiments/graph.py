"""Which node of an experiment waits for which. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from smalt.flows.experiments.errors import ExperimentHasCycle, ExperimentValueError
from smalt.flows.experiments.template import Node, Template

_REFERENCE = re.compile(r"^\$\{(?P<head>[^.{}]+)(?:\.(?P<rest>[^{}]+))?\}$")


def reference(value: object) -> tuple[str, str] | None:
    """`${head.rest}` as its two parts; None for a literal."""
    match = _REFERENCE.match(value) if isinstance(value, str) else None
    return None if match is None else (match["head"], match["rest"] or "")


def needs(node: Node) -> set[str]:
    """The nodes whose outputs a node takes."""
    found = {head for value in node.inputs.values() for head, _ in filter(None, [reference(value)])}
    return found - {"data", "inputs", "parent"}


def check(template: Template) -> None:
    """Refuse what cannot be run.

    Raises:
        ExperimentValueError: A node refers to data, an input or a node that does not exist.
        ExperimentHasCycle: Nodes wait for one another.
    """
    known = {"data": [item.name for item in template.data], "inputs": [item.name for item in template.inputs]}
    nodes = [node.name for node in template.nodes]
    for node in template.nodes:
        for value in node.inputs.values():
            head, rest = reference(value) or ("parent", "")
            if head in known and rest.split(".")[0] not in known[head]:
                raise ExperimentValueError(
                    f"Node {node.name!r} refers to {value!r}, but there is no such part of {head!r}. "
                    f"There are: {', '.join(known[head]) or 'none'}."
                )
            if head not in (*known, "parent", *nodes):
                raise ExperimentValueError(
                    f"Node {node.name!r} refers to {value!r}, but there is no node {head!r}. "
                    f"The nodes are {', '.join(nodes)}."
                )
    in_order(template.nodes)


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """Nodes after those that they need.

    Raises:
        ExperimentHasCycle: There is no such order.
    """
    done: list[Node] = []
    waiting = list(nodes)
    while waiting:
        left = {node.name for node in waiting}
        ready = [node for node in waiting if not needs(node) & left]
        if not ready:
            raise ExperimentHasCycle(
                f"The nodes {', '.join(sorted(left))} wait for one another. Take one of the references out."
            )
        done += ready
        waiting = [node for node in waiting if node not in ready]
    return done


def downstream(nodes: Iterable[Node], start: Collection[str]) -> list[Node]:
    """The nodes named, and all that need them, in an order in which they can run."""
    ordered = in_order(list(nodes))
    reached = set(start)
    for node in ordered:
        if needs(node) & reached:
            reached.add(node.name)
    return [node for node in ordered if node.name in reached]
