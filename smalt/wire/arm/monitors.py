"""The ARM spelling of monitors: signals by their type, thresholds as lists of metrics, data by its window.

It is the one of 2023-06-01-preview, which the official SDK writes and reads whatever version it calls; words of newer
versions (`Rolling`, `alertNotificationSettings`) are understood as well.
"""

from __future__ import annotations

import json
from typing import Any

from smalt.entities.monitor.data import DataSegment, MonitorData
from smalt.entities.monitor.definition import MonitorDefinition, MonitoringTarget, ServerlessSparkCompute
from smalt.entities.monitor.signals import SIGNALS, SignalConnection, SignalType
from smalt.entities.text import normal_form
from smalt.wire.arm import monitor_thresholds as thresholds
from smalt.wire.arm.assets import ASSET_TYPES
from smalt.wire.arm.base import as_object
from smalt.wire.arm.jobs import DATA_INPUTS
from smalt.wire.arm.shape import Both, JsonObject, ListOf, MapOf, Part, Shape, Words

WEBHOOKS = "smalt.webhooks"
"""The property of a schedule that carries what official clients would drop of its monitor."""

PERFORMANCE = "azureml.modelmonitor.model_performance_thresholds"
"""The property of a signal in which the official SDK sends all thresholds but the first."""

_TYPES = Words(
    {
        "data_drift": "DataDrift",
        "prediction_drift": "PredictionDrift",
        "data_quality": "DataQuality",
        "feature_attribution_drift": "FeatureAttributionDrift",
        "model_performance": "ModelPerformance",
        "generation_safety_quality": "GenerationSafetyQuality",
        "generation_token_statistics": "GenerationTokenStatistics",
        "custom": "Custom",
    }
)
_MIDNIGHT = "T00:00:00.000Z"


_DATA = Shape.of(
    MonitorData,
    rename={
        "pre_processing_component": "preprocessingComponentId",
        "data_column_names": "columns",
        "type": "jobInputType",
        "path": "uri",
    },
    parts={"type": ASSET_TYPES},
    skip=("input_data", "data_window", "target_column_name"),
)


def _data_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    given, window = dict(value["input_data"]), dict(value.get("data_window") or {})
    body: JsonObject = _DATA.to_arm(value | {key: given.pop(key, None) for key in ("type", "path")})
    if given:
        body["jobInput"] = given
    if "window_start" in window:
        begin, end = (_midnight(window.pop(key, None)) for key in ("window_start", "window_end"))
        body |= {"inputDataType": "Static", "windowStart": begin, "windowEnd": end}
    elif "lookback_window_size" in window or "lookback_window_offset" in window:
        size, offset = (window.pop(f"lookback_window_{key}", None) for key in ("size", "offset"))
        body |= {"inputDataType": "Trailing", "windowSize": size, "windowOffset": offset}
    else:
        body["inputDataType"] = "Fixed"
    # The official client asks for these by their keys, whether there is anything or not.
    return {"dataContext": None, **body, **({"window": window} if window else {})}


def _data_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    body = {key: item for key, item in value.items() if key not in _WINDOW_KEYS}
    found = _DATA.from_arm(body)
    window = {
        name: _day(value[key]) if key in ("windowStart", "windowEnd") else value[key]
        for key, name in _WINDOW_KEYS.items()
        if name is not None and value.get(key) is not None
    } | as_object(value.get("window"), "window")
    source = {key: found.pop(key) for key in ("type", "path") if key in found}
    source |= as_object(value.get("jobInput"), "jobInput")
    return {"input_data": source, **found, **({"data_window": window} if window else {})}


_WINDOW_KEYS = {
    "windowStart": "window_start",
    "windowEnd": "window_end",
    "windowSize": "lookback_window_size",
    "windowOffset": "lookback_window_offset",
    "inputDataType": None,
    "jobInput": None,
    "window": None,
}


def _midnight(text: Any) -> Any:  # Any: JSON
    return f"{text}{_MIDNIGHT}" if isinstance(text, str) and len(text) == len("2026-01-31") else text


