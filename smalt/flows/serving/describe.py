"""The OpenAPI document of a served flow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from smalt.flows.running.flow import Flow

_TYPES = {
    "int": "integer",
    "double": "number",
    "bool": "boolean",
    "string": "string",
    "list": "array",
    "object": "object",
    "image": "object",
}

Document = dict[str, Any]  # Any: JSON


def openapi(flow: Flow) -> Document:
    """What `/swagger.json` answers."""
    info: Document = {"title": f"Promptflow[{flow.name}] API", "version": "1.0.0", "x-flow-name": flow.name}
    if flow.chat_input is not None:
        info |= {"x-chat-input": flow.chat_input, "x-flow-type": "chat"}
    if flow.chat_history is not None:
        info["x-chat-history"] = flow.chat_history
    if flow.chat_output is not None:
        info["x-chat-output"] = flow.chat_output
    request: Document = {"schema": _schema(flow.inputs)}
    example = _sample(flow)
    if example is not None:
        request["example"] = example
    answers: Document = {
        "200": {
            "description": "successful operation",
            "content": {"application/json": {"schema": _schema(flow.outputs, are_outputs=True)}},
        },
        "400": {"description": "Invalid input"},
        "default": {"description": "unexpected error"},
    }
    operation = {
        "summary": f"run promptflow: {flow.name} with an given input",
        "requestBody": {
            "description": "promptflow input data",
            "required": bool(flow.inputs),
            "content": {"application/json": request},
        },
        "responses": answers,
    }
    return {
        "openapi": "3.0.0",
        "info": info,
        "components": {"securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearerAuth": []}],
        "paths": {"/score": {"post": operation}, "/feedback": {"post": _FEEDBACK}},
    }


_FEEDBACK: Document = {
    "summary": "collect promptflow feedback",
    "parameters": [{"name": "flatten", "in": "query", "required": False, "schema": {"type": "boolean"}}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    "responses": {"200": {"description": "successful operation"}},
}


def _schema(fields: Any, *, are_outputs: bool = False) -> Document:  # Any: definitions of inputs or outputs
    shown = {name: each for name, each in fields.items() if not getattr(each, "evaluation_only", False)}
    schema: Document = {"type": "object", "properties": {name: _field(each) for name, each in shown.items()}}
    required = [name for name, each in shown.items() if getattr(each, "default", None) is None]
    if required and not are_outputs:
        schema["required"] = required
    return schema


def _field(definition: Any) -> Document:  # Any: definition of an input or output
    kind = _TYPES.get(definition.type, "string")
    field: Document = {"type": kind}
    if definition.description:
        field["description"] = definition.description
    default = getattr(definition, "default", None)
    if default is not None:
        field["default"] = default
    if kind == "object":
        field["additionalProperties"] = {}
    if kind == "array":
        field["items"] = {"type": "object", "additionalProperties": {}}
    return field


def _sample(flow: Flow) -> Any:  # Any: JSON
    for name in ("samples.json", "sample.json"):
        file = Path(flow.folder) / name
        if file.is_file():
            try:
                return json.loads(file.read_text(encoding="utf-8"))
            except ValueError:
                return None
    return dict(flow.sample) or None
