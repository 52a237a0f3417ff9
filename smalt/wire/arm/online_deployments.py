"""The ARM spelling of online deployments: times as ISO spans, counts in the `sku`, scripts by their code's id."""

from __future__ import annotations

from typing import Any

from smalt.entities.base import Entity
from smalt.entities.endpoint.base import CodeConfiguration
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
from smalt.wire.arm.base import ENVELOPE, ShapeCodec, as_object
from smalt.wire.arm.shape import Both, JsonObject, MapOf, Part, Seconds, Shape, Words

SECONDS = Seconds()
_MILLISECONDS = Both(
    lambda value: SECONDS.to_arm(value / 1000) if isinstance(value, int | float) else value,
    lambda value: _in_milliseconds(SECONDS.from_arm(value), value),
    {"type": "string", "format": "duration", "examples": ["PT5S"]},
)
CODE = Shape.of(CodeConfiguration, rename={"code": "codeId"})
_PROBE = Shape.of(ProbeSettings, parts=dict.fromkeys(("period", "initial_delay", "timeout"), SECONDS))
_SCALE = Shape.of(
    ScaleSettings,
    rename={"type": "scaleType"},
    parts={
        "type": Words({"default": "Default", "target_utilization": "TargetUtilization"}),
        "polling_interval": SECONDS,
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
    "code_configuration": CODE,
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


_NOT_SENT = {"endpoint_name", "scoring_uri"}


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
    lambda model: Shape.of(model, rename=_ONLINE_RENAME, parts=_ONLINE_PARTS, skip=ENVELOPE | _NOT_SENT),
    type_key="endpointComputeType",
    tracked={"location": None, "tags": None, "identity": None, "kind": None, "sku": None},
)
