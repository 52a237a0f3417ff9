"""Monitors from their definition to what they find, with real jobs."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from smalt.kit import clock

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TARGET = {"deploymentId": "azureml:e:d", "taskType": "Classification"}
REFERENCE = {
    "inputDataType": "Fixed",
    "dataContext": "training",
    "jobInputType": "uri_folder",
    "uri": "azureml://datastores/workspaceblobstore/paths/training/",
}
NUMBERS = [{"dataType": "Numerical", "metric": "normalizedWassersteinDistance", "threshold": {"value": 0.5}}]
DRIFT = {"signalType": "DataDrift", "mode": "Enabled", "referenceData": REFERENCE, "metricThresholds": NUMBERS}


def rows(count: int, shift: float = 0) -> list[dict]:
    source = random.Random(count)
    return [{"width": source.gauss(shift, 1), "species": source.choice([0, 1])} for _ in range(count)]


def as_csv(table: list[dict]) -> str:
    return "\n".join(["width,species", *(f"{row['width']},{row['species']}" for row in table)])


@on_sqlite
def test_a_monitor_of_a_deployment_without_signals_gets_the_usual_ones(tower):
    answer = tower.put(monitoringTarget=TARGET)

    signals = answer.json()["properties"]["action"]["monitorDefinition"]["signals"]
    drift = signals["data-drift-signal"]
    assert set(signals) == {"data-drift-signal", "prediction-drift-signal", "data-quality-signal"}
    assert drift["productionData"]["uri"].endswith("modelDataCollector/e/d/model_inputs/")
    assert [drift["productionData"][key] for key in ("windowSize", "windowOffset")] == ["P1D", "P0D"]
    assert [drift["referenceData"][key] for key in ("windowSize", "windowOffset")] == ["P2D", "P1D"]
    assert [each["threshold"]["value"] for each in drift["metricThresholds"]] == [0.1, 0.1]


@on_sqlite
def test_what_could_never_be_measured_is_refused_with_its_place(tower):
    answers = [
        tower.put(),
        tower.put(monitoringTarget={"deploymentId": "azureml:e:other"}),
        tower.put(signals={"s": {"signalType": "DataDrift"}}),
        tower.put(monitoringTarget=TARGET, signals={"s": {"signalType": "Other"}}),
        tower.put(signals={"s": {"signalType": "Custom", "componentId": "azureml:gone:1", "metricThresholds": []}}),
    ]

    told = [answer.json()["error"] for answer in answers]
    assert all(400 <= answer.status_code < 500 for answer in answers)
    assert told[0]["message"].startswith("The monitor has no signals, and there is no deployment that collects")
    assert told[1]["target"] == "create_monitor.monitoring_target.endpoint_deployment_id"
    assert "has no production_data, and no deployment that is monitored collects model_inputs" in told[2]["message"]
    assert "The type of the signal, 'Other', is unknown" in told[3]["message"]
    assert "gone" in told[4]["message"]


def test_drift_is_found_kept_tagged_and_audited(tower):
    tower.train(as_csv(rows(400)))
    tower.collect("model_inputs", rows(300, shift=3))
    calm = {**DRIFT, "mode": "Disabled", "metricThresholds": [{**NUMBERS[0], "threshold": {"value": 9}}]}
    tower.put(monitoringTarget=TARGET, signals={"drift": DRIFT, "calm": calm})

    found = tower.look()

    assert found["state"] == "breached"
    assert {name: each["state"] for name, each in found["signals"].items()} == {"drift": "breached", "calm": "healthy"}
    assert [value["feature"] for value in found["values"] if value["breached"]] == ["width"]
    assert found["signals"]["drift"]["production_rows"] == 300
    tags = tower.plant.record(found["jobName"]).tags
    assert tags["azureml_modelmonitor_threshold_breached"].startswith("drift: width normalized_wasserstein_distance")
    trail = tower.pages.get(f"{tower.scope}/smalt/audit").json()["value"]
    assert any("breached" in event["action"] for event in trail)


@on_sqlite
def test_values_are_seen_over_time_and_features_as_they_are_distributed(tower):
    tower.train(as_csv(rows(400)))
    tower.collect("model_inputs", rows(300))
    tower.put(monitoringTarget=TARGET, signals={"drift": DRIFT})
    tower.look()
    tower.collect("model_inputs", rows(900, shift=4), ago=timedelta(hours=1))
    last = tower.look()

    url = f"{tower.scope}/smalt/monitors/m"
    series = tower.pages.get(f"{url}/series", params={"signal": "drift", "feature": "width"}).json()["value"]
    shown = tower.pages.get(
        f"{url}/runs/{last['jobName']}/histogram", params={"signal": "drift", "feature": "width"}
    ).json()
    listed = tower.pages.get(f"{tower.scope}/smalt/monitors").json()["value"]

    assert [point["breached"] for point in series] == [False, True]
    assert (sum(shown["reference"]), sum(shown["production"])) == (400, 1200)
    assert len(shown["edges"]) == len(shown["labels"]) + 1
    assert [each["lastRun"]["jobName"] for each in listed] == [last["jobName"]]
    assert len(tower.pages.get(f"{url}/runs", params={"$top": 1}).json()["value"]) == 1


@on_sqlite
def test_a_signal_that_cannot_be_measured_says_why_and_the_others_are(tower):
    tower.train(as_csv(rows(50)))
    tower.collect("model_inputs", rows(50))
    quality = [{"dataType": "Numerical", "metric": "nullValueRate", "threshold": {"value": 0.0}}]
    tower.put(
        monitoringTarget=TARGET,
        signals={
            "good": {"signalType": "DataQuality", "referenceData": REFERENCE, "metricThresholds": quality},
            "bad": {**DRIFT, "features": {"filterType": "FeatureSubset", "features": ["height"]}},
        },
    )

    found = tower.look()

    assert found["state"] == "failed"
    assert found["signals"]["good"]["state"] == "healthy"
    assert "The reference has no feature height" in found["signals"]["bad"]["reason"]


@on_sqlite
def test_data_is_made_ready_by_a_component_and_judged_by_one_of_ones_own(tower):
    tower.train(as_csv(rows(50)))
    folder = "azureml://datastores/workspaceblobstore/paths/raw/"
    tower.plant.local_path(folder).mkdir(parents=True)
    (tower.plant.local_path(folder) / "raw.txt").write_text("width\n5\n5\n")
    component(
        tower,
        "prepare",
        inputs={"data_window_start": "string", "data_window_end": "string", "input_data": "uri_folder"},
        output="preprocessed_input_data",
        command="echo from ${{inputs.data_window_start}} && cp ${{inputs.input_data}}/raw.txt "
        "${{outputs.preprocessed_input_data}}/table.csv",
    )
    component(
        tower,
        "own",
        inputs={"production": "uri_folder", "largest_threshold": "number"},
        output="signal_metrics",
        command="( echo group,metric_name,metric_value && echo width,largest,"
        "$(tail -1 ${{inputs.production}}/table.csv) ) > ${{outputs.signal_metrics}}/metrics.csv",
    )
    production = {**REFERENCE, "inputDataType": "Trailing", "uri": folder, "windowSize": "P7D", "windowOffset": "P0D"}
    signal = {
        "signalType": "Custom",
        "componentId": "azureml:own:1",
        "inputAssets": {"production": {**production, "preprocessingComponentId": "azureml:prepare:1"}},
        "metricThresholds": [{"metric": "largest", "threshold": {"value": 4}}],
    }
    answer = tower.put(signals={"mine": signal})
    assert answer.status_code == 201, answer.text

    found = tower.look()

    assert [(each["feature"], each["metric"], each["value"]) for each in found["values"]] == [("width", "largest", 5)]
    assert found["state"] == "breached"


def component(tower, name, *, inputs, output, command):
    spec = {
        "name": name,
        "type": "command",
        "environment": "azureml:plain:1",
        "inputs": {key: {"type": kind} for key, kind in inputs.items()},
        "outputs": {output: {"type": "uri_folder"}},
        "command": command,
    }
    path = f"{tower.scope}/components/{name}/versions/1"
    answer = tower.pages.put(path, json={"properties": {"componentSpec": spec}})
    assert answer.status_code == 201, answer.text


def test_a_schedule_that_waits_for_a_breach_fires_once(tower):
    tower.train(as_csv(rows(200)))
    tower.collect("model_inputs", rows(200, shift=5))
    tower.put(monitoringTarget=TARGET, signals={"drift": DRIFT})
    job = {"jobType": "Command", "command": "echo ${{trigger.monitor}} ${{trigger.signals}}", "experimentName": "t",
           "environmentId": f"{tower.scope}/environments/plain/versions/1"}  # fmt: skip
    trigger = {"triggerType": "Event", "event": "monitor_breached", "monitor": "M", "signal": "drift"}
    action = {"actionType": "CreateJob", "jobDefinition": job}
    answer = tower.pages.put(
        f"{tower.scope}/schedules/retrain", json={"properties": {"trigger": trigger, "action": action}}
    )
    assert answer.status_code == 201, answer.text

    tower.look()
    for _ in range(2):
        while tower.schedules.run_once(clock.now()):
            pass

    fires = tower.pages.get(f"{tower.scope}/schedules/retrain/fires").json()["value"]
    assert [fire["outcome"] for fire in fires] == ["submitted"]
    assert tower.plant.record(fires[0]["jobName"]).entity().command == "echo m drift"
