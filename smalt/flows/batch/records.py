"""What is written of a line and of its nodes, in the fields that prompt flow's files have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from smalt.flows.connections.base import Connection
from smalt.flows.running.results import FlowFailure, LineResult, NodeResult, Status
from smalt.flows.tracing.secrets import struck
from smalt.flows.values.plain import plain

if TYPE_CHECKING:
    import msgspec

    from smalt.flows.providers.base import Tokens
    from smalt.flows.tracing.span import Span

Document = dict[str, Any]  # Any: JSON

_NOTHING = {"stdout": "", "stderr": ""}


def line_document(result: LineResult, *, run_name: str) -> Document:
    """The record of a line: what `flow_artifacts` holds."""
    line = result.line_number or 0
    started, ended = _moment(result.started_at), _moment(result.ended_at)
    run_info: Document = {
        "run_id": f"{run_name}_{line}",
        "status": result.status,
        "error": error_document(result.error),
        "inputs": {**result.inputs, "line_number": line},
        "output": result.output if result.status == Status.COMPLETED else None,
        "metrics": None,
        "request": None,
        "parent_run_id": run_name,
        "root_run_id": run_name,
        "source_run_id": None,
        "flow_id": "default_flow_id",
        "start_time": started,
        "end_time": ended,
        "index": line,
        "api_calls": _calls(result.spans),
        "system_metrics": _system_metrics(result.started_at, result.ended_at, result.tokens),
        "result": None,
    }
    if result.aggregation_inputs:
        run_info["aggregation_inputs"] = result.aggregation_inputs
    return {
        "line_number": line,
        "run_info": run_info,
        "start_time": started,
        "end_time": ended,
        "name": "",
        "description": "",
        "status": result.status,
        "tags": None,
    }


def node_document(node: NodeResult, *, run_name: str, line_number: int | None) -> Document:
    """The record of a node in a line, or of an aggregation: what `node_artifacts` holds."""
    started, ended = _moment(node.started_at), _moment(node.ended_at)
    flow_run = run_name if line_number is None else f"{run_name}_{line_number}"
    run_info = {
        "node": node.name,
        "flow_run_id": run_name,
        "run_id": f"{flow_run}_{node.name}",
        "status": node.status,
        "inputs": shown_inputs(node.inputs),
        "output": node.output,
        "metrics": None,
        "error": error_document(node.error),
        "parent_run_id": flow_run,
        "start_time": started,
        "end_time": ended,
        "index": line_number,
        "api_calls": _calls(node.spans),
        "cached_run_id": None,
        "cached_flow_run_id": None,
        "logs": _logs(node) if node.printed else _NOTHING,
        "system_metrics": _system_metrics(node.started_at, node.ended_at, node.tokens),
        "result": node.output,
    }
    return {
        "NodeName": node.name,
        "line_number": 0 if line_number is None else line_number,
        "run_info": run_info,
        "start_time": started,
        "end_time": ended,
        "status": node.status,
    }


def error_document(error: FlowFailure | None) -> Document | None:
    """A failure as prompt flow writes it: codes from the widest to the narrowest, the author's trace apart."""
    if error is None:
        return None
    document: Document = {
        "message": error.message,
        "messageFormat": "",
        "messageParameters": {},
        "referenceCode": error.node or "Flow",
        "code": error.code,
        "innerError": {"code": error.type, "innerError": None},
    }
    if error.cause:
        info = {"type": error.cause_type, "message": error.message, "traceback": error.cause}
        document["additionalInfo"] = [{"type": "ToolExecutionErrorDetails", "info": info}]
    document["debugInfo"] = {"type": error.type, "message": error.message, "stackTrace": error.cause}
    return document


def shown_inputs(inputs: Mapping[str, Any]) -> Document:  # Any: values of flows
    """The inputs of a node as they may be written: a connection is its name."""
    for value in inputs.values():
        if isinstance(value, Connection):
            break
    else:
        return dict(inputs)
    return {
        name: (value.name or value.kind) if isinstance(value, Connection) else value for name, value in inputs.items()
    }


def encode(document: object) -> bytes:
    """JSON of anything a flow may answer: what JSON has no word for is written as its text."""
    try:
        return _encoder().encode(document)
    except (TypeError, ValueError, OverflowError, RecursionError):
        # Keys that are no text, numbers and texts beyond what the quick way takes.
        return json.dumps(plain(document), default=str).encode()


def prepare() -> None:
    """Load what the first record needs, in a moment in which nobody waits."""
    _encoder()


@lru_cache(1)
def _encoder() -> msgspec.json.Encoder:
    import msgspec  # a trial of one line does without it

    return msgspec.json.Encoder(enc_hook=plain)


def decode(line: bytes | str) -> Any:  # Any: JSON
    """What `encode` wrote."""
    import msgspec

    return msgspec.json.decode(line)


def _system_metrics(started: float, ended: float, tokens: Tokens | None) -> Document:
    found: Document = {"duration": max(ended - started, 0.0)}
    if tokens is not None:
        found |= {
            "prompt_tokens": tokens.prompt,
            "completion_tokens": tokens.completion,
            "total_tokens": tokens.total,
        }
    return found


def _logs(node: NodeResult) -> dict[str, str]:
    """What a node printed, each line with its moment."""
    found = dict(_NOTHING)
    for piece in node.printed:
        begins = found[piece.stream][-1:] in ("", "\n") and piece.text != "\n"
        found[piece.stream] += f"[{_second(int(piece.at))}+0000] {piece.text}" if begins else piece.text
    return {stream: struck(text) for stream, text in found.items()}


def _calls(spans: list[Span]) -> list[Document] | None:
    """What was called within a node, as a tree."""
    if not spans:
        return None
    made: dict[int, Document] = {}
    tops: list[Document] = []
    for span in spans:
        ended_ns = span.ended_ns or span.started_ns  # A stream that nobody has read has not ended.
        document = made[id(span)] = {
            "name": span.name,
            "type": span.kind,
            "inputs": span.inputs,
            "output": span.output,
            "start_time": span.started_ns / 1e9,
            "end_time": ended_ns / 1e9,
            "error": None if span.error is None else {"message": str(span.error), "type": type(span.error).__name__},
            "children": [],
        }
        model = span.attributes.get("gen_ai.response.model") or span.attributes.get("gen_ai.request.model")
        if model:
            document["model"] = model
        if span.tokens is not None:
            document["system_metrics"] = _system_metrics(span.started_ns / 1e9, ended_ns / 1e9, span.tokens)
        above = made.get(id(span.parent))
        (tops if above is None else above["children"]).append(document)
    return tops


def _moment(seconds: float) -> str:
    whole = int(seconds)
    # Eight of these are written for a line of three nodes; an f-string would take half as long again.
    return "%s.%06d+00:00" % (_second(whole), (seconds - whole) * 1_000_000)  # noqa: UP031


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """A second in UTC. Lines of a batch begin and end in few different ones."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
