"""AutoML jobs, with the names of the v2 SDK: `from smalt.automl import ClassificationModels, classification`."""

from __future__ import annotations

from enum import StrEnum, auto

from smalt.entities.job.automl import AutoMLLimits as TabularLimitSettings
from smalt.entities.job.automl import ColumnTransformer
from smalt.entities.job.automl import Featurization as TabularFeaturizationSettings
from smalt.entities.job.automl import Forecasting as ForecastingSettings
from smalt.entities.job.automl import Training as TrainingSettings
from smalt.sdk.automl import classification, forecasting, regression

__all__ = [
    "BlockedTransformers",
    "ClassificationModels",
    "ClassificationPrimaryMetrics",
    "ColumnTransformer",
    "FeaturizationMode",
    "ForecastingModels",
    "ForecastingPrimaryMetrics",
    "ForecastingSettings",
    "RegressionModels",
    "RegressionPrimaryMetrics",
    "TabularFeaturizationSettings",
    "TabularLimitSettings",
    "TrainingSettings",
    "classification",
    "forecasting",
    "regression",
]


class ClassificationPrimaryMetrics(StrEnum):
    """What trials of a classification are judged by."""

    ACCURACY = auto()
    AUC_WEIGHTED = auto()
    AVERAGE_PRECISION_SCORE_WEIGHTED = auto()
    NORM_MACRO_RECALL = auto()
    PRECISION_SCORE_WEIGHTED = auto()


class RegressionPrimaryMetrics(StrEnum):
    """What trials of a regression are judged by."""

    NORMALIZED_MEAN_ABSOLUTE_ERROR = auto()
    NORMALIZED_ROOT_MEAN_SQUARED_ERROR = auto()
    R2_SCORE = auto()
    SPEARMAN_CORRELATION = auto()


ForecastingPrimaryMetrics = RegressionPrimaryMetrics


class ClassificationModels(StrEnum):
    """Algorithms of a classification."""

    BERNOULLI_NAIVE_BAYES = auto()
    DECISION_TREE = auto()
    EXTREME_RANDOM_TREES = auto()
    GRADIENT_BOOSTING = auto()
    KNN = auto()
    LIGHT_GBM = auto()
    LINEAR_SVM = auto()
    LOGISTIC_REGRESSION = auto()
    MULTINOMIAL_NAIVE_BAYES = auto()
    RANDOM_FOREST = auto()
    SGD = auto()
    SVM = auto()
    XG_BOOST_CLASSIFIER = auto()


class RegressionModels(StrEnum):
    """Algorithms of a regression."""

    DECISION_TREE = auto()
    ELASTIC_NET = auto()
    EXTREME_RANDOM_TREES = auto()
    GRADIENT_BOOSTING = auto()
    KNN = auto()
    LASSO_LARS = auto()
    LIGHT_GBM = auto()
    RANDOM_FOREST = auto()
    SGD = auto()
    XG_BOOST_REGRESSOR = auto()


class ForecastingModels(StrEnum):
    """Algorithms of a forecast: those of a regression, and those that know of time."""

    ARIMAX = auto()
    AUTO_ARIMA = auto()
    AVERAGE = auto()
    DECISION_TREE = auto()
    ELASTIC_NET = auto()
    EXPONENTIAL_SMOOTHING = auto()
    EXTREME_RANDOM_TREES = auto()
    GRADIENT_BOOSTING = auto()
    KNN = auto()
    LASSO_LARS = auto()
    LIGHT_GBM = auto()
    NAIVE = auto()
    PROPHET = auto()
    RANDOM_FOREST = auto()
    SEASONAL_AVERAGE = auto()
    SEASONAL_NAIVE = auto()
    SGD = auto()
    TCN_FORECASTER = auto()
    XG_BOOST_REGRESSOR = auto()


class BlockedTransformers(StrEnum):
    """Transformers of columns that can be forbidden."""

    CAT_TARGET_ENCODER = auto()
    COUNT_VECTORIZER = auto()
    HASH_ONE_HOT_ENCODER = auto()
    LABEL_ENCODER = auto()
    NAIVE_BAYES = auto()
    ONE_HOT_ENCODER = auto()
    TEXT_TARGET_ENCODER = auto()
    TF_IDF = auto()
    WORD_EMBEDDING = auto()
    WO_E_TARGET_ENCODER = auto()


class FeaturizationMode(StrEnum):
    """Whether columns are made into numbers by rules of the search, by one's own, or not at all."""

    AUTO = auto()
    CUSTOM = auto()
    OFF = auto()
