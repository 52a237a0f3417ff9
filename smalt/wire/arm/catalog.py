"""The wire's spelling of the model catalog and of what is made of it: cards, serverless endpoints, subscriptions."""

from __future__ import annotations

from smalt.wire.arm.base import ShapeCodec, plain
from smalt.wire.arm.shape import CamelKeys, JsonObject, Words

_AUTH_MODES = Words({"key": "Key", "aad": "AAD", "key_and_aad": "KeyAndAAD"})
_SAFETY = Words({"enabled": "Enabled", "disabled": "Disabled"})
_TRACKED = {"location": None, "tags": None, "sku": None}


def _nested(properties: JsonObject) -> JsonObject:
    """As ARM has it: what is asked for, and where, are objects of their own."""
    flat = dict(properties)
    model, safety = flat.pop("modelId", None), flat.pop("contentSafety", None)
    uri, headers = flat.pop("scoringUri", None), flat.pop("headers", None)
    return {
        **flat,
        "modelSettings": {"modelId": model},
        "contentSafety": {"contentSafetyStatus": _SAFETY.to_arm(safety or "disabled")},
        **({} if uri is None else {"inferenceEndpoint": {"uri": uri, "headers": headers or {}}}),
    }


def _flat(properties: JsonObject) -> JsonObject:
    flat = {key: value for key, value in properties.items() if value is not None}
    model, safety, place = (flat.pop(key, None) for key in ("modelSettings", "contentSafety", "inferenceEndpoint"))
    if isinstance(model, dict) and model.get("modelId") is not None:
        flat["modelId"] = model["modelId"]
    if isinstance(safety, dict) and safety.get("contentSafetyStatus") is not None:
        flat["contentSafety"] = _SAFETY.from_arm(safety["contentSafetyStatus"])
    if isinstance(place, dict):
        flat |= {"scoringUri": place.get("uri"), "headers": place.get("headers")}
    return {key: value for key, value in flat.items() if value is not None}


MODEL_CARDS = ShapeCodec("model_card", plain())
SERVERLESS_ENDPOINTS = ShapeCodec(
    "serverless_endpoint",
    plain(parts={"auth_mode": _AUTH_MODES}),
    tracked=_TRACKED,
    finish=_nested,
    begin=_flat,
)
MARKETPLACE_SUBSCRIPTIONS = ShapeCodec(
    "marketplace_subscription",
    plain(rename={"status": "marketplaceSubscriptionStatus"}, parts={"marketplace_plan": CamelKeys()}),
)
