"""From which value on a metric of a signal is a breach."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from smalt.entities.base import Entity
from smalt.entities.text import Text

Threshold = Annotated[float, Field(allow_inf_nan=False)]


class NumericalDriftMetrics(Entity):
    """Metrics of drift of numbers; those that are given are computed."""

    jensen_shannon_distance: Threshold | None = None
    normalized_wasserstein_distance: Threshold | None = None
    population_stability_index: Threshold | None = None
    two_sample_kolmogorov_smirnov_test: Threshold | None = None


class CategoricalDriftMetrics(Entity):
    """Metrics of drift of categories; those that are given are computed."""

    jensen_shannon_distance: Threshold | None = None
    population_stability_index: Threshold | None = None
    pearsons_chi_squared_test: Threshold | None = None


class DataDriftMetricThreshold(Entity):
    """Thresholds of drift by the type of the feature."""

    numerical: NumericalDriftMetrics | None = None
    categorical: CategoricalDriftMetrics | None = None


class PredictionDriftMetricThreshold(DataDriftMetricThreshold):
    """The same for what a model answers."""


class DataQualityMetricsNumerical(Entity):
    """Shares of values that are missing, of another type, or outside what the reference has."""

    null_value_rate: Threshold | None = None
    data_type_error_rate: Threshold | None = None
    out_of_bounds_rate: Threshold | None = None


class DataQualityMetricsCategorical(DataQualityMetricsNumerical):
    """The same for categories."""


class DataQualityMetricThreshold(Entity):
    """Thresholds of data quality by the type of the feature."""

    numerical: DataQualityMetricsNumerical | None = None
    categorical: DataQualityMetricsCategorical | None = None


class FeatureAttributionDriftMetricThreshold(Entity):
    """Below which likeness of the order of features, by what they matter, it is a breach."""

    normalized_discounted_cumulative_gain: Threshold | None = None


class ModelPerformanceClassificationThresholds(Entity):
    """Below which value it is a breach."""

    accuracy: Threshold | None = None
    precision: Threshold | None = None
    recall: Threshold | None = None


_SHORT = {"mean_absolute_error": "mae", "mean_squared_error": "mse", "root_mean_squared_error": "rmse"}


class ModelPerformanceRegressionThresholds(Entity):
    """Above which error it is a breach. The long names of the SDK are understood as well."""

    mae: Threshold | None = None
    mse: Threshold | None = None
    rmse: Threshold | None = None

    @model_validator(mode="before")
    @classmethod
    def _takes_long_names(cls, value: Any) -> Any:  # Any: raw input of a validator
        return {_SHORT.get(key, key): item for key, item in value.items()} if isinstance(value, dict) else value


class ModelPerformanceMetricThreshold(Entity):
    """Thresholds by the task of the model."""

    classification: ModelPerformanceClassificationThresholds | None = None
    regression: ModelPerformanceRegressionThresholds | None = None


class CustomMonitoringMetricThreshold(Entity):
    """Above which value a metric of one's own is a breach."""

    metric_name: Text
    threshold: Threshold | None = None


Judged = Literal["groundedness", "relevance", "coherence", "fluency", "similarity"]
JUDGED: tuple[Judged, ...] = ("groundedness", "relevance", "coherence", "fluency", "similarity")
ACCEPTABLE = 3.0
"""The score from which an answer passes, unless another one is given."""


def _judged(value: Any) -> Any:  # Any: raw input of a validator
    if isinstance(value, dict):
        scores = [key for key in value if key.startswith("acceptable_")]
        for key in scores:
            if isinstance(value[key], int | float) and not 1 <= value[key] <= 5:
                raise ValueError(f"{key} is {value[key]}. Scores are from 1 to 5.")
        if not any(key.startswith("aggregated_") for key in value):
            raise ValueError("Give the share of answers that must pass, e.g. aggregated_..._pass_rate: 0.7.")
    return value


Passing = Annotated[dict[str, Threshold], BeforeValidator(_judged)]
"""`acceptable_<metric>_score_per_instance` and `aggregated_<metric>_pass_rate`."""


class GenerationSafetyQualityMonitoringMetricThreshold(Entity):
    """Which share of answers must have which score, from 1 to 5."""

    groundedness: Passing | None = None
    relevance: Passing | None = None
    coherence: Passing | None = None
    fluency: Passing | None = None
    similarity: Passing | None = None


class GenerationTokenStatisticsMonitorMetricThreshold(Entity):
    """How many tokens all requests, and those of one group, may take: `total_token_count`, `.._per_group`."""

    totaltoken: dict[str, Threshold] | None = None
