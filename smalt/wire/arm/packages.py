"""The body of a request to pack a model. It is no resource: there is no envelope round it."""

from __future__ import annotations

from typing import Any

from smalt.entities.environment import InferenceConfig, Route
from smalt.entities.model_package import BaseEnvironment, InferencingServer, ModelConfiguration, ModelPackage
from smalt.errors import InvalidRequest
from smalt.wire.arm import schema
from smalt.wire.arm.base import as_object
from smalt.wire.arm.online_deployments import CODE
from smalt.wire.arm.shape import JsonObject, Shape, Words
from smalt.wire.references import AssetReference, LocalPath, WorkspaceName, parse

_ROUTE = Shape.of(Route)
_SERVER = Shape.of(
    InferencingServer,
    rename={"type": "serverType"},
    parts={
        "type": Words(
            {
                "azureml_online": "AzureMLOnline",
                "azureml_batch": "AzureMLBatch",
                "triton": "Triton",
                "custom": "Custom",
            }
        ),
        "code_configuration": CODE,
        "inference_configuration": Shape.of(InferenceConfig, parts=dict.fromkeys(InferenceConfig.model_fields, _ROUTE)),
    },
)
_BASE = Shape.of(
    BaseEnvironment,
    rename={"type": "baseEnvironmentSourceType"},
    parts={"type": Words({"environment_asset": "EnvironmentAsset"})},
)
_MODEL = Shape.of(ModelConfiguration, parts={"mode": Words({"copy": "Copy", "download": "Download"})})
_SHAPE = Shape.of(
    ModelPackage,
    parts={"base_environment_source": _BASE, "inferencing_server": _SERVER, "model_configuration": _MODEL},
    skip={"target_environment"},
)
_TARGET, _TARGET_NAME = "targetEnvironmentId", "targetEnvironmentName"


def to_arm(package: ModelPackage, target: str) -> JsonObject:
    """The body that asks for a package.

    Args:
        package: What is wanted.
        target: The id of the environment that it becomes.
    """
    body: JsonObject = _SHAPE.to_arm(package.document())
    return {_TARGET: target, **body}


def from_arm(body: object) -> tuple[ModelPackage, WorkspaceName | None]:
    """What a body asks for, and the workspace of the environment where it is named.

    Raises:
        ValidationFailed: The body is not valid.
        InvalidRequest: It names no environment.
    """
    given = dict(as_object(body, "body"))
    identifier, plain = given.pop(_TARGET, None), given.pop(_TARGET_NAME, None)
    name, version, workspace = _target(identifier or plain)
    document = {**_SHAPE.from_arm(given), "target_environment": {"name": name, "version": version}}
    return ModelPackage.parse(document), workspace


def body_schema() -> JsonObject:
    """JSON schema of the body, for the API description."""
    found = schema.wire_schema(ModelPackage, _SHAPE)
    named = {_TARGET: {"type": "string"}, _TARGET_NAME: {"type": "string"}}
    return found | {"properties": {**named, **found["properties"]}}


def _target(given: Any) -> tuple[str, str | None, WorkspaceName | None]:  # Any: JSON
    """An id, or a bare name."""
    reference = parse(given) if isinstance(given, str) else None
    if isinstance(reference, LocalPath) and "/" not in reference.path:
        name, _, version = reference.path.partition(":")
        return name, version or None, None
    if not isinstance(reference, AssetReference) or (reference.kind or "environments") != "environments":
        raise InvalidRequest(
            f"targetEnvironmentId is {str(given)[:200]!r}, which names no environment. Send the name of one.",
            target=_TARGET,
        )
    return reference.name, reference.version, reference.workspace
