"""The ARM spelling of computes: common facts outside, those of the type in `properties.properties`."""

from __future__ import annotations

from smalt.entities.base import Entity
from smalt.wire.arm.base import ENVELOPE, ShapeCodec, as_object
from smalt.wire.arm.shape import JsonObject, Part, Seconds, Shape, Words
from smalt.wire.arm.workspaces import IDENTITY

_TYPES = Words(
    {
        "local": "Local",
        "amlcompute": "AmlCompute",
        "computeinstance": "ComputeInstance",
        "kubernetes": "Kubernetes",
        "virtualmachine": "VirtualMachine",
        "synapsespark": "SynapseSpark",
        "ray": "Ray",
    }
)
_OUTER = frozenset(
    (
        "computeType", "computeLocation", "provisioningState", "description", "createdOn", "modifiedOn", "resourceId",
        "provisioningErrors", "isAttachedCompute", "disableLocalAuth",
    )
)  # fmt: skip
_SCALE = {
    "min_instances": "minNodeCount",
    "max_instances": "maxNodeCount",
    "idle_time_before_scale_down": "nodeIdleTimeBeforeScaleDown",
}
_PARTS: dict[str, Part] = {
    "type": _TYPES,
    "tier": Words({"low_priority": "LowPriority", "dedicated": "Dedicated"}),
    "idle_time_before_scale_down": Seconds(),
    "ssh_settings": Shape(
        {
            "admin_username": "adminUserName",
            "admin_password": "adminUserPassword",
            "ssh_key_value": "adminUserSshPublicKey",
        }
    ),
}
_RENAME = {
    "type": "computeType",
    "size": "vmSize",
    "tier": "vmPriority",
    "ssh_settings": "userAccountCredentials",
    "enable_sso": "enableSSO",
    **_SCALE,
}
_INSTANCE = {"ssh_settings": "sshSettings"}


def _shape(model: type[Entity]) -> Shape:
    special = {} if model.__name__ == "AmlCompute" else _INSTANCE
    rename = {key: wire for key, wire in (_RENAME | special).items() if key in model.model_fields}
    parts = {key: part for key, part in _PARTS.items() if not (special and key == "ssh_settings")}
    return Shape.of(model, rename=rename, parts=parts, skip=ENVELOPE)


def _nest(flat: JsonObject) -> JsonObject:
    outer = {key: value for key, value in flat.items() if key in _OUTER}
    inner = {key: value for key, value in flat.items() if key not in _OUTER}
    if not inner.get("properties"):
        inner.pop("properties", None)
    scale = {wire: inner.pop(wire) for wire in _SCALE.values() if wire in inner}
    further = inner.pop("scaleSettings", None)
    if scale:
        inner["scaleSettings"] = (further or {}) | scale
    elif further is not None:
        inner["scaleSettings"] = further
    access = inner.pop("sshPublicAccessEnabled", None)
    if access is not None:
        inner["remoteLoginPortPublicAccess"] = "Enabled" if access else "Disabled"
    return outer | {"properties": inner}


def _flatten(properties: JsonObject) -> JsonObject:
    outer = {key: value for key, value in properties.items() if key != "properties"}
    inner = dict(as_object(properties.get("properties"), "properties.properties"))
    scale = inner.pop("scaleSettings", None)
    if isinstance(scale, dict):
        inner |= {key: value for key, value in scale.items() if key in _SCALE.values() and value is not None}
        rest = {key: value for key, value in scale.items() if key not in _SCALE.values()}
        if rest:
            inner["scaleSettings"] = rest
    access = inner.get("remoteLoginPortPublicAccess")
    if isinstance(access, str) and access in {"Enabled", "Disabled"}:
        inner.pop("remoteLoginPortPublicAccess")
        inner["sshPublicAccessEnabled"] = access == "Enabled"
    return outer | inner


def _outline(flat: JsonObject) -> JsonObject:
    outer = {key: value for key, value in flat.items() if key in _OUTER}
    scale = {wire: flat[wire] for wire in _SCALE.values() if wire in flat}
    inner = {key: value for key, value in flat.items() if key not in _OUTER and key not in scale}
    if scale:
        inner["scaleSettings"] = {"type": "object", "properties": scale}
    return outer | {"properties": {"type": "object", "properties": inner}}


COMPUTES = ShapeCodec(
    "compute",
    _shape,
    type_key="computeType",
    tracked={"location": None, "tags": None, "identity": IDENTITY, "sku": None},
    finish=_nest,
    begin=_flatten,
    outline=_outline,
)
