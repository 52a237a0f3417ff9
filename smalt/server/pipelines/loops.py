"""Loops: a body that is repeated while it says so, or once for each item."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from smalt.errors import InvalidRequest
from smalt.kit import yaml
from smalt.server.pipelines import bindings, control
from smalt.server.pipelines.graph import Node
from smalt.server.pipelines.outputs import GATHERED
from smalt.server.pipelines.store import StepKey, StepRow, StepStatus
from smalt.server.pipelines.values import Data, Value

if TYPE_CHECKING:
    from smalt.server.pipelines.turn import Turn

_MOST_ITEMS = 10_000


def outcome(turn: Turn, node: Node) -> str:
    """How a loop stands: `waiting`, `running`, `done` or `failed`."""
    if node.kind == "parallel_for":
        return _outcome_of_items(turn, node)
    row = _newest(turn, node)
    if row is None:
        return "waiting"
    if row.status is StepStatus.FAILED:
        return "failed"
    if row.status is StepStatus.RUNNING or _goes_on(node, row):
        return "running"
    return "done"


def advance(turn: Turn, node: Node) -> None:
    """Start the iterations that are ready."""
    if node.kind == "parallel_for":
        _advance_items(turn, node)
        return
    row = _newest(turn, node)
    # What an earlier run has done is over as soon as it is started, and nothing would call for the next iteration.
    while (row is None or (row.status is StepStatus.COMPLETED and _goes_on(node, row))) and not turn.is_full:
        iteration = 0 if row is None else row.key.iteration + 1
        row = turn.start(node, iteration=iteration, of=_body(turn, node), overrides=overrides(turn, node, iteration))


def overrides(turn: Turn, node: Node, iteration: int) -> dict[str, Value]:
    """The inputs that a loop gives to one iteration of its body."""
    if node.kind == "parallel_for":
        header = turn.last(node.name, GATHERED)
        assert header is not None
        return _of_item(turn, header.value["items"][iteration])
    if iteration == 0:
        return {}
    found: dict[str, Value] = {}
    for output, names in control.do_while(node).mapping.items():
        value = turn.outputs[node.name, output]
        found |= dict.fromkeys(names, value)
    return found


def _body(turn: Turn, node: Node) -> Node:
    return turn.plan.graph.nodes[str(node.body)]


def _newest(turn: Turn, node: Node) -> StepRow | None:
    return max(turn.rows.get(node.name, ()), key=lambda row: (row.key.iteration, row.key.attempt), default=None)


def _goes_on(node: Node, row: StepRow) -> bool:
    """Whether the body has asked for another iteration and may have it."""
    spec = control.do_while(node)
    value = row.value.get(spec.condition) if isinstance(row.value, dict) else None
    return value is not None and control.truth(value) and row.key.iteration + 1 < spec.most


def _outcome_of_items(turn: Turn, node: Node) -> str:
    header = turn.last(node.name, GATHERED)
    if header is None:
        return "waiting"
    if header.status is StepStatus.COMPLETED:
        return "done"
    if header.status is StepStatus.FAILED:
        return "failed"
    rows = [turn.last(node.name, iteration) for iteration in range(len(header.value["items"]))]
    over = all(row is not None and row.status is not StepStatus.RUNNING for row in rows)
    is_failed = any(row is not None and row.status is StepStatus.FAILED for row in rows)
    started = [row for row in rows if row is not None]
    if is_failed and (over or all(row.status is not StepStatus.RUNNING for row in started)):
        return "failed"
    return "running"


def _advance_items(turn: Turn, node: Node) -> None:
    header = turn.last(node.name, GATHERED)
    if header is None:
        header = _begin(turn, node)
    if header.status is not StepStatus.RUNNING:
        return
    count = len(header.value["items"])
    rows = [turn.last(node.name, iteration) for iteration in range(count)]
    if any(row is not None and row.status is StepStatus.FAILED for row in rows):
        return
    free = (control.max_concurrency(node) or count) - sum(
        row is not None and row.status is StepStatus.RUNNING for row in rows
    )
    for iteration, row in enumerate(rows):
        if row is None and free > 0 and not turn.is_full:
            rows[iteration] = turn.start(
                node, iteration=iteration, of=_body(turn, node), overrides=overrides(turn, node, iteration)
            )
            free -= rows[iteration].status is StepStatus.RUNNING  # type: ignore[union-attr]  # just started
    if all(row is not None and row.status is StepStatus.COMPLETED for row in rows):
        children = [str(row.child) for row in rows if row is not None]
        turn.gather(header, {**header.value, "outputs": _gathered(turn, node, children, [row for row in rows if row])})


def _begin(turn: Turn, node: Node) -> StepRow:
    try:
        turn.outputs.fetch(node.needs)
        given = control.raw_items(node)
        binding = bindings.whole(given)
        found = control.items(given if binding is None else turn.values.bound(binding))
        if len(found) > _MOST_ITEMS:
            raise InvalidRequest(f"There are {len(found)} items; a loop takes at most {_MOST_ITEMS}.")
    except InvalidRequest as error:
        return turn.begin_items(StepKey(node.name, GATHERED, 1), error=error.message)
    return turn.begin_items(StepKey(node.name, GATHERED, 1), value={"items": found})


def _of_item(turn: Turn, item: dict[str, Any]) -> dict[str, Value]:  # Any: inputs of a step
    found: dict[str, Value] = {}
    for name, given in item.items():
        if isinstance(given, dict) and "path" in given:
            found[name] = Data(str(given["path"]), str(given["path"]), given.get("type"))
        else:
            found[name] = turn.values.of(given if isinstance(given, str | int | float | bool) else str(given))
    return found


def _gathered(turn: Turn, node: Node, children: list[str], rows: list[StepRow]) -> dict[str, Any]:  # Any: JSON
    """The outputs of all iterations together: values as a JSON list, data as a table of paths."""
    body = _body(turn, node)
    found: dict[str, Any] = {}
    for name in turn.plan.component(body.step).outputs:
        if all(isinstance(row.value, dict) and name in row.value for row in rows):
            found[name] = json.dumps([row.value[name] for row in rows])
            continue
        uris = [turn.outputs.uri(child, name) for child in children]
        entries = [{"folder" if uri.endswith("/") else "file": uri.rstrip("/")} for uri in uris if uri]
        table = yaml.dump({"type": "mltable", "paths": entries})
        found[name] = turn.write_table(f"{node.name}.{name}", table)
    return found
