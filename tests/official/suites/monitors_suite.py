"""Monitors through the official SDK. Runs in the clients' environment; nothing of smalt is imported here."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient
from azure.ai.ml.entities import (
    AlertNotification,
    BaselineDataRange,
    CustomMonitoringMetricThreshold,
    CustomMonitoringSignal,
    DataCollector,
    DataDriftMetricThreshold,
    DataDriftSignal,
    DataQualityMetricThreshold,
    DataQualitySignal,
    DataSegment,
    DeploymentCollection,
    FeatureAttributionDriftMetricThreshold,
    FeatureAttributionDriftSignal,
    MonitorDefinition,
    MonitorFeatureFilter,
    MonitoringTarget,
    MonitorSchedule,
    NumericalDriftMetrics,
    ProductionData,
    RecurrencePattern,
    RecurrenceTrigger,
    ReferenceData,
    ServerlessSparkCompute,
)
from azure.ai.ml.entities._load_functions import load_online_deployment, load_online_endpoint, load_schedule
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential

EXAMPLES = Path(__file__).parents[3] / "examples" / "endpoints" / "online"
NIGHTLY = RecurrenceTrigger(
    frequency="day", interval=1, schedule=RecurrencePattern(hours=3, minutes=15), start_time="2099-01-01T00:00:00"
)
SPARK = ServerlessSparkCompute(instance_type="standard_e4s_v3", runtime_version="3.4")
OUT_OF_BOX = """
$schema: http://azureml/sdk-2-0/Schedule.json
name: {name}
trigger:
  type: recurrence
  frequency: week
  interval: 2
  start_time: "2099-01-01T00:00:00"
create_monitor:
  compute: {{instance_type: standard_e4s_v3, runtime_version: "3.4"}}
  monitoring_target:
    ml_task: classification
    endpoint_deployment_id: azureml:{endpoint}:blue
  alert_notification:
    emails: [abc@example.com, def@example.com]
