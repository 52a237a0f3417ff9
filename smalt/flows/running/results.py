"""What running a flow answers: results of lines, nodes and aggregations, and failures that name where and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from smalt.flows.providers.base import Tokens

if TYPE_CHECKING:
    from smalt.flows.tracing.span import Span

__all__ = [
    "AggregationResult",
    "FlowFailure",
    "Limits",
    "LineResult",
    "NodeResult",
    "Printed",
    "Status",
    "Tokens",
    "Values",
    "completed",
]

Values = Mapping[str, Any]  # Any: what flows take and give is up to their authors


class Status(StrEnum):
    """How a line or a node ended."""

    COMPLETED = "Completed"
    FAILED = "Failed"
    BYPASSED = "Bypassed"
    CANCELED = "Canceled"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how wide a line may run.

    Attributes:
        line_seconds: A line that takes longer fails with `LineExecutionTimeoutError`; None is without end.
        node_seconds: A node that takes longer fails with `NodeExecutionTimeoutError`; None is without end.
        node_concurrency: Nodes of one line that run at the same time.
    """

    line_seconds: float | None = 600.0
    node_seconds: float | None = None
    node_concurrency: int = 16


@dataclass(slots=True)
class FlowFailure:
    """Why a line, a node or an aggregation failed.

    Attributes:
        type: The class of the failure, e.g. `InputTypeError`.
        code: `UserError` or `SystemError`.
        message: What happened, with the value, then what to do.
        node: The node that failed, if one did.
        line: The number of the line, if it has one.
        cause: The trace of the author's code, innermost frames of the author only.
        cause_type: The class of the exception that the author's code raised.
        exception: The exception itself, for callers in this process.
    """

    type: str
    code: str
    message: str
    node: str | None = None
    line: int | None = None
    cause: str = ""
    cause_type: str = ""
    exception: BaseException | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Printed:
    """Text that a node wrote to `stdout` or `stderr`, and when, in seconds since the epoch."""

    stream: str
    text: str
    at: float


@dataclass(slots=True)
class NodeResult:
    """How one node of a line ended. Times are seconds since the epoch."""

    name: str
    status: Status
    inputs: Values = field(default_factory=dict)
    output: Any = None  # Any: as the tool answered
    error: FlowFailure | None = None
    started_at: float = 0.0
    ended_at: float = 0.0
    tokens: Tokens | None = None
    spans: list[Span] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)


@dataclass(slots=True)
class LineResult:
    """How one line ended: its output, its nodes, its failure. Times are seconds since the epoch."""

    status: Status
    inputs: Values
    output: dict[str, Any]  # Any: as the flow answered
    nodes: dict[str, NodeResult]
    error: FlowFailure | None = None
    line_number: int | None = None
    run_id: str | None = None
    started_at: float = 0.0
    ended_at: float = 0.0
    tokens: Tokens = field(default_factory=Tokens)
    spans: list[Span] = field(default_factory=list)
    aggregation_inputs: dict[str, Any] = field(default_factory=dict)  # Any: what aggregation nodes will look at


@dataclass(slots=True)
class AggregationResult:
    """What the aggregation over all completed lines answered."""

    outputs: dict[str, Any] = field(default_factory=dict)  # Any: as the nodes answered
    metrics: dict[str, Any] = field(default_factory=dict)  # Any: numbers, or numbers per variant
    nodes: dict[str, NodeResult] = field(default_factory=dict)
    error: FlowFailure | None = None


def completed(lines: Sequence[LineResult]) -> list[LineResult]:
    """The lines that an aggregation looks at."""
    return [line for line in lines if line.status is Status.COMPLETED]
