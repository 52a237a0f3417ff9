"""The ARM spelling of deployments: times as ISO spans, counts of instances in the `sku`, scripts by their code's id."""

from __future__ import annotations

from typing import Any

from smalt.entities.base import Entity
from smalt.entities.endpoint.base import CodeConfiguration
from smalt.entities.endpoint.batch import BatchRetrySettings, ModelBatchDeployment, ModelBatchSettings
from smalt.entities.endpoint.online import (
    DataCollector,
    DeploymentCollection,
    ProbeSettings,
    RequestLogging,
    RequestSettings,
    ResourceRequirements,
    ResourceSettings,
    ScaleSettings,
)
from smalt.entities.job.resources import JobResources
from smalt.wire.arm import schema
from smalt.wire.arm.base import ENVELOPE, ShapeCodec, as_object
from smalt.wire.arm.shape import Both, JsonObject, MapOf, Part, Seconds, Shape, Words

_SECONDS = Seconds()
_MILLISECONDS = Both(
    lambda value: _SECONDS.to_arm(value / 1000) if isinstance(value, int | float) else value,
    lambda value: _in_milliseconds(_SECONDS.from_arm(value), value),
    {"type": "string", "format": "duration", "examples": ["PT5S"]},
)
_CODE = Shape.of(CodeConfiguration, rename={"code": "codeId"})
_PROBE = Shape.of(ProbeSettings, parts=dict.fromkeys(("period", "initial_delay", "timeout"), _SECONDS))
_SCALE = Shape.of(
    ScaleSettings,
    rename={"type": "scaleType"},
    parts={
        "type": Words({"default": "Default", "target_utilization": "TargetUtilization"}),
        "polling_interval": _SECONDS,
    },
)
_REQUESTS = Shape.of(
    RequestSettings,
    rename={"request_timeout_ms": "requestTimeout", "max_queue_wait_ms": "maxQueueWait"},
    parts={"request_timeout_ms": _MILLISECONDS, "max_queue_wait_ms": _MILLISECONDS},
)
_AMOUNTS = Shape.of(ResourceSettings)
_RESOURCES = Shape.of(
    ResourceRequirements,
    rename={"requests": "containerResourceRequests", "limits": "containerResourceLimits"},
    parts={"requests": _AMOUNTS, "limits": _AMOUNTS},
)


def _in_milliseconds(seconds: Any, given: Any) -> Any:  # Any: JSON
    if not isinstance(seconds, int | float) or isinstance(given, int | float):
        return given
    return round(seconds * 1000)


_COLLECTION = Shape.of(
    DeploymentCollection,
    rename={"enabled": "dataCollectionMode", "data": "dataId"},
    parts={
        "enabled": Both(
            lambda value: "Enabled" if str(value).lower() == "true" else "Disabled",
            lambda value: "true" if str(value).lower() == "enabled" else "false",
            {"type": "string", "enum": ["Enabled", "Disabled"]},
        )
    },
)
_COLLECTOR = Shape.of(
    DataCollector, parts={"collections": MapOf(_COLLECTION), "request_logging": Shape.of(RequestLogging)}
)


def _collector_to_arm(value: Any) -> Any:  # Any: JSON
    """The rate of sampling stands at each collection there."""
    if not isinstance(value, dict):
        return value
    rate = value.get("sampling_rate")
    body = _COLLECTOR.to_arm({key: item for key, item in value.items() if key != "sampling_rate"})
    if rate is not None:
        held = as_object(body.get("collections"), "dataCollector.collections")
        body["collections"] = {name: {**each, "samplingRate": rate} for name, each in held.items()}
        if not held:
            body["samplingRate"] = rate
    return body


def _collector_from_arm(value: Any) -> Any:  # Any: JSON
    found = _COLLECTOR.from_arm(value)
    if not isinstance(found, dict) or not isinstance(found.get("collections"), dict):
        return found
    rates = [each.pop("samplingRate", None) for each in found["collections"].values() if isinstance(each, dict)]
    rate = next((each for each in rates if each is not None), found.get("sampling_rate"))
    return found | ({"sampling_rate": rate} if rate is not None else {})


_ONLINE_PARTS: dict[str, Part] = {
    "type": Words({"managed": "Managed", "kubernetes": "Kubernetes"}),
    "code_configuration": _CODE,
    "scale_settings": _SCALE,
    "request_settings": _REQUESTS,
    "liveness_probe": _PROBE,
    "readiness_probe": _PROBE,
    "startup_probe": _PROBE,
    "egress_public_network_access": Words({"enabled": "Enabled", "disabled": "Disabled"}),
    "data_collector": Both(_collector_to_arm, _collector_from_arm),
    "resources": _RESOURCES,
}
_ONLINE_RENAME = {
    "type": "endpointComputeType",
    "environment": "environmentId",
    "resources": "containerResourceRequirements",
}
_SKU = Both(
    lambda value: {"name": "Default", "capacity": value},
    lambda value: value.get("capacity") if isinstance(value, dict) else value,
)


class _OnlineCodec(ShapeCodec):
    """The number of instances travels as the capacity of the `sku`."""

    def to_arm(self, entity: Entity, *, secrets: bool = False) -> JsonObject:
        body = super().to_arm(entity, secrets=secrets)
        count = body["properties"].pop("instanceCount", None)
        return body if count is None else {**body, "sku": {**body.get("sku", {}), **_SKU.to_arm(count)}}

    def from_arm(self, body: object, *, name: str | None = None, version: str | None = None) -> Entity:
        entity = super().from_arm(body, name=name, version=version)
        if not isinstance(body, dict) or not isinstance(body.get("sku"), dict):
            return entity
        document = entity.document(secrets=True)
        rest = {key: item for key, item in body["sku"].items() if key not in {"name", "capacity"}}
        document |= {"instance_count": body["sku"].get("capacity"), "sku": rest or None}
        return type(entity).parse({key: item for key, item in document.items() if item is not None})


ONLINE_DEPLOYMENTS = _OnlineCodec(
    "online_deployment",
    lambda model: Shape.of(model, rename=_ONLINE_RENAME, parts=_ONLINE_PARTS, skip=ENVELOPE | {"endpoint_name"}),
    type_key="endpointComputeType",
    tracked={"location": None, "tags": None, "identity": None, "kind": None, "sku": None},
)

_SETTINGS = (
    "mini_batch_size", "max_concurrency_per_instance", "output_action", "output_file_name", "error_threshold",
    "retry_settings", "logging_level",
)  # fmt: skip
_BATCH_PARTS: dict[str, Part] = {
    "code_configuration": _CODE,
    "retry_settings": Shape.of(BatchRetrySettings, parts={"timeout": _SECONDS}),
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
