"""What a monitor leaves open, written down: signals, data, windows and thresholds, as the official SDK does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smalt.entities.monitor.data import DEFAULT, BaselineDataRange, MonitorData, MonitorDatasetContext
from smalt.entities.monitor.definition import MonitorDefinition, MonitorTargetTasks
from smalt.entities.monitor.signals import (
    ALL_FEATURES,
    CustomMonitoringSignal,
    DataDriftSignal,
    DataQualitySignal,
    DataSignal,
    FeatureAttributionDriftSignal,
    GenerationSafetyQualitySignal,
    GenerationTokenStatisticsSignal,
    MonitoringSignal,
    PredictionDriftSignal,
    SignalType,
)
from smalt.entities.trigger import Frequency, RecurrenceTrigger, Trigger
from smalt.errors import InvalidRequest, ValidationFailed

INPUTS, OUTPUTS, TRACES = "model_inputs", "model_outputs", "app_traces"

_DAYS = {Frequency.DAY: 1, Frequency.WEEK: 7, Frequency.MONTH: 30}
_USUAL_DAYS = 7
_DRIFT = {"numerical": {"normalized_wasserstein_distance": 0.1}, "categorical": {"jensen_shannon_distance": 0.1}}
_RATES = {"null_value_rate": 0.0, "data_type_error_rate": 0.0, "out_of_bounds_rate": 0.0}
_THRESHOLDS: Mapping[SignalType, dict[str, Any]] = {
    SignalType.DATA_DRIFT: _DRIFT,
    SignalType.PREDICTION_DRIFT: _DRIFT,
    SignalType.DATA_QUALITY: {"numerical": _RATES, "categorical": _RATES},
    SignalType.FEATURE_ATTRIBUTION_DRIFT: {"normalized_discounted_cumulative_gain": 0.9},
    SignalType.GENERATION_TOKEN_STATISTICS: {
        "totaltoken": {"total_token_count": 0.0, "total_token_count_per_group": 0.0}
    },
}

Collected = Mapping[str, str]
"""References to the data assets of what a deployment collects, by the collection."""


def completed(definition: MonitorDefinition, trigger: Trigger | None, collected: Collected) -> MonitorDefinition:
    """The whole definition.

    Args:
        definition: What was sent.
        trigger: How often it runs, by which windows go.
        collected: What the deployment that is monitored collects; empty without one.

    Raises:
        ValidationFailed: A signal has no data, and nothing is collected that could be it; every mistake is told.
    """
    days = window_days(trigger)
    signals = dict(definition.monitoring_signals or _usual_signals(definition, collected))
    problems: list[InvalidRequest] = []
    found = {}
    for name, signal in signals.items():
        try:
            found[name] = _completed(signal, days, collected)
        except InvalidRequest as error:
            problems.append(InvalidRequest(error.message, target=f"create_monitor.monitoring_signals.{name}"))
    if problems:
        raise ValidationFailed("; ".join(each.message for each in problems), details=problems)
    return definition.model_copy(update={"monitoring_signals": found})


def window_days(trigger: Trigger | None) -> int:
    """How many days of production a monitor looks back over, if it does not say."""
    if not isinstance(trigger, RecurrenceTrigger):
        return _USUAL_DAYS
    return _DAYS[trigger.frequency] * trigger.interval if trigger.frequency in _DAYS else 1


def data_of(signal: MonitoringSignal) -> Iterator[tuple[str, MonitorData]]:
    """All data of a signal, by the input that it is to the step."""
    production = getattr(signal, "production_data", None)
    for number, each in enumerate(production if isinstance(production, list) else [production]):
        if each is not None:
            yield f"production_{number}", each
    reference = getattr(signal, "reference_data", None)
    if reference is not None:
        yield "reference", reference
    if isinstance(signal, CustomMonitoringSignal):
        yield from signal.input_data.items()


def _usual_signals(definition: MonitorDefinition, collected: Collected) -> dict[str, MonitoringSignal]:
    target = definition.monitoring_target
    if target is not None and target.ml_task is MonitorTargetTasks.QUESTION_ANSWERING:
        return {"token-usage-signal": GenerationTokenStatisticsSignal()}
    if not {INPUTS, OUTPUTS} <= collected.keys():
        raise ValidationFailed(
            "The monitor has no signals, and there is no deployment that collects model_inputs and model_outputs. Give "
            "it monitoring_signals, or an endpoint_deployment_id whose data_collector has both enabled.",
            target="create_monitor.monitoring_signals",
        )
    return {
        "data-drift-signal": DataDriftSignal(features=ALL_FEATURES),
        "prediction-drift-signal": PredictionDriftSignal(),
        "data-quality-signal": DataQualitySignal(features=ALL_FEATURES),
    }


def _completed(signal: MonitoringSignal, days: int, collected: Collected) -> MonitoringSignal:
    document = signal.document()
    kind = SignalType(document["type"])
    if document.get("metric_thresholds") in (None, {}, []) and kind in _THRESHOLDS:
        document["metric_thresholds"] = _THRESHOLDS[kind]
    if isinstance(signal, DataSignal | PredictionDriftSignal):
        wanted = OUTPUTS if isinstance(signal, PredictionDriftSignal) else INPUTS
        for field in ("production_data", "reference_data"):
            if document.get(field) is None:
                document[field] = _collection(collected, wanted, kind, field)
    joins = isinstance(signal, FeatureAttributionDriftSignal | GenerationSafetyQualitySignal)
    if joins and not document.get("production_data"):
        document["production_data"] = [
            _collection(collected, each, kind, "production_data") for each in (INPUTS, OUTPUTS)
        ]
    if isinstance(signal, GenerationSafetyQualitySignal) and signal.connection_id is None:
        raise InvalidRequest("There is no connection_id, which opens the model that judges. Name a connection.")
    if isinstance(signal, GenerationTokenStatisticsSignal) and document.get("production_data") is None:
        wanted = TRACES if TRACES in collected else OUTPUTS
        document["production_data"] = _collection(collected, wanted, kind, "production_data")
    found = type(signal).parse(document)
    for name, each in data_of(found):
        _complete_data(each, days, is_reference=not name.startswith("production_"))
    return found


def _complete_data(entity: MonitorData, days: int, *, is_reference: bool) -> None:
    window = entity.data_window
    if window is None and not is_reference:
        window = BaselineDataRange(lookback_window_size=DEFAULT)
    if window is not None and window.window_start is None:
        size, offset = window.lookback_window_size or DEFAULT, window.lookback_window_offset or "P0D"
        entity.data_window = BaselineDataRange(
            lookback_window_size=f"P{days * 2 if is_reference else days}D" if size == DEFAULT else size,
            lookback_window_offset=f"P{days}D" if offset == DEFAULT else offset,
        )
    if entity.data_context is None and is_reference:
        entity.data_context = MonitorDatasetContext.TRAINING


def _collection(collected: Collected, name: str, kind: SignalType, field: str) -> dict[str, Any]:
    """What was collected; as a reference, that of the time before."""
    if name not in collected:
        raise InvalidRequest(
            f"The {kind} signal has no {field}, and no deployment that is monitored collects {name}. Give it {field}, "
            f"or an endpoint_deployment_id whose data_collector has {name} enabled."
        )
    found: dict[str, Any] = {"input_data": {"type": "uri_folder", "path": collected[name]}}
    if name in (INPUTS, OUTPUTS):
        found["data_context"] = name
    if field == "reference_data":
        found["data_window"] = {"lookback_window_size": DEFAULT, "lookback_window_offset": DEFAULT}
    return found
