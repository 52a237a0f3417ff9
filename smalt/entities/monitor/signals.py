"""Signals: what a monitor measures."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from smalt.entities.base import Entity, TextMap
from smalt.entities.job.inputs import DataInput
from smalt.entities.monitor.data import DataSegment, LlmData, ProductionData, ReferenceData
from smalt.entities.monitor.thresholds import (
    CustomMonitoringMetricThreshold,
    DataDriftMetricThreshold,
    DataQualityMetricThreshold,
    FeatureAttributionDriftMetricThreshold,
    GenerationSafetyQualityMonitoringMetricThreshold,
    GenerationTokenStatisticsMonitorMetricThreshold,
    ModelPerformanceMetricThreshold,
    PredictionDriftMetricThreshold,
)
from smalt.entities.text import Text, match_enum, normal_form

ALL_FEATURES = "all_features"


class SignalType(StrEnum):
    """The kinds of signals."""

    DATA_DRIFT = "data_drift"
    PREDICTION_DRIFT = "prediction_drift"
    DATA_QUALITY = "data_quality"
    FEATURE_ATTRIBUTION_DRIFT = "feature_attribution_drift"
    MODEL_PERFORMANCE = "model_performance"
    GENERATION_SAFETY_QUALITY = "generation_safety_quality"
    GENERATION_TOKEN_STATISTICS = "generation_token_statistics"  # noqa: S105  (tokens of a language model)
    CUSTOM = "custom"


class FeatureType(StrEnum):
    """How the values of a feature are compared."""

    NUMERICAL = "numerical"
    CATEGORICAL = "categorical"


class MonitorFeatureFilter(Entity):
    """The features that matter most to the model, of which the reference tells by its target column."""

    top_n_feature_importance: int = Field(default=10, ge=1)


def _features(value: Any) -> Any:  # Any: raw input of a validator
    return ALL_FEATURES if isinstance(value, str) and normal_form(value) == normal_form(ALL_FEATURES) else value


Features = Annotated[Literal["all_features"] | MonitorFeatureFilter | list[Text] | None, BeforeValidator(_features)]
TypeOverrides = Annotated[
    dict[str, Annotated[FeatureType, BeforeValidator(lambda value: match_enum(value, FeatureType))]],
    BeforeValidator(lambda value: {} if value is None else value),
]


class MonitoringSignal(Entity):
    """What all signals have.

    Args:
        alert_enabled: Whether a breach is told to those whom the monitor notifies.
    """

    alert_enabled: bool = False
    properties: TextMap = Field(default_factory=dict)


class DataSignal(MonitoringSignal):
    """A signal that compares production data with a reference, feature by feature."""

    production_data: ProductionData | None = None
    reference_data: ReferenceData | None = None
    features: Features = None
    feature_type_override: TypeOverrides = Field(default_factory=dict)


class DataDriftSignal(DataSignal):
    """Whether what the model is asked is still distributed as it was."""

    type: Literal[SignalType.DATA_DRIFT] = SignalType.DATA_DRIFT
    metric_thresholds: DataDriftMetricThreshold | None = None
    data_segment: DataSegment | None = None


class PredictionDriftSignal(MonitoringSignal):
    """Whether what the model answers is still distributed as it was."""

    type: Literal[SignalType.PREDICTION_DRIFT] = SignalType.PREDICTION_DRIFT
    production_data: ProductionData | None = None
    reference_data: ReferenceData | None = None
    metric_thresholds: PredictionDriftMetricThreshold | None = None


class DataQualitySignal(DataSignal):
    """Which share of what the model is asked is missing, of another type, or out of bounds."""

    type: Literal[SignalType.DATA_QUALITY] = SignalType.DATA_QUALITY
    metric_thresholds: DataQualityMetricThreshold | None = None


class FeatureAttributionDriftSignal(MonitoringSignal):
    """Whether the features that matter are still those that mattered in training."""

    type: Literal[SignalType.FEATURE_ATTRIBUTION_DRIFT] = SignalType.FEATURE_ATTRIBUTION_DRIFT
    production_data: list[ProductionData] | None = None
    reference_data: ReferenceData
    metric_thresholds: FeatureAttributionDriftMetricThreshold | None = None


class ModelPerformanceSignal(MonitoringSignal):
    """How right the model is, by what turned out to be true. Both are joined by the correlation id."""

    type: Literal[SignalType.MODEL_PERFORMANCE] = SignalType.MODEL_PERFORMANCE
    production_data: ProductionData
    reference_data: ReferenceData
    data_segment: DataSegment | None = None
    metric_thresholds: ModelPerformanceMetricThreshold


class GenerationSafetyQualitySignal(MonitoringSignal):
    """How good the answers of a language model are, as another one judges them.

    Args:
        connection_id: The connection that opens the judge.
        sampling_rate: The share of answers that is judged.
    """

    type: Literal[SignalType.GENERATION_SAFETY_QUALITY] = SignalType.GENERATION_SAFETY_QUALITY
    production_data: list[LlmData] | None = None
    connection_id: Text | None = None
    metric_thresholds: GenerationSafetyQualityMonitoringMetricThreshold
    sampling_rate: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _takes_the_older_word(cls, value: Any) -> Any:  # Any: raw input of a validator
        if isinstance(value, dict) and "workspace_connection_id" in value and "connection_id" not in value:
            rest = {key: item for key, item in value.items() if key != "workspace_connection_id"}
            return {**rest, "connection_id": value["workspace_connection_id"]}
        return value


class GenerationTokenStatisticsSignal(MonitoringSignal):
    """How many tokens the requests of an application take."""

    type: Literal[SignalType.GENERATION_TOKEN_STATISTICS] = SignalType.GENERATION_TOKEN_STATISTICS
    production_data: LlmData | None = None
    metric_thresholds: GenerationTokenStatisticsMonitorMetricThreshold | None = None
    sampling_rate: float = Field(default=0.1, gt=0, le=1)


class SignalConnection(Entity):
    """What a component of one's own is given of the world outside."""

    environment_variables: TextMap = Field(default_factory=dict)
    secret_config: TextMap = Field(default_factory=dict)


