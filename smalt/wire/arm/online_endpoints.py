"""The ARM spelling of online endpoints."""

from __future__ import annotations

import json
from typing import Any

from smalt.wire.arm.base import ShapeCodec, plain
from smalt.wire.arm.shape import JsonObject, Words
from smalt.wire.arm.workspaces import IDENTITY

ROLLOUT = "smalt.rollout"
"""The property that carries `rollout`: official clients drop fields they do not know, and keep properties."""

AUTH_MODES = Words({"key": "Key", "aml_token": "AMLToken", "aad_token": "AADToken"})
_ACCESS = Words({"enabled": "Enabled", "disabled": "Disabled"})


def _with_property(flat: JsonObject) -> JsonObject:
    rollout = flat.pop("rollout", None)
    if isinstance(rollout, dict):
        flat["properties"] = {**(flat.get("properties") or {}), ROLLOUT: json.dumps(rollout)}
    return flat


def _without_property(properties: JsonObject) -> JsonObject:
    held = properties.get("properties")
    if not isinstance(held, dict) or ROLLOUT not in held:
        return properties
    rest = {key: item for key, item in held.items() if key != ROLLOUT}
    return {**properties, "properties": rest, "rollout": _read(held[ROLLOUT])}


def _read(text: Any) -> Any:  # Any: JSON
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text  # and the entity says what is wrong with it


TRACKED = {"location": None, "tags": None, "identity": IDENTITY, "kind": None, "sku": None}

ONLINE_ENDPOINTS = ShapeCodec(
    "online_endpoint",
    plain(
        rename={"openapi_uri": "swaggerUri"},
        parts={"auth_mode": AUTH_MODES, "public_network_access": _ACCESS},
    ),
    tracked=TRACKED,
    finish=_with_property,
    begin=_without_property,
)
