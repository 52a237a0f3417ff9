"""The ARM spelling of AutoML jobs: what they are about stands in `taskDetails`, under other names than in YAML."""

from __future__ import annotations

import ast
import re
from typing import Any

from smalt.entities.job.automl import AutoMLLimits, Featurization, Forecasting, Training
from smalt.entities.job.automl_words import (
    CLASSIFICATION_ALGORITHMS,
    CLASSIFICATION_METRICS,
    FORECASTING_ALGORITHMS,
    OTHER_METRICS,
    REGRESSION_ALGORITHMS,
    REGRESSION_METRICS,
    TRANSFORMERS,
)
from smalt.entities.job.search_space import ARGUMENTS
from smalt.entities.text import normal_form
from smalt.wire.arm.shape import Both, CamelKeys, JsonObject, ListOf, MapOf, Part, Seconds, Shape, Words

_TASKS = Words(
    {
        "classification": "Classification",
        "regression": "Regression",
        "forecasting": "Forecasting",
        "image_classification": "ImageClassification",
        "image_classification_multilabel": "ImageClassificationMultilabel",
        "image_object_detection": "ImageObjectDetection",
        "image_instance_segmentation": "ImageInstanceSegmentation",
        "text_classification": "TextClassification",
        "text_classification_multilabel": "TextClassificationMultilabel",
        "text_ner": "TextNER",
    }
)
_METRICS = Words({**CLASSIFICATION_METRICS, **REGRESSION_METRICS, **OTHER_METRICS})
_ALGORITHMS = ListOf(Words({**CLASSIFICATION_ALGORITHMS, **REGRESSION_ALGORITHMS, **FORECASTING_ALGORITHMS}))
_TRANSFORMERS = Words(TRANSFORMERS)
_VERBOSITY = Words(
    {word: word.title().replace("_", "") for word in ("not_set", "debug", "info", "warning", "error", "critical")}
)
_POLICIES = Words(
    {"bandit": "Bandit", "median_stopping": "MedianStopping", "truncation_selection": "TruncationSelection"}
)


def _minutes_to_arm(value: Any) -> Any:  # Any: JSON
    return Seconds().to_arm(value * 60) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _minutes_from_arm(value: Any) -> Any:  # Any: JSON
    seconds = Seconds().from_arm(value)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return value
    return seconds // 60 if seconds % 60 == 0 else seconds / 60


def _auto_to_arm(value: Any) -> Any:  # Any: JSON
    if value == "auto":
        return {"mode": "Auto"}
    if isinstance(value, list):
        return {"values": value, "mode": "Custom"}
    return {"value": value, "mode": "Custom"} if isinstance(value, int) else value


def _auto_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    if normal_form(str(value.get("mode"))) == "auto":
        return "auto"
    return value.get("values", value.get("value"))


def _transformers_to_arm(value: Any) -> Any:  # Any: JSON
    return {_TRANSFORMERS.to_arm(key): item for key, item in value.items()} if isinstance(value, dict) else value


def _transformers_from_arm(value: Any) -> Any:  # Any: JSON
    return {_TRANSFORMERS.from_arm(key): item for key, item in value.items()} if isinstance(value, dict) else value


def _range_to_arm(value: Any) -> Any:  # Any: JSON
    """`{type: uniform, min_value: 0, max_value: 1}` as `uniform(0,1)`, the text that image and text tasks send."""
    names = ARGUMENTS.get(normal_form(str(value.get("type")))) if isinstance(value, dict) else None
    if names is None or value.keys() != {"type", *names}:
        return value
    arguments = value["values"] if names == ("values",) else [value[name] for name in names]
    if not isinstance(arguments, list) or not all(isinstance(each, str | int | float) for each in arguments):
        return value
    return f"{normal_form(value['type'])}({','.join(repr(each) for each in arguments)})"


def _range_from_arm(value: Any) -> Any:  # Any: JSON
    match = re.match(r"^([a-z]+)\((.*)\)$", value) if isinstance(value, str) else None
    names = ARGUMENTS.get(match[1]) if match else None
    if match is None or names is None:
        return value
    try:
        arguments = list(ast.literal_eval(f"({match[2]},)")) if match[2] else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
    given = {"values": arguments} if names == ("values",) else dict(zip(names, arguments, strict=False))
    found: JsonObject = {"type": match[1], **given}
    return found if _range_to_arm(found) == value else value


def _subspace_to_arm(value: Any) -> Any:  # Any: JSON
    return CamelKeys().to_arm(MapOf(Both(_range_to_arm, _range_from_arm)).to_arm(value))


def _subspace_from_arm(value: Any) -> Any:  # Any: JSON
    return CamelKeys().from_arm(MapOf(Both(_range_to_arm, _range_from_arm)).from_arm(value))