class CustomMonitoringSignal(MonitoringSignal):
    """Metrics of a component of one's own. It takes `input_data` and `inputs` and writes `signal_metrics`."""

    type: Literal[SignalType.CUSTOM] = SignalType.CUSTOM
    component_id: Text
    metric_thresholds: list[CustomMonitoringMetricThreshold]
    input_data: dict[str, ReferenceData] = Field(default_factory=dict)
    inputs: dict[str, DataInput] = Field(default_factory=dict)
    connection: SignalConnection | None = None


SIGNALS: dict[SignalType, type[MonitoringSignal]] = {
    SignalType.DATA_DRIFT: DataDriftSignal,
    SignalType.PREDICTION_DRIFT: PredictionDriftSignal,
    SignalType.DATA_QUALITY: DataQualitySignal,
    SignalType.FEATURE_ATTRIBUTION_DRIFT: FeatureAttributionDriftSignal,
    SignalType.MODEL_PERFORMANCE: ModelPerformanceSignal,
    SignalType.GENERATION_SAFETY_QUALITY: GenerationSafetyQualitySignal,
    SignalType.GENERATION_TOKEN_STATISTICS: GenerationTokenStatisticsSignal,
    SignalType.CUSTOM: CustomMonitoringSignal,
}


def _signal(value: Any, info: ValidationInfo) -> Any:  # Any: raw input of a validator
    if isinstance(value, dict):
        kind = match_enum(value.get("type"), SignalType)
        if not isinstance(kind, SignalType):
            known = ", ".join(SignalType)
            given = f"The type of the signal, {value['type']!r}, is unknown" if "type" in value else "It has no type"
            raise ValueError(f"{given}. Write one of: {known}.")
        return {**value, "type": kind}
    return value


def _tag(value: Any) -> str | None:  # Any: raw input of a discriminator
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return None if kind is None else str(kind)


Signal = Annotated[
    Annotated[DataDriftSignal, Tag("data_drift")]
    | Annotated[PredictionDriftSignal, Tag("prediction_drift")]
    | Annotated[DataQualitySignal, Tag("data_quality")]
    | Annotated[FeatureAttributionDriftSignal, Tag("feature_attribution_drift")]
    | Annotated[ModelPerformanceSignal, Tag("model_performance")]
    | Annotated[GenerationSafetyQualitySignal, Tag("generation_safety_quality")]
    | Annotated[GenerationTokenStatisticsSignal, Tag("generation_token_statistics")]
    | Annotated[CustomMonitoringSignal, Tag("custom")],
    Discriminator(_tag),
    BeforeValidator(_signal),
]
