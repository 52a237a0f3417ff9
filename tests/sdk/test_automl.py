"""AutoML jobs made in Python, with the names of the v2 SDK."""

import pytest

from smalt import Input, automl, load_job
from smalt.errors import ValidationFailed


def job():
    table = Input(type="mltable", path="azureml:tumours:1")
    return automl.classification(training_data=table, target_column_name="y", primary_metric="AUC_weighted")


def test_a_job_is_refined_step_by_step():
    made = job()

    made.set_limits(max_trials=4)
    made.set_limits(timeout_minutes=10)
    made.set_training(allowed_training_algorithms=["LightGBM"], enable_stack_ensemble=False)
    made.set_featurization(mode="custom", blocked_transformers=["LabelEncoder"])
    made.set_data(n_cross_validations=3)

    assert made.limits.document() == {"max_trials": 4, "timeout_minutes": 10}
    assert made.training.allowed_training_algorithms == ["light_gbm"]
    assert made.featurization.blocked_transformers == ["label_encoder"]
    assert (made.metric, made.n_cross_validations) == ("auc_weighted", 3)


def test_a_forecast_names_its_time_column():
    made = automl.forecasting(
        training_data="azureml:sales:1", target_column_name="y", forecasting_settings={"time_column_name": "day"}
    )

    made.set_forecast_settings(forecast_horizon=14, target_lags="auto")

    assert made.forecasting.document() == {"time_column_name": "day", "forecast_horizon": 14, "target_lags": "auto"}


def test_a_setting_that_does_not_exist_is_a_mistake():
    with pytest.raises(TypeError, match="There is no setting 'max_trails'"):
        job().set_limits(max_trails=4)
    with pytest.raises(TypeError, match="has no 'colour'"):
        automl.regression(training_data="azureml:d:1", target_column_name="y", colour="red")


def test_a_wrong_word_is_told_with_the_right_ones():
    with pytest.raises(ValidationFailed, match="Write one of: logistic_regression"):
        job().set_training(allowed_training_algorithms=["Magic"])


def test_tables_in_a_file_are_relative_to_it(tmp_path):
    (tmp_path / "job.yml").write_text("type: automl\ntask: regression\ntarget_column_name: y\ntraining_data: ./table\n")

    assert load_job(tmp_path / "job.yml").training_data.path == str(tmp_path / "table")