"""


@pytest.fixture(scope="module")
def ml() -> MLClient:
    return MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )


@pytest.fixture(scope="module")
def endpoint(ml):
    """An endpoint whose deployment collects what it is asked and answers."""
    name = f"m{uuid.uuid4().hex[:8]}"
    folder = EXAMPLES / "mlflow"
    whole = load_online_endpoint(folder / "endpoint.yml", params_override=[{"name": name}])
    ml.online_endpoints.begin_create_or_update(whole).result()
    given = load_online_deployment(folder / "deployment.yml", params_override=[{"endpoint_name": name}])
    names = ("model_inputs", "model_outputs")
    given.data_collector = DataCollector(collections={each: DeploymentCollection(enabled="true") for each in names})
    ml.online_deployments.begin_create_or_update(given).result()
    yield name
    ml.online_endpoints.begin_delete(name).result()


@pytest.fixture
def name() -> str:
    return f"s{uuid.uuid4().hex[:10]}"


def test_a_monitor_without_signals_gets_the_usual_ones_and_lives_its_whole_life(ml, endpoint, name, tmp_path):
    file = tmp_path / "monitor.yml"
    file.write_text(OUT_OF_BOX.format(name=name, endpoint=endpoint))

    made = ml.schedules.begin_create_or_update(load_schedule(file)).result()

    signals = made.create_monitor.monitoring_signals
    assert set(signals) == {"data-drift-signal", "prediction-drift-signal", "data-quality-signal"}
    drift = signals["data-drift-signal"]
    assert drift.metric_thresholds.numerical.normalized_wasserstein_distance == 0.1
    assert drift.production_data.data_window.lookback_window_size == "P14D"
    assert drift.reference_data.data_window.lookback_window_offset == "P14D"
    assert drift.production_data.input_data.path.endswith(f"{endpoint}-blue-model_inputs/versions/1")
    assert made.create_monitor.alert_notification.emails == ["abc@example.com", "def@example.com"]
    assert name in [each.name for each in ml.schedules.list()]
    assert ml.schedules.begin_disable(name).result().is_enabled is False
    with pytest.raises(HttpResponseError, match="is disabled"):
        ml.schedules.trigger(name)
    assert ml.schedules.begin_enable(name).result().is_enabled is True
    fired = ml.schedules.trigger(name)
    assert ml.jobs.get(fired.job_name).type == "pipeline"
    ml.schedules.begin_disable(name).result()
    ml.schedules.begin_delete(name).result()


def test_signals_of_every_kind_are_written_and_read(ml, endpoint, name, tmp_path):
    (tmp_path / "a.csv").write_text("width,label\n1,2\n")
    given = Input(type="uri_folder", path=str(tmp_path))
    reference = ReferenceData(input_data=given, data_context="training", data_column_names={"target_column": "label"})
    numbers = DataDriftMetricThreshold(numerical=NumericalDriftMetrics(population_stability_index=0.25))
    fixed = BaselineDataRange(window_start="2026-01-01", window_end="2026-01-08")
    signals = {
        "drift": DataDriftSignal(
            reference_data=reference,
            features=MonitorFeatureFilter(top_n_feature_importance=3),
            metric_thresholds=numbers,
            alert_enabled=True,
            data_segment=DataSegment(feature_name="width", feature_values=["1"]),
        ),
        "quality": DataQualitySignal(
            production_data=ProductionData(
                input_data=given,
                data_context="model_inputs",
                data_window=BaselineDataRange(lookback_window_size="P3D", lookback_window_offset="P1D"),
            ),
            reference_data=ReferenceData(input_data=given, data_context="training", data_window=fixed),
            features=["width"],
            metric_thresholds=DataQualityMetricThreshold._get_default_thresholds(),
        ),
        "attribution": FeatureAttributionDriftSignal(
            reference_data=reference,
            metric_thresholds=FeatureAttributionDriftMetricThreshold(normalized_discounted_cumulative_gain=0.9),
        ),
    }
    monitor = MonitorDefinition(
        compute=SPARK,
        monitoring_target=MonitoringTarget(ml_task="regression", endpoint_deployment_id=f"azureml:{endpoint}:blue"),
        monitoring_signals=signals,
        alert_notification=AlertNotification(emails=["a@example.com"]),
    )

    ml.schedules.begin_create_or_update(
        MonitorSchedule(name=name, trigger=NIGHTLY, create_monitor=monitor, tags={"a": "b"})
    ).result()

    read = ml.schedules.get(name).create_monitor
    drift, quality = read.monitoring_signals["drift"], read.monitoring_signals["quality"]
    assert drift.metric_thresholds.numerical.population_stability_index == 0.25
    assert (drift.features.top_n_feature_importance, drift.alert_enabled) == (3, True)
    assert drift.data_segment.feature_values == ["1"]
    assert quality.production_data.data_window.lookback_window_offset == "P1D"
    assert quality.reference_data.data_window.window_end == "2026-01-08"
    assert quality.metric_thresholds.numerical.out_of_bounds_rate == 0
    attribution = read.monitoring_signals["attribution"]
    assert attribution.metric_thresholds.normalized_discounted_cumulative_gain == 0.9
    assert [each.data_context for each in attribution.production_data] == ["model_inputs", "model_outputs"]
    assert read.monitoring_target.ml_task.lower() == "regression"
    ml.schedules.begin_disable(name).result()
    ml.schedules.begin_delete(name).result()


def test_a_component_that_is_not_there_is_refused(ml, name):
    signal = CustomMonitoringSignal(
        component_id="azureml:gone:1",
        metric_thresholds=[CustomMonitoringMetricThreshold(metric_name="std_dev", threshold=2)],
        input_data={},
    )
    monitor = MonitorDefinition(compute=SPARK, monitoring_signals={"own": signal})

    with pytest.raises(HttpResponseError, match="gone"):
        ml.schedules.begin_create_or_update(
            MonitorSchedule(name=name, trigger=NIGHTLY, create_monitor=monitor, tags={})
        ).result()
