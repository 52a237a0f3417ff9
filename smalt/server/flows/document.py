"""Flows as JSON."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from smalt.entities.flow import Flow, FlowDeployment, FlowFile, FlowVersion
from smalt.flows.definition import NodeDefinition
from smalt.flows.definition.outline import Outline
from smalt.flows.definition.references import Reference, Source
from smalt.kit import clock
from smalt.server.flows import contents
from smalt.server.flows.store import FlowRecord, VersionRecord
from smalt.wire.arm import flows as wire

Json = dict[str, Any]  # Any: JSON

_LONGEST_COMPARED = 256 * 1024
_MOST_LINES_COMPARED = 5000
_LARGEST_DIFF = 2 << 20
_MOST_LINES_IN_ALL = 20_000


def flow_to_json(record: FlowRecord, deployments: Sequence[FlowDeployment] = ()) -> Json:
    """A flow."""
    entity = Flow(
        name=record.name,
        display_name=record.display_name,
        description=record.description,
        tags=dict(record.tags),
        type=record.type,
        kind=record.kind,
        entry_file=record.entry_file,
        latest_version=record.latest_version,
        created_by=record.created_by,
        created_at=clock.to_text(record.created_at),
        updated_by=record.modified_by,
        updated_at=clock.to_text(record.modified_at),
        cloned_from=record.cloned_from,
        deployments=list(deployments),
    )
    return wire.to_wire(entity)


def version_to_json(record: VersionRecord) -> Json:
    """A version of a flow, without its files."""
    entity = FlowVersion(
        version=record.version,
        message=record.message,
        created_by=record.created_by,
        created_at=clock.to_text(record.created_at),
        changed=list(record.changed),
        code_id=record.code_id,
        uri=record.uri,
    )
    return wire.to_wire(entity)


def files_to_json(record: VersionRecord) -> list[Json]:
    """The files of a version."""
    return [wire.to_wire(FlowFile.parse(file)) for file in record.files]


def diff_to_json(before: contents.Contents, after: contents.Contents) -> list[Json]:
    """What differs between two sets of files, as people read it."""
    found: list[Json] = []
    left, lines_left = _LARGEST_DIFF, _MOST_LINES_IN_ALL
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        change = "added" if old is None else "removed" if new is None else "changed"
        size = len(old or b"") + len(new or b"")
        lines = (old or b"").count(b"\n") + (new or b"").count(b"\n")
        unified = _unified(path, old, new) if size <= left and lines <= lines_left else None
        if unified is not None:
            left, lines_left = left - size, lines_left - lines
        found.append({"path": path, "change": change, "unified": unified})
    return found


def _unified(path: str, old: bytes | None, new: bytes | None) -> str | None:
    """None for what is no text, or too long to be compared while somebody waits."""
    texts: list[list[str]] = []
    for content in (old, new):
        if content is not None and (len(content) > _LONGEST_COMPARED or b"\0" in content):
            return None
        try:
            lines = (content or b"").decode().splitlines(keepends=True)
        except UnicodeDecodeError:
            return None
        if len(lines) > _MOST_LINES_COMPARED:
            return None
        texts.append(lines)
    before, after = "/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}"
    pieces = difflib.unified_diff(texts[0], texts[1], before, after)
    # What a line without an end says in a unified diff.
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in pieces)


def outline_to_json(found: Outline) -> Json:
    """What is drawn of a flow."""
    return {
        "kind": found.kind,
        "type": found.type,
        "entryFile": found.entry_file,
        "inputs": [
            {
                "name": name,
                "type": item.type,
                "default": item.default,
                "description": item.description,
                "isChatInput": item.is_chat_input,
                "isChatHistory": bool(item.is_chat_history),
            }
            for name, item in found.inputs.items()
        ],
        "outputs": [
            {
                "name": name,
                "type": item.type,
                "reference": _shown(item.reference),
                "isChatOutput": item.is_chat_output,
                "evaluationOnly": item.evaluation_only,
            }
            for name, item in found.outputs.items()
        ],
        "nodes": [_node_to_json(found, node) for node in found.nodes],
        "edges": [{"from": edge.source, "to": edge.target, "input": edge.input} for edge in found.edges],
        "problems": [
            {
                "code": problem.code,
                "message": problem.message,
                "path": problem.path,
                "line": problem.line,
                "node": problem.node,
            }
            for problem in found.problems
        ],
        "editable": found.editable,
    }


def _node_to_json(found: Outline, node: NodeDefinition) -> Json:
    source, activate, variants = node.source, node.activate, found.variants.get(node.name)
    return {
        "name": node.name,
        "type": node.type,
        "source": None if source is None else {"type": source.type, "path": source.path, "tool": source.tool},
        "inputs": {name: _shown(reference) for name, reference in node.inputs.items()},
        "connection": node.connection,
        "api": node.api,
        "provider": node.provider,
        "aggregation": node.aggregation,
        "activate": None if activate is None else {"when": _shown(activate.when), "is": activate.equals},
        "variants": None if variants is None else {"default": variants[0], "names": variants[1]},
    }


def _shown(value: Any) -> Any:  # Any: a reference, or a literal of a YAML file
    if not isinstance(value, Reference):
        return value
    return value.value if value.source is Source.LITERAL else str(value)