def _day(text: Any) -> Any:  # Any: JSON
    for tail in (_MIDNIGHT, "T00:00:00Z"):
        if isinstance(text, str) and text.endswith(tail):
            return text.removesuffix(tail)
    return text


_INPUT = Both(_data_to_arm, _data_from_arm)


def _one_in_a_list(value: Any) -> Any:  # Any: JSON
    return [_data_to_arm(value)]


def _first_of_a_list(value: Any) -> Any:  # Any: JSON
    return _data_from_arm(value[0]) if isinstance(value, list) and value else _data_from_arm(value)


def _features_to_arm(value: Any) -> Any:  # Any: JSON
    if isinstance(value, list):
        return {"filterType": "FeatureSubset", "features": value}
    if isinstance(value, dict):
        return {"filterType": "TopNByAttribution", "top": value.get("top_n_feature_importance")}
    return {"filterType": "AllFeatures"}


def _features_from_arm(value: Any) -> Any:  # Any: JSON
    kind = normal_form(str(value.get("filterType"))) if isinstance(value, dict) else ""
    if kind == "featuresubset":
        return value.get("features") or []
    if kind == "topnbyattribution":
        return {} if value.get("top") is None else {"top_n_feature_importance": value["top"]}
    return "all_features"


_MODE = Both(
    lambda value: "Enabled" if value else "Disabled",
    lambda value: value if isinstance(value, bool) else str(value).lower() == "enabled",
    {"type": "string", "enum": ["Enabled", "Disabled"]},
)
_COMMON: dict[str, Part] = {
    "type": _TYPES,
    "alert_enabled": _MODE,
    "production_data": _INPUT,
    "reference_data": _INPUT,
    "features": Both(_features_to_arm, _features_from_arm),
    "data_segment": Shape.of(DataSegment, rename={"feature_name": "feature", "feature_values": "values"}),
    "metric_thresholds": thresholds.FAMILIES,
}
_RENAME = {
    "type": "signalType",
    "alert_enabled": "mode",
    "feature_type_override": "featureDataTypeOverride",
    "connection_id": "workspaceConnectionId",
    "connection": "workspaceConnection",
    "input_data": "inputAssets",
}
_SPECIAL: dict[SignalType, dict[str, Part]] = {
    SignalType.FEATURE_ATTRIBUTION_DRIFT: {
        "production_data": ListOf(_INPUT),
        "metric_thresholds": thresholds.GAIN,
    },
    SignalType.MODEL_PERFORMANCE: {
        "production_data": Both(_one_in_a_list, _first_of_a_list),
        "metric_thresholds": thresholds.PERFORMANCE,
    },
    SignalType.GENERATION_SAFETY_QUALITY: {
        "production_data": ListOf(_INPUT),
        "metric_thresholds": thresholds.PASSING,
    },
    SignalType.GENERATION_TOKEN_STATISTICS: {"metric_thresholds": thresholds.TOKENS},
    SignalType.CUSTOM: {
        "metric_thresholds": thresholds.OWN,
        "input_data": MapOf(_INPUT),
        "inputs": DATA_INPUTS,
        "connection": Shape.of(SignalConnection, rename={"secret_config": "secrets"}),
    },
}
_SINGULAR = {SignalType.FEATURE_ATTRIBUTION_DRIFT, SignalType.MODEL_PERFORMANCE}
_SHAPES = {
    kind: Shape.of(
        model,
        rename={key: wire for key, wire in _RENAME.items() if key in model.model_fields}
        | ({"metric_thresholds": "metricThreshold"} if kind in _SINGULAR else {}),
        parts={key: part for key, part in {**_COMMON, **_SPECIAL.get(kind, {})}.items() if key in model.model_fields},
        constants={"modelType": "classification"} if kind is SignalType.PREDICTION_DRIFT else {},
    )
    for kind, model in SIGNALS.items()
}


def _kind(value: Any, key: str) -> SignalType | None:  # Any: JSON
    found = _TYPES.from_arm(value.get(key)) if isinstance(value, dict) else None
    return SignalType(found) if isinstance(found, str) and found in _SHAPES else None


