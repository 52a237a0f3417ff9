"""The words of AutoML settings: how YAML spells them, and how they travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BeforeValidator

from smalt.entities.text import literal_text, normal_form

CLASSIFICATION_METRICS: Mapping[str, str] = {
    "auc_weighted": "AUCWeighted",
    "accuracy": "Accuracy",
    "norm_macro_recall": "NormMacroRecall",
    "average_precision_score_weighted": "AveragePrecisionScoreWeighted",
    "precision_score_weighted": "PrecisionScoreWeighted",
}
REGRESSION_METRICS: Mapping[str, str] = {
    "normalized_root_mean_squared_error": "NormalizedRootMeanSquaredError",
    "spearman_correlation": "SpearmanCorrelation",
    "r2_score": "R2Score",
    "normalized_mean_absolute_error": "NormalizedMeanAbsoluteError",
}
OTHER_METRICS: Mapping[str, str] = {"iou": "IOU", "mean_average_precision": "MeanAveragePrecision"}
CLASSIFICATION_ALGORITHMS: Mapping[str, str] = {
    "logistic_regression": "LogisticRegression",
    "sgd": "SGD",
    "multinomial_naive_bayes": "MultinomialNaiveBayes",
    "bernoulli_naive_bayes": "BernoulliNaiveBayes",
    "svm": "SVM",
    "linear_svm": "LinearSVM",
    "knn": "KNN",
    "decision_tree": "DecisionTree",
    "random_forest": "RandomForest",
    "extreme_random_trees": "ExtremeRandomTrees",
    "light_gbm": "LightGBM",
    "gradient_boosting": "GradientBoosting",
    "xg_boost_classifier": "XGBoostClassifier",
}
REGRESSION_ALGORITHMS: Mapping[str, str] = {
    "elastic_net": "ElasticNet",
    "gradient_boosting": "GradientBoosting",
    "decision_tree": "DecisionTree",
    "knn": "KNN",
    "lasso_lars": "LassoLars",
    "sgd": "SGD",
    "random_forest": "RandomForest",
    "extreme_random_trees": "ExtremeRandomTrees",
    "light_gbm": "LightGBM",
    "xg_boost_regressor": "XGBoostRegressor",
}
FORECASTING_ALGORITHMS: Mapping[str, str] = {
    "auto_arima": "AutoArima",
    "prophet": "Prophet",
    "naive": "Naive",
    "seasonal_naive": "SeasonalNaive",
    "average": "Average",
    "seasonal_average": "SeasonalAverage",
    "exponential_smoothing": "ExponentialSmoothing",
    "arimax": "Arimax",
    "tcn_forecaster": "TCNForecaster",
}
BLOCKABLE_TRANSFORMERS: Mapping[str, str] = {
    "text_target_encoder": "TextTargetEncoder",
    "one_hot_encoder": "OneHotEncoder",
    "cat_target_encoder": "CatTargetEncoder",
    "tf_idf": "TfIdf",
    "wo_e_target_encoder": "WoETargetEncoder",
    "label_encoder": "LabelEncoder",
    "word_embedding": "WordEmbedding",
    "naive_bayes": "NaiveBayes",
    "count_vectorizer": "CountVectorizer",
    "hash_one_hot_encoder": "HashOneHotEncoder",
}


def known_word(value: str, known: Iterable[str], *, what: str) -> str:
    """The spelling of YAML for a word in any case, with or without underscores.

    Raises:
        ValueError: There is no such word.
    """
    wanted = normal_form(value)
    found = next((word for word in known if normal_form(word) == wanted), None)
    if found is None:
        raise ValueError(f"{value!r} is no {what} here. Write one of: {', '.join(known)}.")
    return found


TRANSFORMERS: Mapping[str, str] = {**BLOCKABLE_TRANSFORMERS, "imputer": "Imputer"}
"""Transformers that parameters may be given for."""


def spelled_keys(value: Any) -> Any:  # Any: raw input of a validator
    """A mapping by transformer with the spelling of YAML; names that nobody knows stay."""
    if not isinstance(value, dict):
        return value
    own = {normal_form(word): word for word in TRANSFORMERS}
    return {own.get(normal_form(str(key)), key): item for key, item in value.items()}


def known_words(known: Iterable[str]) -> BeforeValidator:
    """For a field that lists such words."""

    def spelled(value: Any) -> Any:  # Any: raw input of a validator
        if not isinstance(value, list):
            return value
        return [known_word(literal_text(word), known, what="transformer") for word in value]

    return BeforeValidator(spelled)
