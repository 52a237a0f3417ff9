"""Steps that decide what other steps do: branches and loops."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from smalt.entities.job.inputs import DataInput
from smalt.errors import InvalidRequest
from smalt.sdk.pipelines import stack
from smalt.sdk.pipelines.nodes import Node
from smalt.sdk.pipelines.ports import Bindable, InputPort, OutputPort, Outputs, plain

JsonObject = dict[str, Any]  # Any: JSON
Blocks = Node | Sequence[Node] | None

_AGGREGATES = {"uri_file": "mltable", "uri_folder": "mltable", "mltable": "mltable"}


class ControlNode:
    """A branch or a loop."""

    def __init__(self, kind: str, fields: Mapping[str, Any]) -> None:  # Any: steps, bindings and plain values
        self.type = kind
        self.name: str | None = None
        self.base_name = {"if_else": "conditionnode", "do_while": "dowhile", "parallel_for": "parallelfor"}[kind]
        self.outputs = Outputs({}, "output")
        self._fields = fields

    def document(self) -> JsonObject:
        """The step as YAML has it."""
        fields = {key: _written(value) for key, value in self._fields.items() if value is not None}
        outputs = {name: port.document() for name, port in self.outputs.items()}
        given = {name: value for name, value in outputs.items() if value}
        return {"type": self.type, **fields} | ({"outputs": given} if given else {})


def condition(
    condition: Bindable | str | bool,
    *,
    true_block: Blocks = None,
    false_block: Blocks = None,
) -> ControlNode:
    """Run one of two blocks of steps, by a truth value that an earlier step has written."""
    fields = {"condition": condition, "true_block": _block(true_block), "false_block": _block(false_block)}
    return stack.add(ControlNode("if_else", fields))


def do_while(
    body: Node,
    mapping: Mapping[Any, Any],  # Any: outputs or their names, inputs or their names
    max_iteration_count: int,
    condition: OutputPort | str | None = None,
) -> ControlNode:
    """Run a step again and again, as long as its truth-valued output says so.

    Args:
        body: The step.
        mapping: Which of its outputs are which of its inputs the next time.
        max_iteration_count: It runs at most so often.
        condition: The output; without one it runs as often as it may.
    """
    mapped = {_port(output, "output"): [_input(body, each) for each in _several(inputs)]
              for output, inputs in mapping.items()}  # fmt: skip
    fields = {
        "body": body,
        "condition": None if condition is None else _port(condition, "condition"),
        "mapping": mapped,
        "limits": {"max_iteration_count": max_iteration_count},
    }
    return stack.add(ControlNode("do_while", fields))


def parallel_for(
    *,
    body: Node,
    items: Bindable | str | Sequence[Mapping[str, Any]] | Mapping[str, Mapping[str, Any]],  # Any: values of inputs
    max_concurrency: int | None = None,
) -> ControlNode:
    """Run a step once per item, each time with the inputs that the item gives."""
    given: object = items
    if isinstance(items, Mapping):
        given = json.dumps({key: _item(each) for key, each in items.items()})
    elif not isinstance(items, str | Bindable):
        given = json.dumps([_item(each) for each in items])
    node = ControlNode("parallel_for", {"body": body, "items": given, "max_concurrency": max_concurrency})
    node.outputs = Outputs(
        {name: OutputPort(node, name, {"type": _AGGREGATES.get(str(port.type), "string")})  # type: ignore[arg-type]  # it has a name, as steps have
         for name, port in body.outputs.items()}, "output",
    )  # fmt: skip
    return stack.add(node)


def _block(steps: Blocks) -> Node | list[Node] | None:
    if steps is None or isinstance(steps, Node):
        return steps
    return steps[0] if len(steps) == 1 else list(steps)


def _several(value: Any) -> list[Any]:  # Any: ports or their names
    return list(value) if isinstance(value, list | tuple) else [value]


def _port(value: object, what: str) -> str:
    if isinstance(value, OutputPort):
        return value.port
    if isinstance(value, str):
        return value
    raise InvalidRequest(
        f"The {what} of a loop is an output of its body or the name of one, not a {type(value).__name__}."
    )


def _input(body: Node, value: object) -> str:
    if isinstance(value, InputPort):
        return next(name for name, port in body.inputs.items() if port is value)
    if isinstance(value, str):
        return value
    raise InvalidRequest(f"An output of a loop's body is mapped to inputs of it, not to a {type(value).__name__}.")


def _item(values: Mapping[str, Any]) -> JsonObject:  # Any: values of inputs
    return {name: _item_value(value) for name, value in values.items()}


def _item_value(value: Any) -> Any:  # Any: a value of an input
    if isinstance(value, DataInput):
        mode = {"mode": value.mode} if value.mode else {}
        return {"uri": value.path, "job_input_type": value.type.value, **mode}
    return plain(value)


def _written(value: Any) -> Any:  # Any: steps, bindings and plain values
    if isinstance(value, Node):
        return f"${{{{parent.jobs.{value.name}}}}}"
    if isinstance(value, list):
        return [_written(each) for each in value]
    return plain(value)
