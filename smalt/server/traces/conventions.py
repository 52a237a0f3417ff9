"""What a span says, whoever wrote it: OpenTelemetry's GenAI conventions, prompt flow, MLflow, OpenInference. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from smalt.flows.providers import Tokens
from smalt.server.traces.otlp import Span

_KINDS = {
    "agent": "Agent",
    "chain": "Chain",
    "chat_model": "LLM",
    "embedding": "Embedding",
    "embeddings": "Embedding",
    "evaluator": "Evaluator",
    "flow": "Flow",
    "function": "Function",
    "llm": "LLM",
    "reranker": "Reranker",
    "retrieval": "Retrieval",
    "retriever": "Retrieval",
    "tool": "Tool",
}
_OPERATIONS = {
    "chat": "LLM",
    "completion": "LLM",
    "create_agent": "Agent",
    "embeddings": "Embedding",
    "execute_tool": "Tool",
    "generate_content": "LLM",
    "invoke_agent": "Agent",
    "text_completion": "LLM",
}
_OTEL_KINDS = {2: "Server", 3: "Client", 4: "Producer", 5: "Consumer"}
_MODEL_KINDS = frozenset({"LLM", "Embedding"})

_KIND = ("span_type", "mlflow.spanType", "openinference.span.kind", "traceloop.span.kind")
_MODEL = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.response.model",
    "mlflow.llm.model",
    "llm.model_name",
    "embedding.model_name",
)
_PROMPT = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
)
_COMPLETION = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
)
_TOTAL = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total")
_MLFLOW_USAGE = "mlflow.chat.tokenUsage"
_CUMULATIVE = "__computed__.cumulative_token_count"
_COST = ("gen_ai.usage.cost",)
_INPUTS = (
    "inputs",
    "mlflow.spanInputs",
    "input.value",
    "traceloop.entity.input",
    "gen_ai.input.messages",
    "gen_ai.tool.call.arguments",
    "gen_ai.prompt",
)
_OUTPUT = (
    "output",
    "mlflow.spanOutputs",
    "output.value",
    "traceloop.entity.output",
    "gen_ai.output.messages",
    "gen_ai.tool.call.result",
    "gen_ai.completion",
)
_INPUT_EVENTS = frozenset({"promptflow.function.inputs", "gen_ai.content.prompt"})
_OUTPUT_EVENTS = frozenset({"promptflow.function.output", "gen_ai.content.completion"})
_CONTENTS = ("payload", "gen_ai.prompt", "gen_ai.completion")
_MESSAGE = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_CHOICE = re.compile(r"gen_ai\.choice")
_MOST = 10**12
_SESSION = ("session_id", "session.id", "gen_ai.conversation.id", "mlflow.trace.session")
_FLOW = ("smalt.flow", "collection")
_RUN = ("smalt.job", "batch_run_id")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a trace comes from, as far as its spans tell."""

    session: str | None = None
    flow: str | None = None
    line: int | None = None
    job: str | None = None
    endpoint: str | None = None
    deployment: str | None = None


def kind(span: Span) -> str:
    """What the work is, such as `LLM`, `Tool` or `Flow`; empty when nobody says."""
    for name in _KIND:
        told = _plain(span.attributes.get(name))
        if isinstance(told, str) and told and told != "UNKNOWN":
            return _KINDS.get(told.lower(), told[:60])
    operation = span.attributes.get("gen_ai.operation.name")
    if isinstance(operation, str) and operation in _OPERATIONS:
        return _OPERATIONS[operation]
    return _OTEL_KINDS.get(span.kind, "")


def is_model_call(span: Span) -> bool:
    """Whether its tokens are its own, and not the sum of what it has called."""
    return kind(span) in _MODEL_KINDS


def model(span: Span) -> str:
    """The model that was called, or nothing."""
    return _first_text(span.attributes, _MODEL) or ""


def tokens(span: Span) -> Tokens | None:
    """The tokens that the span itself tells of."""
    given = span.attributes
    usage = _plain(given.get(_MLFLOW_USAGE))
    if isinstance(usage, Mapping):
        return _counted(usage.get("input_tokens"), usage.get("output_tokens"), usage.get("total_tokens"))
    return _counted(_first(given, _PROMPT), _first(given, _COMPLETION), _first(given, _TOTAL))


def cumulative_tokens(span: Span) -> Tokens | None:
    """The tokens of a span and all below it, as prompt flow sums them up."""
    found = (span.attributes.get(f"{_CUMULATIVE}.{name}") for name in ("prompt", "completion", "total"))
    return _counted(*found)


def cost(span: Span) -> float | None:
    """What a call has cost in US dollars, where its span says so."""
    found = _first(span.attributes, _COST)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def inputs(span: Span) -> Any:  # Any: JSON
    """What was given to it."""
    return _content(span, _INPUTS, _INPUT_EVENTS, _MESSAGE)


def output(span: Span) -> Any:  # Any: JSON
    """What came out of it."""
    return _content(span, _OUTPUT, _OUTPUT_EVENTS, _CHOICE)


def origin(span: Span) -> Origin:
    """Where a span says that it comes from."""
    told = {**span.resource, **span.attributes}
    flow = _first_text(told, _FLOW)
    return Origin(
        session=_first_text(told, _SESSION),
        flow=None if flow == "default" else flow,
        line=_whole(span.attributes.get("line_number")),
        job=_first_text(told, _RUN),
        endpoint=_first_text(told, ("smalt.endpoint",)),
        deployment=_first_text(told, ("smalt.deployment",)),
    )


def _content(span: Span, names: tuple[str, ...], events: frozenset[str], message: re.Pattern[str]) -> Any:  # Any: JSON
    """What an attribute says, else an event that carries all of it, else those that carry a message each."""
    for name in names:
        if span.attributes.get(name) is not None:
            return _plain(span.attributes[name])
    for event in span.events:
        if event["name"] in events:
            return _plain(_first(event["attributes"], _CONTENTS))
    return [event["attributes"] for event in span.events if message.fullmatch(event["name"])] or None


def _counted(prompt: object, completion: object, total: object) -> Tokens | None:
    found = [_whole(each) for each in (prompt, completion, total)]
    if all(each is None for each in found):
        return None
    known = [each or 0 for each in found]
    return Tokens(known[0], known[1], found[2] if found[2] is not None else known[0] + known[1])


def _whole(value: object) -> int | None:
    """A count, as a number or as text; what no call could take is none, so that sums stay numbers of a database."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18:
        value = int(value)
    if isinstance(value, float) and value == value // 1:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        return None
    return value


def _first(given: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # Any: JSON
    return next((given[name] for name in names if given.get(name) is not None), None)


def _first_text(given: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        found = _plain(given.get(name))
        if isinstance(found, str) and found:
            return found.replace("\0", "\ufffd")[:250]
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
    return None


def _plain(value: Any) -> Any:  # Any: JSON
    """A value that was written as JSON text, as the value it is."""
    if isinstance(value, str) and value[:1] in ('"', "{", "["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return value
    return value
