"""Scripts of the v2 SDK need another import line and nothing else: its modules and their names are here."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module

import pytest

from smalt import Input, automl
from smalt.automl import ClassificationModels, ClassificationPrimaryMetrics, ColumnTransformer, ForecastingSettings
from smalt.entities import CommandComponent, PipelineComponent
from smalt.entities.job import automl_words as words
from smalt.entities.job.automl import ALGORITHMS, METRICS, Task


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("smalt", "MLClient command Input Output load_job load_component dsl automl finetuning MpiDistribution"),
        (
            "smalt.sweep",
            "Choice Uniform LogUniform BanditPolicy MedianStoppingPolicy SweepJob SweepJobLimits Objective",
        ),
        ("smalt.automl", "classification regression forecasting TabularFeaturizationSettings TrainingSettings"),
        ("smalt.finetuning", "create_finetuning_job FineTuningTaskType"),
        ("smalt.parallel", "parallel_run_function RunFunction"),
        ("smalt.constants", "AssetTypes InputOutputModes BatchDeploymentOutputAction ListViewType ModelType TimeZone"),
        ("smalt.constants", "MonitorDatasetContext MonitorTargetTasks"),
        ("smalt.entities", "ParallelComponent ResourceConfiguration JobResourceConfiguration ManagedOnlineEndpoint"),
    ],
)
def test_a_module_has_the_names_that_scripts_import(module: str, names: str) -> None:
    found = import_module(module)

    assert [name for name in names.split() if not hasattr(found, name)] == []


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (automl.ClassificationModels, ALGORITHMS[Task.CLASSIFICATION]),
        (automl.RegressionModels, ALGORITHMS[Task.REGRESSION]),
        (automl.ForecastingModels, ALGORITHMS[Task.FORECASTING]),
        (automl.ClassificationPrimaryMetrics, METRICS[Task.CLASSIFICATION]),
        (automl.RegressionPrimaryMetrics, METRICS[Task.REGRESSION]),
        (automl.BlockedTransformers, words.BLOCKABLE_TRANSFORMERS),
    ],
)
def test_the_names_of_automl_are_the_words_of_its_files(names: type[StrEnum], known: tuple[str, ...]) -> None:
    assert {str(each) for each in names} == set(known)


def test_settings_of_automl_are_made_of_its_classes() -> None:
    table = Input(type="mltable", path="azureml:tumours:1")
    metric = ClassificationPrimaryMetrics.AUC_WEIGHTED

    job = automl.classification(training_data=table, target_column_name="y", primary_metric=metric)
    job.set_training(allowed_training_algorithms=[ClassificationModels.LIGHT_GBM])
    job.set_featurization(
        transformer_params={"imputer": [ColumnTransformer(fields=["a"], parameters={"strategy": "median"})]}
    )
    forecast = automl.forecasting(
        training_data=table, target_column_name="y", forecasting_settings=ForecastingSettings(time_column_name="day")
    )

    assert (job.metric, job.training.allowed_training_algorithms) == ("auc_weighted", ["light_gbm"])
    assert job.featurization.transformer_params["imputer"][0].fields == ["a"]
    assert forecast.forecasting.document() == {"time_column_name": "day"}


def test_components_are_made_by_their_type() -> None:
    assert CommandComponent(name="a", command="true").type == "command"
    assert PipelineComponent(name="b").type == "pipeline"
