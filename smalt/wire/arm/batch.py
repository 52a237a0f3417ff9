"""The ARM spelling of batch endpoints and their deployments, which command lines of online ones need not load."""

from __future__ import annotations

from smalt.entities.endpoint.batch import (
    BatchDefaults,
    BatchRetrySettings,
    ModelBatchDeployment,
    ModelBatchSettings,
)
from smalt.entities.job.resources import JobResources
from smalt.wire.arm import schema
from smalt.wire.arm.base import ENVELOPE, ShapeCodec, as_object
from smalt.wire.arm.online_deployments import CODE, SECONDS
from smalt.wire.arm.online_endpoints import AUTH_MODES, TRACKED
from smalt.wire.arm.shape import Both, JsonObject, Part, Shape, Words

BATCH_ENDPOINTS = ShapeCodec(
    "batch_endpoint",
    lambda model: Shape.of(
        model,
        rename={"openapi_uri": "swaggerUri"},
        parts={"auth_mode": AUTH_MODES, "defaults": Shape.of(BatchDefaults)},
        skip=ENVELOPE,
    ),
    tracked=TRACKED,
)

_SETTINGS = (
    "mini_batch_size", "max_concurrency_per_instance", "output_action", "output_file_name", "error_threshold",
    "retry_settings", "logging_level",
)  # fmt: skip
_BATCH_PARTS: dict[str, Part] = {
    "code_configuration": CODE,
    "retry_settings": Shape.of(BatchRetrySettings, parts={"timeout": SECONDS}),
    "output_action": Words({"append_row": "AppendRow", "summary_only": "SummaryOnly"}),
    "logging_level": Words({"info": "Info", "warning": "Warning", "debug": "Debug"}),
    "resources": Shape.of(JobResources),
    "model": Both(
        lambda value: {"referenceType": "Id", "assetId": value} if isinstance(value, str) else value,
        lambda value: value.get("assetId", value) if isinstance(value, dict) else value,
    ),
}
_BATCH = Shape(
    {
        "description": "description",
        "tags": "tags",
        "properties": "properties",
        "model": "model",
        "code_configuration": "codeConfiguration",
        "environment": "environmentId",
        "environment_variables": "environmentVariables",
        "provisioning_state": "provisioningState",
        "compute": "compute",
        "resources": "resources",
        "mini_batch_size": "miniBatchSize",
        "max_concurrency_per_instance": "maxConcurrencyPerInstance",
        "output_action": "outputAction",
        "output_file_name": "outputFileName",
        "error_threshold": "errorThreshold",
        "retry_settings": "retrySettings",
        "logging_level": "loggingLevel",
        "type": "type",
        "settings": "settings",
        "component": "component",
        "job_definition": "jobDefinition",
    },
    _BATCH_PARTS,
    ENVELOPE | {"endpoint_name"},
)
_PIPELINE = "PipelineComponent"


def _batch_to_arm(flat: JsonObject) -> JsonObject:
    """Settings of a model stand at the root there, those of a pipeline in a configuration."""
    kind = flat.pop("type", "model")
    settings = as_object(flat.pop("settings", None), "settings")
    if kind == "pipeline":
        component = flat.pop("component", None)
        configuration: JsonObject = {"deploymentConfigurationType": _PIPELINE, "settings": settings}
        if component is not None:
            is_id = isinstance(component, str)
            configuration["componentId"] = {"referenceType": "Id", "assetId": component} if is_id else component
        return {**flat, "deploymentConfiguration": configuration}
    variables = settings.get("environment_variables") or {}
    if variables:
        flat["environmentVariables"] = {**variables, **(flat.get("environmentVariables") or {})}
    count = settings.get("instance_count")
    known = _BATCH.to_arm({key: settings[key] for key in _SETTINGS if key in settings})
    further = {
        key: item
        for key, item in settings.items()
        if key not in {*_SETTINGS, "instance_count", "environment_variables"}
    }
    if count is not None and not (flat.get("resources") or {}).get("instanceCount"):
        flat["resources"] = {**(flat.get("resources") or {}), "instanceCount": count}
    return {**flat, **known, **({"settings": further} if further else {})}


def _batch_from_arm(properties: JsonObject) -> JsonObject:
    flat = dict(properties)
    configuration = flat.get("deploymentConfiguration")
    if isinstance(configuration, dict) and str(configuration.get("deploymentConfigurationType")) == _PIPELINE:
        flat.pop("deploymentConfiguration")
        component = configuration.get("componentId")
        if isinstance(component, dict):
            flat["component"] = component.get("assetId", component)
        known = {wire for name, wire in _BATCH.names.items() if name in _SETTINGS}
        return {
            **{key: item for key, item in flat.items() if key not in known},
            "type": "pipeline",
            "settings": configuration.get("settings") or {},
        }
    held = {}
    for name in _SETTINGS:
        value = flat.pop(_BATCH.names[name], None)
        if value is not None:
            part = _BATCH_PARTS.get(name)
            held[name] = value if part is None else part.from_arm(value)
    return {**flat, "type": "model", "settings": {**as_object(flat.get("settings"), "settings"), **held}}


class _BatchCodec(ShapeCodec):
    """Which type a deployment is of is not said by one word there."""

    def schema(self) -> JsonObject:
        found = schema.wire_schema(ModelBatchDeployment, _BATCH)["properties"]
        inner = schema.wire_schema(ModelBatchSettings, _BATCH)["properties"]
        for name in ("type", "settings", "component", "jobDefinition", "tags"):
            found.pop(name)
        found |= {_BATCH.names[name]: inner[_BATCH.names[name]] for name in _SETTINGS}
        found["deploymentConfiguration"] = {"type": "object"}
        beside: JsonObject = {"location": {"type": "string"}, "tags": {"type": "object"}, "sku": {"type": "object"}}
        return schema.body({"type": "object", "properties": found}, beside)


BATCH_DEPLOYMENTS = _BatchCodec(
    "batch_deployment",
    lambda model: _BATCH,
    type_key="type",
    tracked={"location": None, "tags": None, "identity": None, "kind": None, "sku": None},
    finish=_batch_to_arm,
    begin=_batch_from_arm,
)
