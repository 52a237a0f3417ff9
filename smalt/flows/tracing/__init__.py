"""Spans of flows: one per line, node, traced function and model call, in OpenTelemetry's GenAI words.

`spans` makes and collects them, `decorate` has `trace` and `start_trace`, `openai` watches the `openai` package once an
author's code has imported it, `export` writes them as OTLP/JSON. Tracing never fails a line.
"""

from __future__ import annotations

from smalt.flows.tracing.decorate import start_trace, trace
from smalt.flows.tracing.span import Span
from smalt.flows.tracing.spans import current, recording

__all__ = ["Span", "current", "recording", "start_trace", "trace"]