def _sweep_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    early = value.get("early_termination")
    if isinstance(early, dict):
        typed = {"policyType": _POLICIES.to_arm(early["type"])} if "type" in early else {}
        early = {**CamelKeys().to_arm({key: item for key, item in early.items() if key != "type"}), **typed}
    sampling = value.get("sampling_algorithm")
    rest = {key: item for key, item in value.items() if key not in {"sampling_algorithm", "early_termination"}}
    named = {"samplingAlgorithm": sampling, "earlyTermination": early}
    return {**rest, **{key: item for key, item in named.items() if item is not None}}


def _sweep_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    found = CamelKeys().from_arm(value)
    early = found.get("early_termination")
    if isinstance(early, dict):
        given = CamelKeys().from_arm(early)
        typed = {"type": _POLICIES.from_arm(given.pop("policy_type"))} if "policy_type" in given else {}
        found["early_termination"] = {**typed, **given}
    return found


_LIMITS = Shape.of(
    AutoMLLimits,
    rename={"timeout_minutes": "timeout", "trial_timeout_minutes": "trialTimeout"},
    parts={name: Both(_minutes_to_arm, _minutes_from_arm) for name in ("timeout_minutes", "trial_timeout_minutes")},
)
_FEATURIZATION = Shape.of(
    Featurization,
    parts={
        "blocked_transformers": ListOf(_TRANSFORMERS),
        "transformer_params": Both(_transformers_to_arm, _transformers_from_arm),
    },
)
_TRAINING = Shape.of(
    Training,
    rename={"ensemble_model_download_timeout_minutes": "ensembleModelDownloadTimeout"},
    parts={
        "ensemble_model_download_timeout_minutes": Both(_minutes_to_arm, _minutes_from_arm),
        "allowed_training_algorithms": _ALGORITHMS,
        "blocked_training_algorithms": _ALGORITHMS,
    },
)
_AUTO = Both(_auto_to_arm, _auto_from_arm)
_FORECASTING = Shape.of(
    Forecasting,
    parts=dict.fromkeys(("forecast_horizon", "target_lags", "target_rolling_window_size", "seasonality"), _AUTO),
)
_DETAILS = {
    "task": "taskType",
    "primary_metric": "primaryMetric",
    "target_column_name": "targetColumnName",
    "training_data": "trainingData",
    "validation_data": "validationData",
    "validation_data_size": "validationDataSize",
    "n_cross_validations": "nCrossValidations",
    "cv_split_column_names": "cvSplitColumnNames",
    "test_data": "testData",
    "test_data_size": "testDataSize",
    "weight_column_name": "weightColumnName",
    "positive_label": "positiveLabel",
    "log_verbosity": "logVerbosity",
    "limits": "limitSettings",
    "featurization": "featurizationSettings",
    "training": "trainingSettings",
    "forecasting": "forecastingSettings",
    "sweep": "sweepSettings",
    "training_parameters": "modelSettings",
    "search_space": "searchSpace",
}
_OF_TEXTS = {"training_parameters": "fixedParameters"}


def parts(table: Part) -> dict[str, Part]:
    """The parts of an AutoML job, given the one for its tables."""
    return {
        "task": _TASKS,
        "primary_metric": _METRICS,
        "log_verbosity": _VERBOSITY,
        "training_data": table,
        "validation_data": table,
        "test_data": table,
        "n_cross_validations": _AUTO,
        "limits": _LIMITS,
        "featurization": _FEATURIZATION,
        "training": _TRAINING,
        "forecasting": _FORECASTING,
        "sweep": Both(_sweep_to_arm, _sweep_from_arm),
        "training_parameters": CamelKeys(),
        "search_space": ListOf(Both(_subspace_to_arm, _subspace_from_arm)),
    }


def names() -> dict[str, str]:
    """The wire's names of the fields that stand in `taskDetails`, which `unfold` and `fold` move there and back."""
    return dict(_DETAILS)


def fold(properties: JsonObject) -> JsonObject:
    """Put the fields of the task into `taskDetails`."""
    if normal_form(str(properties.get("jobType"))) != "automl":
        return properties
    details = {wire: properties.pop(wire) for wire in _DETAILS.values() if wire in properties}
    for field, wire in _OF_TEXTS.items():
        if str(details.get("taskType")).startswith("Text") and _DETAILS[field] in details:
            details[wire] = details.pop(_DETAILS[field])
    further = properties.pop("taskDetails", None)
    return {**properties, "taskDetails": {**details, **(further if isinstance(further, dict) else {})}}


def unfold(properties: JsonObject) -> JsonObject:
    """Take the fields of the task out of `taskDetails`; what is not known there stays in it."""
    details = properties.get("taskDetails")
    if normal_form(str(properties.get("jobType"))) != "automl" or not isinstance(details, dict):
        return properties
    own = {wire: _DETAILS[field] for field, wire in _OF_TEXTS.items()}
    renamed = {own.get(key) or str(key): item for key, item in details.items()}
    known = {key: item for key, item in renamed.items() if key in _DETAILS.values()}
    further = {key: item for key, item in renamed.items() if key not in known}
    rest = {key: item for key, item in properties.items() if key != "taskDetails"}
    return {**rest, **known, **({"taskDetails": further} if further else {})}
