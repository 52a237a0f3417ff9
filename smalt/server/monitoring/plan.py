"""One run of a monitor: a pipeline with a step for each signal, and those that prepare its data. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.monitor.data import BaselineDataRange, MonitorData
from smalt.entities.monitor.definition import MonitorDefinition
from smalt.entities.monitor.signals import (
    CustomMonitoringSignal,
    GenerationSafetyQualitySignal,
    MonitoringSignal,
    SignalType,
)
from smalt.environments.curated import find_recipe
from smalt.errors import Unsupported
from smalt.kit import duration
from smalt.server.jobs import CONNECTIONS_VARIABLE
from smalt.server.monitoring.completion import data_of
from smalt.wire import references

SETTINGS = "SMALT_MONITOR"
"""The variable by which a step is told what to measure."""

_COMMAND = 'python "{{smalt:runtime}}/monitoring/measure.py"'
_OUTPUT = "signal_output"
_PREPARED = "preprocessed_input_data"
_METRICS = "signal_metrics"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Json = dict[str, Any]  # Any: documents


@dataclass(frozen=True, slots=True)
class Measured:
    """Where a signal of a run is found again.

    Args:
        name: Of the signal.
        type: Its kind.
        step: The step that measures it, which is called so.
        output: The output of the run with its files.
        alert: Whether a breach is told to somebody.
    """

    name: str
    type: str
    step: str
    output: str
    alert: bool


def plan(
    definition: MonitorDefinition, *, monitor: str, at: datetime, compute: str | None
) -> tuple[PipelineJob, list[Measured]]:
    """The job of a run, and its signals.

    Args:
        definition: What is monitored, complete.
        monitor: Its name.
        at: The moment from which windows reach back.
        compute: The compute of the workspace it runs on, if it names one.

    Raises:
        Unsupported: A signal asks for what does not exist here.
    """
    task = definition.monitoring_target.ml_task if definition.monitoring_target is not None else None
    steps: Json = {}
    outputs: Json = {}
    inputs: Json = {}
    found: list[Measured] = []
    for name, signal in (definition.monitoring_signals or {}).items():
        key = _free(_plain(name), steps)
        whole = {"monitor": monitor, "signal": name, "task": None if task is None else str(task)}
        steps |= _steps(key, signal, whole, at, inputs)
        outputs[key] = {"type": "uri_folder"}
        kind = SignalType(signal.document()["type"])
        found.append(Measured(name, kind.value, key, key, signal.alert_enabled))
    settings = {"force_rerun": True, "continue_on_step_failure": True, "default_compute": compute}
    job = PipelineJob.parse(
        {
            "type": "pipeline",
            "experiment_name": monitor,
            "settings": {key: value for key, value in settings.items() if value is not None},
            "inputs": inputs,
            "jobs": steps,
            "outputs": outputs,
        }
    )
    return job, found


def with_components(job: PipelineJob, register: Callable[[Json], str]) -> PipelineJob:
    """The job, whose steps name components that are registered instead of holding them.

    The official client reads no other pipelines.
    """
    steps = {
        name: step.model_copy(update={"component": register(step.component)})
        if isinstance(step.component, dict)
        else step
        for name, step in job.jobs.items()
    }
    return job.model_copy(update={"jobs": steps})


def span_of(window: BaselineDataRange | None, at: datetime) -> tuple[datetime, datetime] | None:
    """The moments between which data is taken; None for all of it."""
    if window is None:
        return None
    if window.window_start is not None and window.window_end is not None:
        return _moment(window.window_start), _moment(window.window_end)
    offset = timedelta(seconds=duration.from_iso(window.lookback_window_offset or "P0D"))
    size = timedelta(seconds=duration.from_iso(window.lookback_window_size or "P7D"))
    return at - offset - size, at - offset


def _steps(key: str, signal: MonitoringSignal, settings: Json, at: datetime, inputs: Json) -> Json:
    """The step that measures a signal, and those before it. Their data becomes inputs of the pipeline.

    The official client cannot read a pipeline whose steps name data themselves.
    """
    found: Json = {}
    bound: dict[str, Json] = {}
    for name, each in data_of(signal):
        inputs[f"{key}_{name}"] = given = _input(each)
        bound[name] = {**given, "path": f"${{{{parent.inputs.{key}_{name}}}}}"}
        if each.pre_processing_component is not None:
            before = f"{key}_{_plain(name)}"
            found[before] = _preparing(each, bound[name], at)
            path = f"${{{{parent.jobs.{before}.outputs.{_PREPARED}}}}}"
            bound[name] = {"type": "uri_folder", "path": path}
    if isinstance(signal, CustomMonitoringSignal):
        before = f"{key}_{_METRICS}"
        found[before] = _own(signal, bound)
        path = f"${{{{parent.jobs.{before}.outputs.{_METRICS}}}}}"
        bound = {"production_0": {"type": "uri_folder", "path": path}}
        settings = {**settings, "production": [{"path": "${{inputs.production_0}}", "columns": {}}]}
    else:
        settings = {**settings, **_data_settings(signal, at)}
    variables = {**_THREADS, SETTINGS: json.dumps({**settings, **_of_signal(signal)}, default=str)}
    if isinstance(signal, GenerationSafetyQualitySignal) and signal.connection_id is not None:
        variables[CONNECTIONS_VARIABLE] = connection_name(signal.connection_id)
    found[key] = {
        "type": "command",
        "display_name": settings["signal"],
        "component": _component(bound),
        "environment_variables": variables,
        "inputs": bound,
        "outputs": {_OUTPUT: {"type": "uri_folder", "path": f"${{{{parent.outputs.{key}}}}}"}},
    }
    return found


def connection_name(reference: str) -> str:
    """The name in a reference to a connection, of any form."""
    return reference.rstrip("/").rpartition("/")[2].removeprefix("azureml:")


def _of_signal(signal: MonitoringSignal) -> Json:
    """What a step must know of its signal besides its data."""
    document = signal.document()
    thresholds = document.get("metric_thresholds") or {}
    if isinstance(signal, CustomMonitoringSignal):
        thresholds = {each.metric_name: each.threshold for each in signal.metric_thresholds}
    found = {
        "type": document["type"],
        "thresholds": thresholds,
        "features": document.get("features"),
        "feature_type_override": document.get("feature_type_override") or {},
        "data_segment": document.get("data_segment"),
        "sampling_rate": document.get("sampling_rate"),
        "judge": signal.properties.get("model"),
        "output": f"${{{{outputs.{_OUTPUT}}}}}",
    }
    if isinstance(signal, GenerationSafetyQualitySignal) and signal.connection_id is not None:
        found["connection"] = connection_name(signal.connection_id)
    return found


def _data_settings(signal: MonitoringSignal, at: datetime) -> Json:
    every = {name: _place(name, each, at) for name, each in data_of(signal)}
    production = [place for name, place in every.items() if name != "reference"]
    return {"production": production, "reference": every.get("reference")}


def _place(name: str, data: MonitorData, at: datetime) -> Json:
    span = span_of(data.data_window, at)
    return {
        "path": f"${{{{inputs.{name}}}}}",
        "context": None if data.data_context is None else data.data_context.value,
        "columns": data.data_column_names,
        # What a component has made ready is of the window already, and need not tell its time.
        "window": None if span is None or data.pre_processing_component else [f"{each:{_MOMENT}}" for each in span],
    }


def _input(data: MonitorData) -> Json:
    document = data.input_data.document()
    return {key: document[key] for key in ("type", "path", "mode") if key in document}


def _preparing(data: MonitorData, bound: Json, at: datetime) -> Json:
    start, end = span_of(data.data_window, at) or (at - timedelta(days=7), at)
    return {
        "component": data.pre_processing_component,
        "inputs": {
            "data_window_start": f"{start:{_MOMENT}}",
            "data_window_end": f"{end:{_MOMENT}}",
            "input_data": bound,
        },
        "outputs": {_PREPARED: {}},
    }


def _own(signal: CustomMonitoringSignal, bound: Mapping[str, Json]) -> Json:
    if signal.connection is not None and signal.connection.secret_config:
        raise Unsupported(
            "secret_config is not handed to components here. Make a connection, and name it in the component's "
            f"environment variable {CONNECTIONS_VARIABLE}.",
            target="create_monitor.monitoring_signals.connection.secret_config",
        )
    limits = {
        f"{each.metric_name}_threshold": each.threshold
        for each in signal.metric_thresholds
        if each.threshold is not None
    }
    more = {name: each.document() for name, each in signal.inputs.items()}
    variables = signal.connection.environment_variables if signal.connection is not None else {}
    return {
        "component": signal.component_id,
        "inputs": {**limits, **more, **bound},
        "outputs": {_METRICS: {}},
        **({"environment_variables": dict(variables)} if variables else {}),
    }


def _component(bound: Mapping[str, Json]) -> Json:
    return {
        "type": "command",
        "display_name": "Signal of a monitor",
        "command": _COMMAND,
        "environment": _environment(),
        "inputs": {name: {"type": str(each.get("type") or "uri_folder")} for name, each in bound.items()},
        "outputs": {_OUTPUT: {"type": "uri_folder"}},
    }


def _environment() -> Json:
    """The packages of the curated environment `model-monitoring`: where containers run, its name means an image."""
    recipe = find_recipe("model-monitoring")
    assert recipe is not None
    return {"conda_file": {"dependencies": [{"pip": list(recipe.requirements)}]}}


def _plain(name: str) -> str:
    """A name as steps and outputs may have it."""
    found = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    return found if found[:1].isalpha() else f"signal_{found}".rstrip("_")


def _free(key: str, taken: Mapping[str, object]) -> str:
    return next(name for name in (key, *(f"{key}_{number}" for number in range(2, 1000))) if name not in taken)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def deployment_of(reference: str) -> tuple[str, str] | None:
    """Endpoint and deployment of `azureml:endpoint:deployment` or an ARM id; None for anything else."""
    found = re.fullmatch(r"(?i).*/onlineEndpoints/([^/]+)/deployments/([^/]+)", reference)
    if found is not None:
        return found[1], found[2]
    endpoint, colon, deployment = reference.removeprefix("azureml:").partition(":")
    return (endpoint, deployment) if colon and "/" not in reference else None


def model_of(reference: str) -> str:
    """The reference to a model, checked for its form."""
    return references.format(references.parse_asset(reference, "models"))