def _signal_to_arm(value: Any) -> Any:  # Any: JSON
    kind = _kind(value, "type")
    if kind is None:
        return value
    body: JsonObject = _SHAPES[kind].to_arm(value)
    if kind == SignalType.CUSTOM:
        body = {"inputAssets": {}, "workspaceConnection": {}, **body}
    if kind == SignalType.MODEL_PERFORMANCE:
        every = body["metricThreshold"]
        first = {**every[0], "modelType": thresholds.TASKS.to_arm(every[0]["modelType"])} if every else {}
        body["metricThreshold"] = first
        body["properties"] = {**(body.get("properties") or {}), PERFORMANCE: json.dumps(every)}
    return body


def _signal_from_arm(value: Any) -> Any:  # Any: JSON
    kind = _kind(value, "signalType")
    if kind is None:
        return value if not isinstance(value, dict) else {"type": value.get("signalType"), **value}
    body = dict(value)
    if kind == SignalType.MODEL_PERFORMANCE:
        properties = as_object(body.get("properties"), "signals.properties")
        own = properties.get(PERFORMANCE)
        body["properties"] = {key: item for key, item in properties.items() if key != PERFORMANCE}
        body["metricThreshold"] = _listed(own) or [body.get("metricThreshold")]
    found: JsonObject = _SHAPES[kind].from_arm(body)
    if kind == SignalType.CUSTOM and found.get("connection") == {}:
        del found["connection"]
    return found


def _listed(text: Any) -> Any:  # Any: JSON
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _notification_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return {"alertNotificationType": "AzureMonitor"}
    rest = {key: item for key, item in value.items() if key != "emails"}
    told = {"emails": value.get("emails") or [], "emailOn": ["JobFailed", "JobCompleted"]}
    return {"alertNotificationType": "Email", "emailNotificationSetting": told, **rest}


def _notification_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    if normal_form(str(value.get("alertNotificationType"))) == "azuremonitor":
        return "azmonitoring"
    told = as_object(
        value.get("emailNotificationSetting") or value.get("emailNotificationSettings"), "emailNotificationSetting"
    )
    known = {"alertNotificationType", "emailNotificationSetting", "emailNotificationSettings"}
    return {"emails": told.get("emails") or [], **{key: each for key, each in value.items() if key not in known}}


_COMPUTE = Shape.of(ServerlessSparkCompute, parts={"compute_type": Words({"serverless_spark": "ServerlessSpark"})})
_IDENTITY = {"computeIdentity": {"computeIdentityType": "AmlToken"}}


def _compute_to_arm(value: Any) -> Any:  # Any: JSON
    return {"computeType": "ServerlessSpark", **_COMPUTE.to_arm(value), **_IDENTITY}


def _compute_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    rest = {key: item for key, item in value.items() if key not in ("computeIdentity", "computeType")}
    return _COMPUTE.from_arm(rest)


_DEFINITION = Shape.of(
    MonitorDefinition,
    rename={
        "compute": "computeConfiguration",
        "monitoring_signals": "signals",
        "alert_notification": "alertNotificationSetting",
    },
    parts={
        "compute": Both(_compute_to_arm, _compute_from_arm),
        "monitoring_target": Shape.of(
            MonitoringTarget,
            rename={"ml_task": "taskType", "endpoint_deployment_id": "deploymentId"},
            parts={
                "ml_task": Words(
                    {"classification": "Classification", "regression": "Regression",
                     "question_answering": "QuestionAnswering"}
                )
            },
        ),
        "monitoring_signals": MapOf(Both(_signal_to_arm, _signal_from_arm)),
        "alert_notification": Both(_notification_to_arm, _notification_from_arm),
    },
)  # fmt: skip


def _definition_from_arm(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict) and value.get("alertNotificationSettings") is not None:
        rest = {key: item for key, item in value.items() if key != "alertNotificationSettings"}
        value = {"alertNotificationSetting": value["alertNotificationSettings"], **rest}
    return _DEFINITION.from_arm(value)


MONITOR = Both(_DEFINITION.to_arm, _definition_from_arm)
