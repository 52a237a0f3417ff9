"""What the built-in AutoML environment can train, and what a job may not ask of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from smalt.entities.job.automl import AutoMLJob, Featurization, Forecasting, Task, Training
from smalt.entities.job.automl_words import BLOCKABLE_TRANSFORMERS
from smalt.entities.text import normal_form

LEARNERS = {
    Task.CLASSIFICATION: (
        "light_gbm", "logistic_regression", "gradient_boosting", "xg_boost_classifier", "random_forest",
        "extreme_random_trees", "sgd", "linear_svm", "decision_tree", "bernoulli_naive_bayes", "knn",
        "multinomial_naive_bayes", "svm",
    ),
    Task.REGRESSION: (
        "light_gbm", "elastic_net", "gradient_boosting", "xg_boost_regressor", "random_forest",
        "extreme_random_trees", "lasso_lars", "decision_tree", "knn", "sgd",
    ),
    Task.FORECASTING: (
        "light_gbm", "exponential_smoothing", "elastic_net", "seasonal_naive", "xg_boost_regressor",
        "gradient_boosting", "random_forest", "extreme_random_trees", "naive", "seasonal_average", "average",
        "lasso_lars", "decision_tree", "knn", "sgd",
    ),
}  # fmt: skip
"""Learners by task, in the order in which they are tried: what does well on most tables comes early."""

_MISSING = {
    "auto_arima": "it needs pmdarima, which is no longer kept up",
    "arimax": "it needs one model per series with its own order, which this engine does not fit",
    "prophet": "it needs Prophet with a compiled Stan model",
    "tcn_forecaster": "it needs PyTorch, and in practice a GPU",
}
_UNWEIGHTED = frozenset({"knn", "lasso_lars"})
_COLUMN_TYPES = {"numeric", "categorical", "categoricalhash", "datetime", "text", "ignore", "hashes", "allnan"}
_STRATEGIES = {"mean", "median", "most_frequent", "constant", "ffill"}
_META_LEARNERS = {
    "none", "logisticregression", "logisticregressioncv", "lightgbmclassifier", "elasticnet", "elasticnetcv",
    "lightgbmregressor", "linearregression",
}  # fmt: skip

SEED = "SMALT_AUTOML_SEED"
"""The variable of a job by which another seed is chosen."""

# A child is told its settings by one variable, which may have 128 KiB with the results of earlier trials.
_LONGEST_SETTINGS = 50_000

Refusal = tuple[str, str]
"""The field, and why it cannot be had."""


def choose(job: AutoMLJob) -> tuple[str, ...]:
    """The learners of a job, in the order in which they are tried."""
    training = job.training or Training()
    allowed, blocked = training.allowed_training_algorithms, training.blocked_training_algorithms or []
    known = [name for name in LEARNERS[job.task] if not (job.weight_column_name and name in _UNWEIGHTED)]
    return tuple(name for name in known if (not allowed or name in allowed) and name not in blocked)


def refusals(job: AutoMLJob) -> Iterator[Refusal]:
    """Everything a job asks for that cannot be honoured here, by the name of its field."""
    if not job.task.is_tabular:
        yield "task", _why_not(job.task)
        return
    yield from _of_data(job)
    yield from _of_variables(job)
    yield from _of_training(job, job.training or Training())
    yield from _of_featurization(job, job.featurization or Featurization())
    if job.task is Task.FORECASTING and job.forecasting is not None:
        yield from _of_forecasting(job.forecasting)


def _why_not(task: Task) -> str:
    kind, needs = (
        ("image", "PyTorch, torchvision, the pretrained weights of a vision model and a GPU")
        if task.startswith("image")
        else ("text", "PyTorch, transformers, the pretrained weights of a language model and a GPU")
    )
    return (
        f"The AutoML task {task.value!r} fine-tunes a network on {kind} data. It needs {needs}; the built-in AutoML "
        "environment has none of them and trains classification, regression and forecasting over tables. Write the "
        "training as a command job with an environment that has them."
    )


def _of_data(job: AutoMLJob) -> Iterator[Refusal]:
    ways = ("validation_data", "validation_data_size", "cv_split_column_names")
    given = [name for name in ways if getattr(job, name)]
    if len(given) > 1:
        yield given[1], f"Validation is asked for in {len(given)} ways ({', '.join(given)}). Keep one."
    elif job.validation_data is not None and job.n_cross_validations not in {None, "auto"}:
        yield "n_cross_validations", "There is validation_data as well. Keep one of the two."
    if job.test_data is not None and job.test_data_size is not None:
        yield "test_data_size", "There is test_data as well. Keep one of the two."
    for name in ("sweep", "search_space", "training_parameters"):
        if getattr(job, name):
            yield name, f"{name} belongs to image and text tasks. Leave it out of {job.task.value}."
    if job.task is Task.CLASSIFICATION or not job.positive_label:
        return
    yield "positive_label", f"positive_label belongs to classification. Leave it out of {job.task.value}."


def _of_variables(job: AutoMLJob) -> Iterator[Refusal]:
    seed = job.environment_variables.get(SEED)
    if seed and not re.fullmatch(r"\d{1,9}", seed):
        yield f"environment_variables.{SEED}", f"The seed {seed[:40]!r} is no number from 0 to 999999999."
    parts = (job.featurization, job.training, job.forecasting)
    length = sum(len(json.dumps(part.document())) for part in parts if part is not None)
    if length > _LONGEST_SETTINGS:
        yield (
            "featurization",
            f"The settings are {length} characters long and may be {_LONGEST_SETTINGS}. Name fewer columns.",
        )


def _of_training(job: AutoMLJob, training: Training) -> Iterator[Refusal]:
    missing = [name for name in training.allowed_training_algorithms or [] if name in _MISSING]
    for name in missing:
        yield "training.allowed_training_algorithms", f"{name} is not trained here: {_MISSING[name]}."
    unweighted = _UNWEIGHTED & set(training.allowed_training_algorithms or [])
    if job.weight_column_name and unweighted:
        yield "weight_column_name", f"{' and '.join(sorted(unweighted))} cannot weigh rows. Leave them, or it, out."
    elif job.weight_column_name and job.task is Task.FORECASTING:
        yield "weight_column_name", "Forecasts weigh all times alike. Leave weight_column_name out."
    elif not choose(job) and not missing:
        yield (
            "training.allowed_training_algorithms",
            f"No algorithm is left to try. Allow one of: {', '.join(LEARNERS[job.task])}.",
        )
    for name, why in (
        ("enable_dnn_training", "deep networks need PyTorch, and in practice a GPU"),
        ("enable_onnx_compatible_models", "models are written in MLflow's scikit-learn form only"),
    ):
        if getattr(training, name):
            yield f"training.{name}", f"{name} cannot be honoured: {why}. Leave it out."
    if training.training_mode and normal_form(training.training_mode) == "distributed":
        yield "training.training_mode", "A trial trains on one machine. Write auto or non_distributed."
    if job.task is Task.FORECASTING and training.enable_stack_ensemble:
        yield "training.enable_stack_ensemble", "Forecasts are averaged, not stacked. Write false."
    settings = {normal_form(key): value for key, value in (training.stack_ensemble_settings or {}).items()}
    if settings.get("stackmetalearnertrainpercentage") is not None:
        yield (
            "training.stack_ensemble_settings",
            "stack_meta_learner_train_percentage has no meaning here: the meta learner is trained on validation "
            "predictions, by cross-validation. Leave it out.",
        )
    learner = settings.get("stackmetalearnertype")
    if learner is not None and normal_form(str(learner)) not in _META_LEARNERS:
        yield "training.stack_ensemble_settings", f"stack_meta_learner_type {learner!r} is unknown."


def _of_featurization(job: AutoMLJob, featurization: Featurization) -> Iterator[Refusal]:
    if featurization.enable_dnn_featurization:
        yield "featurization.enable_dnn_featurization", "Deep text features need pretrained weights. Write false."
    for column, kind in featurization.column_name_and_types.items():
        if normal_form(kind) not in _COLUMN_TYPES:
            yield (
                f"featurization.column_name_and_types.{column}",
                f"The column type {kind!r} is unknown. Write Numeric, Categorical, CategoricalHash, DateTime, Text or "
                "Ignore.",
            )
    for name, items in (featurization.transformer_params or {}).items():
        place = f"featurization.transformer_params.{name}"
        kind = normal_form(name)
        if kind not in {"imputer", "hashonehotencoder"}:
            known = ", ".join(("imputer", *BLOCKABLE_TRANSFORMERS))
            hint = "" if kind in {normal_form(word) for word in BLOCKABLE_TRANSFORMERS} else f" Known are: {known}."
            yield (
                place,
                f"Parameters of {name!r} are not honoured; only those of imputer and hash_one_hot_encoder are.{hint}",
            )
            continue
        if kind == "imputer":
            yield from _of_imputers(job, place, [dict(item.parameters or {}) for item in items])


def _of_imputers(job: AutoMLJob, place: str, wanted: list[dict[str, str | int | float]]) -> Iterator[Refusal]:
    for parameters in wanted:
        strategy = parameters.get("strategy", "mean")
        if strategy not in _STRATEGIES:
            yield place, f"The strategy {strategy!r} is unknown. Write one of: {', '.join(sorted(_STRATEGIES))}."
        if strategy == "ffill" and job.task is not Task.FORECASTING:
            yield place, "ffill fills along time, so only forecasting has it. Write mean, median or most_frequent."


def _of_forecasting(forecasting: Forecasting) -> Iterator[Refusal]:
    for name, allowed, why in (
        ("use_stl", {"none"}, "series are not decomposed"),
        ("feature_lags", {"none"}, "only the target is lagged"),
        ("short_series_handling_config", {"none", "auto", "drop"}, "short series are not padded with made-up values"),
        ("target_aggregate_function", {"none", "sum", "max", "min", "mean"}, "it is no known function"),
    ):
        value = getattr(forecasting, name)
        if value is not None and normal_form(value) not in allowed:
            choices = " or ".join(sorted(allowed))
            yield f"forecasting.{name}", f"{name}: {value} cannot be honoured: {why}. Write {choices}."
