"""What is kept of a trace besides its spans, made from those that have just come in. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smalt.flows.providers import Tokens
from smalt.server.traces import conventions
from smalt.server.traces.conventions import Origin
from smalt.server.traces.otlp import Span

Price = Callable[[str, Tokens], float | None]
"""What a model takes for so many tokens, in US dollars; None where nobody knows."""

_PREVIEW = 1000
_ERROR = 2
_MILLION = 1_000_000
_HIGHEST = 4
"""Spans that are asked where a trace comes from: what is told only further down is told by nobody."""

TOTALS = ("prompt_tokens", "completion_tokens", "total_tokens", "cost")
_ORIGIN = tuple(Origin.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The spans of one trace that have come in together, and what they say.

    Args:
        spans: Each once; the last that came.
        started_at: When the first of them began, in milliseconds since the epoch.
        told: What the span at the top says of the trace, if it is among them.
        origin: Where the trace comes from.
        calls: The calls of models.
        said: What the root says that all calls have taken.
    """

    spans: Sequence[Span]
    started_at: int
    told: Mapping[str, Any] | None
    origin: Mapping[str, Any]
    calls: Sequence[Mapping[str, Any]]
    said: Mapping[str, Any]


def arrivals(spans: Sequence[Span], price: Price) -> dict[str, Arrival]:
    """What has come in, by the ids of its traces."""
    by_trace: dict[str, dict[str, Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, {})[span.span_id] = span
    return {trace_id: _arrival(list(found.values()), price) for trace_id, found in by_trace.items()}


def _arrival(spans: Sequence[Span], price: Price) -> Arrival:
    first = min(span.started_at_ns for span in spans) // _MILLION
    return Arrival(spans, first, told(spans), origin(spans), model_calls(spans, price), cumulative(spans, price))


def told(spans: Sequence[Span]) -> dict[str, Any] | None:
    """What the span at the top says of its trace, or None when it is not among these."""
    root = next((span for span in spans if span.parent_id is None), None)
    top = root or next((span for span in spans if span.has_remote_parent), None)
    if top is None:
        return None
    values: dict[str, Any] = {
        "name": top.name[:_PREVIEW],
        "kind": conventions.kind(top),
        "started_at": top.started_at_ns // _MILLION,
        "state": "IN_PROGRESS",
        "duration": None,
        "request_preview": _preview(conventions.inputs(top)),
        "response_preview": _preview(conventions.output(top)),
        # The caller of another process may still tell more than this span knows.
        "is_told": root is not None and root.ended_at_ns is not None,
    }
    if top.ended_at_ns is not None:
        values |= {
            "state": "ERROR" if top.status == _ERROR else "OK",
            "duration": max(top.ended_at_ns - top.started_at_ns, 0) // _MILLION,
        }
    return values


def origin(spans: Sequence[Span]) -> dict[str, Any]:
    """Where the trace comes from: of each fact, what the span that stands highest says."""
    found: dict[str, Any] = dict.fromkeys(_ORIGIN)
    for span in sorted(spans, key=lambda span: (span.parent_id is not None, span.started_at_ns))[:_HIGHEST]:
        told_here = conventions.origin(span)
        for name in _ORIGIN:
            if found[name] is None:
                found[name] = getattr(told_here, name)
    return found


def model_calls(spans: Sequence[Span], price: Price) -> list[dict[str, Any]]:
    """The calls of models among spans of one trace, each counted once.

    A framework and the package that it uses may both make a span of a call; the inner one counts.
    """
    by_id = {span.span_id: span for span in spans}
    calls = {span.span_id: span for span in spans if conventions.is_model_call(span) and _says_something(span)}
    covered: set[str] = set()
    for span in calls.values():
        above = span.parent_id
        while above is not None and above in by_id and above not in covered:
            covered.add(above)
            above = by_id[above].parent_id
    return [_call(span, price) for key, span in calls.items() if key not in covered]


def cumulative(spans: Sequence[Span], price: Price) -> dict[str, Any]:
    """What the root says that all calls have taken, for traces whose calls are not spans; empty when it does not."""
    for span in spans:
        tokens = conventions.cumulative_tokens(span) if span.parent_id is None else None
        if tokens is not None and tokens.total:
            cost = price(conventions.model(span), tokens)
            return dict(zip(TOTALS, (tokens.prompt, tokens.completion, tokens.total, cost), strict=True))
    return {}


def _says_something(span: Span) -> bool:
    return bool(conventions.tokens(span) or conventions.model(span))


def _call(span: Span, price: Price) -> dict[str, Any]:
    tokens, model = conventions.tokens(span) or Tokens(), conventions.model(span)
    cost = conventions.cost(span)
    ended = span.ended_at_ns
    return {
        "span_id": span.span_id,
        "duration": None if ended is None else max(ended - span.started_at_ns, 0) // _MILLION,
        "is_failed": span.status == _ERROR,
        "model": model,
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.total,
        "cost": price(model, tokens) if cost is None else cost,
    }


def _preview(content: Any) -> str | None:  # Any: JSON
    if content is None:
        return None
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return text[:_PREVIEW].replace("\0", "\ufffd")
