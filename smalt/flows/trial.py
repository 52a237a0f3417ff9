"""Trying a flow: one line or one node, and the files that a trial leaves in `.promptflow`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalt.flows.errors import UserErrorException
from smalt.flows.running import loops
from smalt.flows.running.flow import Flow
from smalt.flows.running.results import AggregationResult, FlowFailure, LineResult, NodeResult, Status
from smalt.flows.values.plain import plain

_FOLDER = ".promptflow"


@dataclass
class Trial:
    """What one try answered.

    Attributes:
        output: Of the flow, or of the node.
        error: Why it failed, if it did.
        metrics: What aggregation nodes logged.
    """

    output: Any = None  # Any: as the flow answered
    error: FlowFailure | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)  # Any: numbers
    line: LineResult | None = None
    nodes: list[NodeResult] = field(default_factory=list)

    def raise_for_error(self) -> Trial:
        """The trial itself, unless it failed.

        Raises:
            UserErrorException: It did; the message begins with the class of the failure.
        """
        if self.error is not None:
            raise UserErrorException(f"{self.error.type}: {self.error.message}") from self.error.exception
        return self


def try_flow(flow: Flow, inputs: Mapping[str, Any] | None = None, *, allow_stream: bool = False) -> Trial:
    """Run one line; aggregation nodes see lists of one. Without inputs, the flow's sample is taken."""
    is_straight = not (flow.needs_loop or flow.has_aggregation or allow_stream or loops.is_running())
    run = loops.run_straight if is_straight else loops.run
    return run(_try_flow(flow, inputs, allow_stream=allow_stream))


async def _try_flow(flow: Flow, inputs: Mapping[str, Any] | None, *, allow_stream: bool) -> Trial:
    result = await flow.run_line(complete(flow, inputs), allow_stream=allow_stream)
    trial = Trial(result.output, result.error, {}, result, list(result.nodes.values()))
    if result.status is Status.COMPLETED and flow.has_aggregation and not allow_stream:
        aggregation: AggregationResult = await flow.aggregate([result])
        trial.metrics = aggregation.metrics
        trial.nodes.extend(aggregation.nodes.values())
        trial.error = aggregation.error if flow.kind == "dag" else None
    return trial


def complete(flow: Flow, inputs: Mapping[str, Any] | None) -> dict[str, Any]:  # Any: values of flows
    """The inputs of a trial: the sample where none are given, and an empty history for a chat that has just begun."""
    given = dict(inputs) if inputs else dict(flow.sample)
    history = flow.chat_history
    if history is not None and history not in given and flow.inputs[history].default is None:
        given[history] = []
    return given


def answer(flow: Flow, output: Any) -> Any:  # Any: as the flow answered
    """What is told of an output: a function or prompt that answers one plain value is known by that value."""
    if flow.kind != "dag" and isinstance(output, dict) and list(output) == ["output"]:
        return output["output"]
    return output


def try_node(flow: Flow, node: str, inputs: Mapping[str, Any]) -> Trial:
    """Run one node alone.

    Raises:
        SingleNodeValidationError: There is no such node, or something it needs is not given.
    """
    result = loops.run(flow.run_node(node, inputs))
    return Trial(result.output, result.error, {}, None, [result])


def write_files(trial: Trial, folder: Path, *, prefix: str = "flow", log: str = "", detail: Path | None = None) -> Path:
    """Write `<prefix>.detail.json`, `.output.json`, `.log`, and `.metrics.json` if there are some, into `.promptflow`.

    Args:
        folder: The folder of the flow.
        prefix: `flow`, `flow-<variant>`, `flow-<node>.node` or `chat`.
        log: What the flow printed.
        detail: Another folder to write into.
    """
    from smalt.flows.batch import records

    place = detail or folder / _FOLDER
    place.mkdir(parents=True, exist_ok=True)
    run_name = f"{prefix}-{int(time.time())}"
    line = None if trial.line is None else records.line_document(trial.line, run_name=run_name)["run_info"]
    nodes = [records.node_document(node, run_name=run_name, line_number=0)["run_info"] for node in trial.nodes]
    document = {"flow_runs": [] if line is None else [line], "node_runs": nodes}
    (place / f"{prefix}.detail.json").write_bytes(_indented(document))
    (place / f"{prefix}.output.json").write_bytes(_indented(trial.output))
    if trial.metrics:
        (place / f"{prefix}.metrics.json").write_bytes(_indented(dict(trial.metrics)))
    (place / f"{prefix}.log").write_text(log, encoding="utf-8")
    return place


def _indented(document: object) -> bytes:
    return json.dumps(plain(document), indent=2, ensure_ascii=False, default=str).encode(errors="replace")
