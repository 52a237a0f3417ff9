"""The spans of a line: made from its results when somebody wants them, so that lines pay nothing for them."""

from __future__ import annotations

from collections.abc import Iterator

from smalt.flows.running.results import LineResult, NodeResult
from smalt.flows.tracing import export, spans
from smalt.flows.tracing.span import Span


def trace_line(flow: str, result: LineResult) -> None:
    """Hand the spans of a line on, where lines are exported."""
    caller = spans.caller()
    if export.is_on() and (caller is None or caller.is_sampled):
        export.queue(list(spans_of(export.flow_name() or flow, result)))


def spans_of(flow: str, result: LineResult) -> Iterator[Span]:
    """One span for the line, one for each node under it, and what was recorded while they ran."""
    root = Span(flow, "Flow", None, _ns(result.started_at), ended_ns=_ns(result.ended_at))
    if (caller := spans.caller()) is not None:
        root.continues(caller)
    root.inputs, root.output = result.inputs, result.output
    root.attributes["smalt.flow"] = flow
    root.attributes["line_run_id"] = result.run_id or root.trace_id
    if result.line_number is not None:
        root.attributes["line_number"] = result.line_number
        root.attributes["batch_run_id"] = result.run_id
    for kind in ("prompt", "completion", "total"):
        root.attributes[f"__computed__.cumulative_token_count.{kind}"] = getattr(result.tokens, kind)
    if result.error is not None:
        root.error = result.error.exception
    yield root
    for node in result.nodes.values():
        yield from _of_node(node, root)
    for span in result.spans:
        if span.parent is None:
            span.parent = root
        yield span


def _of_node(node: NodeResult, root: Span) -> Iterator[Span]:
    under = Span(node.name, "Tool", root, _ns(node.started_at), ended_ns=_ns(node.ended_at))
    under.inputs, under.output = node.inputs, node.output
    under.attributes["node_name"] = node.name
    if node.error is not None:
        under.error = node.error.exception
    yield under
    for span in node.spans:
        if span.parent is None:
            span.parent = under
        yield span


def _ns(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
