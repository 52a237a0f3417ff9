"""The description of a scoring service, in OpenAPI 2 and 3, in the shape that clients of Azure know."""

from __future__ import annotations

import copy
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}
_SCORE = "Score the input and get the output of the model."
_HEALTH = "Tell that the service is up."
_SPEC = "Get this description."


def describe(version: str, taken: Any, given: Any) -> dict[str, Any] | None:
    """A description, given the schemas of what comes in and what goes out; None for an unknown version."""
    if version == "2":
        return _second(copy.deepcopy(taken), copy.deepcopy(given))
    if version == "3":
        return _third(copy.deepcopy(taken), copy.deepcopy(given))
    return None


def _info() -> dict[str, str]:
    name = os.environ.get("SERVICE_NAME", "ML service")
    return {
        "title": name,
        "description": f"What the service {name} takes and gives.",
        "version": os.environ.get("SERVICE_VERSION", "1.0"),
    }


def _prefix() -> str:
    prefix = os.environ.get("SERVICE_PATH_PREFIX", "").strip("/")
    return f"/{prefix}" if prefix else ""


def _second(taken: Any, given: Any) -> dict[str, Any]:
    def answers(schema: Any, what: str) -> dict[str, Any]:
        failed = {"description": "The service failed.", "schema": {"$ref": "#/definitions/ErrorResponse"}}
        return {"200": {"description": what, "schema": schema}, "default": failed}

    body = {"name": "serviceInputPayload", "in": "body", "description": "The input of the model."}
    version = {"name": "version", "in": "query", "required": False, "type": "integer", "enum": [2, 3]}
    bearer = {"type": "apiKey", "name": "Authorization", "in": "header", "description": "For example: Bearer abc123"}
    return {
        "swagger": "2.0",
        "info": _info(),
        "schemes": ["https", "http"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": bearer},
        "paths": {
            f"{_prefix()}/": {
                "get": {
                    "operationId": "ServiceHealthCheck",
                    "description": _HEALTH,
                    "responses": answers({"type": "string"}, "It is up."),
                }
            },
            f"{_prefix()}/score": {
                "post": {
                    "operationId": "RunMLService",
                    "description": _SCORE,
                    "security": [{"Bearer": []}],
                    "parameters": [{**body, "schema": {"$ref": "#/definitions/ServiceInput"}}],
                    "responses": answers({"$ref": "#/definitions/ServiceOutput"}, "The output."),
                }
            },
            f"{_prefix()}/swagger.json": {
                "get": {
                    "operationId": "GetSwaggerSpec",
                    "description": _SPEC,
                    "parameters": [version],
                    "responses": answers({"type": "string"}, "The description."),
                }
            },
        },
        "definitions": {"ServiceInput": taken, "ServiceOutput": given, "ErrorResponse": _ERROR},
    }


def _third(taken: Any, given: Any) -> dict[str, Any]:
    def answers(schema: Any, what: str, kind: str = "application/json") -> dict[str, Any]:
        failed = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
        return {
            "200": {"description": what, "content": {kind: {"schema": schema}}},
            "default": {"description": "The service failed.", "content": failed},
        }

    version = {"name": "version", "in": "query", "required": False}
    bearer = {"type": "apiKey", "name": "Authorization", "in": "header", "description": "For example: Bearer abc123"}
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/ServiceInput"}}}
    return {
        "openapi": "3.0.3",
        "info": _info(),
        "security": [{"Bearer": []}],
        "paths": {
            f"{_prefix()}/": {
                "get": {
                    "operationId": "ServiceHealthCheck",
                    "description": _HEALTH,
                    "responses": answers({"type": "string"}, "It is up.", "text/plain"),
                }
            },
            f"{_prefix()}/score": {
                "post": {
                    "operationId": "RunMLService",
                    "description": _SCORE,
                    "security": [{"Bearer": []}],
                    "requestBody": {"description": "The input of the model.", "content": body},
                    "responses": answers({"$ref": "#/components/schemas/ServiceOutput"}, "The output."),
                }
            },
            f"{_prefix()}/swagger.json": {
                "get": {
                    "operationId": "GetSwaggerSpec",
                    "description": _SPEC,
                    "parameters": [{**version, "schema": {"type": "integer", "enum": [2, 3]}}],
                    "responses": answers({"type": "string"}, "The description.", "text/plain"),
                }
            },
        },
        "components": {
            "schemas": {"ServiceInput": taken, "ServiceOutput": given, "ErrorResponse": _ERROR},
            "securitySchemes": {"Bearer": bearer},
        },
    }
