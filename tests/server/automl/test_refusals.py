"""What an AutoML job may not ask for, told by the name of the field."""

import pytest

from smalt.entities.job.automl import AutoMLJob
from smalt.errors import ValidationFailed
from smalt.server.automl.learners import choose, refusals


def job(task="classification", **fields):
    forecasting = {"forecasting": {"time_column_name": "t"}} if task == "forecasting" else {}
    given = {"type": "automl", "task": task, "target_column_name": "y", "training_data": "azureml:d:1"}
    return AutoMLJob.parse({**given, **forecasting, **fields})


def test_a_plain_job_is_refused_nothing():
    assert list(refusals(job())) == []


def test_learners_come_in_the_order_in_which_they_are_tried():
    training = {"allowed_training_algorithms": ["GradientBoosting", "LogisticRegression"]}

    assert choose(job(training=training)) == ("logistic_regression", "gradient_boosting")
    assert "light_gbm" not in choose(job(training={"blocked_training_algorithms": ["light_gbm"]}))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"task": "image_classification"}, "task"),
        ({"task": "text_ner"}, "task"),
        ({"training": {"enable_dnn_training": True}}, "training.enable_dnn_training"),
        ({"training": {"enable_onnx_compatible_models": True}}, "training.enable_onnx_compatible_models"),
        ({"training": {"training_mode": "distributed"}}, "training.training_mode"),
        ({"featurization": {"enable_dnn_featurization": True}}, "featurization.enable_dnn_featurization"),
        ({"featurization": {"column_name_and_types": {"a": "Shoe"}}}, "featurization.column_name_and_types.a"),
        ({"featurization": {"transformer_params": {"TfIdf": []}}}, "featurization.transformer_params.tf_idf"),
        ({"validation_data": "azureml:v:1", "validation_data_size": 0.2}, "validation_data_size"),
        ({"test_data": "azureml:v:1", "test_data_size": 0.2}, "test_data_size"),
        ({"task": "regression", "positive_label": "yes"}, "positive_label"),
        ({"environment_variables": {"SMALT_AUTOML_SEED": "x"}}, "environment_variables.SMALT_AUTOML_SEED"),
        ({"featurization": {"column_name_and_types": {"c" * 60_000: "Text"}}}, "featurization"),
        ({"search_space": [{"learning_rate": 1}]}, "search_space"),
        ({"weight_column_name": "w", "training": {"allowed_training_algorithms": ["knn"]}}, "weight_column_name"),
        (
            {"task": "forecasting", "training": {"allowed_training_algorithms": ["TCNForecaster"]}},
            "training.allowed_training_algorithms",
        ),
        ({"task": "forecasting", "forecasting": {"time_column_name": "t", "use_stl": "season"}}, "forecasting.use_stl"),
        ({"task": "forecasting", "training": {"enable_stack_ensemble": True}}, "training.enable_stack_ensemble"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(asked, field):
    assert field in [place for place, _ in refusals(job(**asked))]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"primary_metric": "r2_score"}, "'r2_score' is no primary metric here"),
        (
            {"training": {"allowed_training_algorithms": ["Magic"]}},
            "'Magic' is no algorithm in allowed_training_algorithms here",
        ),
        ({"featurization": {"blocked_transformers": ["Magic"]}}, "'Magic' is no transformer here"),
        ({"target_column_name": None}, "A classification job needs target_column_name"),
        ({"task": "forecasting", "forecasting": None}, "needs forecasting.time_column_name"),
    ],
)
def test_words_that_nobody_knows_are_refused_when_the_job_is_read(asked, said):
    with pytest.raises(ValidationFailed, match=said):
        job(**asked)


def test_every_wrong_word_of_a_job_is_told_at_its_place():
    with pytest.raises(ValidationFailed) as refused:
        job(
            primary_metric="r2_score",
            training_data=None,
            training={"blocked_training_algorithms": ["Magic"]},
            featurization={"blocked_transformers": ["Magic"]},
        )

    places = {detail.target for detail in refused.value.details}
    assert places == {"primary_metric", "training_data", "training", "featurization.blocked_transformers"}
