"""What a call of a batch endpoint asks for, and the job it becomes. Pure.

A call of a model is a pipeline of one step, `batchscoring`, whose output is `score`, as on Azure.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smalt.entities.component import Component
from smalt.entities.endpoint.batch import BatchRetrySettings, ModelBatchDeployment, PipelineComponentBatchDeployment
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.text import normal_form
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest
from smalt.kit import duration

ENDPOINT, DEPLOYMENT = "azureml.batchendpoint", "azureml.batchdeployment"
"""Properties of a job that say what was called."""

_STEP, _SCORE, _MODEL = "batchscoring", "score", "smalt_model"
_FOLDERS = {"urifolder": "uri_folder", "urifile": "uri_file", "mltable": "mltable", "custommodel": "custom_model",
            "mlflowmodel": "mlflow_model", "tritonmodel": "triton_model"}  # fmt: skip
_LITERAL = "literal"

Document = Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call.

    Args:
        inputs: Inputs by name, as documents of a job.
        outputs: Outputs by name, likewise.
        job_name: The name that was asked for.
        experiment: Likewise.
        overrides: Settings of the deployment that are others in this call.
    """

    inputs: Document = field(default_factory=dict)
    outputs: Document = field(default_factory=dict)
    job_name: str | None = None
    experiment: str | None = None
    overrides: Document = field(default_factory=dict)


def read(body: Document) -> Invocation:
    """A call as clients of every age write it: keys in any case, inputs by name or as a `dataset`.

    Raises:
        InvalidRequest: Something of it cannot be read.
    """
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise InvalidRequest("The body has no 'properties' object. Send {\"properties\": {...}}.", target="properties")
    given = {normal_form(str(key)): value for key, value in properties.items()}
    inner = given.get("properties")
    experiment = inner.get("experimentName") if isinstance(inner, dict) else None
    return Invocation(
        inputs=_inputs(given),
        outputs=_outputs(given),
        job_name=_text(given, "name") or _text(given, "jobname"),
        experiment=None if experiment is None else str(experiment),
        overrides=_overrides(given),
    )


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a call of a model comes to.

    Args:
        component: The step, to be registered under a name that nobody sees.
        inputs: What the step is given.
        name: The name of the input that is scored.
        data: That input.
        output: Where the results go.
    """

    component: Component
    inputs: Document
    name: str
    data: Document
    output: Document


def scoring(deployment: ModelBatchDeployment, pinned: Document, call: Invocation) -> Scoring:
    """The step that scores files.

    Raises:
        InvalidRequest: The call does not fit.
    """
    name, data = _one_input(call)
    settings = deployment.settings
    overrides = call.overrides
    retry = overrides.get("retry_settings") or settings.retry_settings or BatchRetrySettings()
    output, file_name = _score(call, overrides.get("output_file_name") or settings.output_file_name)
    appends = settings.output_action == "append_row"
    model = pinned.get("model")
    inputs: dict[str, Any] = {name: f"${{{{parent.inputs.{name}}}}}"}
    ports: dict[str, Any] = {name: {"type": data["type"]}}
    variables = {
        **settings.environment_variables,
        **deployment.environment_variables,
        "AZUREML_BI_OUTPUT_PATH": f"${{{{outputs.{_SCORE}}}}}",
        "SMALT_BATCH_FILE": file_name if appends else "",
    }
    if model is not None:
        kind = model["type"] if AssetType(model["type"]).is_model else AssetType.CUSTOM_MODEL.value
        inputs[_MODEL] = {"type": kind, "path": model["id"], "mode": "ro_mount"}
        ports[_MODEL] = {"type": kind}
        variables["SMALT_BATCH_MODEL"] = f"${{{{inputs.{_MODEL}}}}}"
        variables["SMALT_BATCH_MODEL_PLACE"] = f"{model['name']}/{model['version']}/{model['basename']}"
    document = {
        "name": _STEP,
        "display_name": _STEP,
        "type": "parallel",
        "is_anonymous": True,
        "inputs": ports,
        "outputs": {_SCORE: {"type": "uri_folder"}},
        "input_data": f"${{{{inputs.{name}}}}}",
        "mini_batch_size": str(overrides.get("mini_batch_size") or settings.mini_batch_size),
        "max_concurrency_per_instance": settings.max_concurrency_per_instance,
        "error_threshold": overrides.get("error_threshold", settings.error_threshold),
        "mini_batch_error_threshold": -1,
        "logging_level": settings.logging_level,
        "retry_settings": retry.document(),
        "environment_variables": variables,
        "resources": {"instance_count": overrides.get("instance_count") or deployment.instance_count},
        "task": _task(deployment, pinned, appends=appends),
    }
    return Scoring(Component.parse(document), inputs, name, data, output)


def _task(deployment: ModelBatchDeployment, pinned: Document, *, appends: bool) -> dict[str, Any]:  # Any: JSON
    script = deployment.code_configuration.scoring_script if deployment.code_configuration is not None else None
    task: dict[str, Any] = {"type": "run_function", "entry_script": script, "code": _code(pinned)}
    if script is None:
        task = {"type": "model", "model": f"${{{{inputs.{_MODEL}}}}}"}
    if appends:
        task["append_row_to"] = f"${{{{outputs.{_SCORE}}}}}"
    return {key: value for key, value in {**task, "environment": pinned["environment"]}.items() if value is not None}


def model_job(
    endpoint: str, deployment: ModelBatchDeployment, call: Invocation, found: Scoring, *, component_id: str
) -> PipelineJob:
    """The job that scores files, once its step is registered."""
    step = {
        "type": "parallel",
        "component": component_id,
        "inputs": found.inputs,
        "outputs": {_SCORE: f"${{{{parent.outputs.{_SCORE}}}}}"},
    }
    return PipelineJob.parse(
        {
            **_common(endpoint, str(deployment.name), call),
            "inputs": {found.name: found.data},
            "outputs": {_SCORE: found.output},
            "compute": deployment.compute,
            "jobs": {_STEP: step},
        }
    )


def pipeline_job(endpoint: str, deployment: PipelineComponentBatchDeployment, call: Invocation) -> PipelineJob:
    """The job that runs a pipeline with the inputs of a call."""
    settings = {key: value for key, value in deployment.settings.items() if value not in (None, "")}
    common = _common(endpoint, str(deployment.name), call)
    known = {normal_form(key): value for key, value in settings.items()}
    compute = known.get("defaultcompute")
    return PipelineJob.parse(
        {
            **common,
            "inputs": dict(call.inputs),
            "outputs": dict(call.outputs),
            "component": deployment.component,
            "compute": compute,
            "settings": {
                "default_compute": compute,
                "default_datastore": known.get("defaultdatastore"),
                "continue_on_step_failure": _truth(known.get("continueonstepfailure")),
                "force_rerun": _truth(known.get("forcererun")),
            },
        }
    )


def _common(endpoint: str, deployment: str, call: Invocation) -> dict[str, Any]:  # Any: JSON
    return {
        "type": "pipeline",
        "display_name": f"{endpoint}-{deployment}",
        "experiment_name": call.experiment or endpoint,
        "properties": {ENDPOINT: endpoint, DEPLOYMENT: deployment},
        # Who calls wants the work done, whatever an earlier call has done.
        "settings": {"force_rerun": True},
    }


def _one_input(call: Invocation) -> tuple[str, dict[str, Any]]:  # Any: JSON
    data = {name: each for name, each in call.inputs.items() if "path" in each}
    if len(data) != 1:
        told = ", ".join(data) or "none"
        raise InvalidRequest(
            f"A deployment of a model scores one input, and the call has: {told}. Send one of UriFolder, UriFile or "
            "MLTable.",
            target="properties.inputData",
        )
    return next(iter(data.items()))


def _score(call: Invocation, file_name: str) -> tuple[dict[str, Any], str]:  # Any: JSON
    """Where the results go, and the name of the file of rows."""
    if not call.outputs:
        return {"type": "uri_folder"}, file_name
    given = next(iter(call.outputs.values()))
    path = given.get("path")
    if given.get("type") != "uri_file" or not path:
        return {**given, "type": "uri_folder"}, file_name
    folder, name = posixpath.split(str(path))
    return {**given, "type": "uri_folder", "path": f"{folder}/"}, name or file_name


def _inputs(given: Document) -> dict[str, Any]:  # Any: JSON
    named = given.get("inputdata")
    if named is None and given.get("dataset") is not None:
        return {"dataset": _dataset(given["dataset"])}
    if named is not None and not isinstance(named, dict):
        raise InvalidRequest("inputData is no object. Send {name: {...}}.", target="properties.inputData")
    return {_clean(name): _input(name, value) for name, value in (named or {}).items()}


def _input(name: str, value: Any) -> dict[str, Any]:  # Any: JSON
    if not isinstance(value, dict):
        return {"type": _LITERAL, "value": value}
    known = {normal_form(str(key)): item for key, item in value.items()}
    kind = normal_form(str(known.get("jobinputtype") or known.get("type") or name))
    if kind == _LITERAL or ("value" in known and "uri" not in known):
        return {"type": "string" if isinstance(known.get("value"), str) else _LITERAL, "value": known.get("value")}
    path = known.get("uri") or known.get("path")
    if kind not in _FOLDERS or not isinstance(path, str):
        raise InvalidRequest(
            f"The input {name!r} cannot be read. Send jobInputType (UriFolder, UriFile, MLTable, Literal) and uri.",
            target=f"properties.inputData.{name}",
        )
    mode = known.get("mode")
    return {"type": _FOLDERS[kind], "path": path, **({"mode": str(mode)} if mode else {})}


def _dataset(value: Any) -> dict[str, Any]:  # Any: JSON
    """The older form: an id, or an object with a path."""
    if isinstance(value, str):
        return {"type": "uri_folder", "path": value}
    known = {normal_form(str(key)): item for key, item in value.items()} if isinstance(value, dict) else {}
    path = known.get("path") or known.get("datasetid") or known.get("id")
    if not isinstance(path, str):
        raise InvalidRequest("dataset names nothing. Send inputData in its place.", target="properties.dataset")
    return {"type": "uri_folder", "path": path}


def _outputs(given: Document) -> dict[str, Any]:  # Any: JSON
    named = given.get("outputdata")
    if named is None and isinstance(given.get("outputdataset"), dict):
        known = {normal_form(str(key)): item for key, item in given["outputdataset"].items()}
        store = str(known.get("datastoreid", "")).rstrip("/").rpartition("/")[2].removeprefix("azureml:")
        return {_SCORE: {"type": "uri_folder", "path": f"azureml://datastores/{store}/paths/{known.get('path', '')}"}}
    if named is not None and not isinstance(named, dict):
        raise InvalidRequest("outputData is no object. Send {name: {...}}.", target="properties.outputData")
    found = {}
    for name, value in (named or {}).items():
        known = {normal_form(str(key)): item for key, item in value.items()} if isinstance(value, dict) else {}
        kind = normal_form(str(known.get("joboutputtype") or known.get("type") or "UriFolder"))
        if kind not in _FOLDERS:
            raise InvalidRequest(f"jobOutputType {kind!r} is unknown.", target=f"properties.outputData.{name}")
        document = {"type": _FOLDERS[kind], "path": known.get("uri") or known.get("path"), "mode": known.get("mode")}
        found[_clean(name)] = {key: item for key, item in document.items() if item is not None}
    return found


def _overrides(given: Document) -> dict[str, Any]:  # Any: JSON
    found: dict[str, Any] = {}
    for wire, name in (("minibatchsize", "mini_batch_size"), ("errorthreshold", "error_threshold")):
        if given.get(wire) is not None:
            found[name] = _number(given[wire], wire)
    if isinstance(given.get("compute"), dict):
        count = given["compute"].get("instanceCount") or given["compute"].get("instance_count")
        if count is not None:
            found["instance_count"] = _number(count, "compute.instanceCount")
    if given.get("outputfilename"):
        found["output_file_name"] = str(given["outputfilename"])
    if isinstance(given.get("retrysettings"), dict):
        known = {normal_form(str(key)): item for key, item in given["retrysettings"].items()}
        document = {"max_retries": known.get("maxretries"), "timeout": _seconds(known.get("timeout"))}
        found["retry_settings"] = BatchRetrySettings.parse({k: v for k, v in document.items() if v is not None})
    return found


def _seconds(value: Any) -> Any:  # Any: JSON
    try:
        return duration.from_iso(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _number(value: Any, name: str) -> int:  # Any: JSON
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidRequest(f"{name} is {value!r}, which is no whole number.", target=f"properties.{name}")


def _text(given: Document, key: str) -> str | None:
    value = given.get(key)
    return None if value is None else str(value)


def _clean(name: str) -> str:
    if not name.replace("_", "").replace("-", "").isalnum():
        raise InvalidRequest(f"{name!r} is no name of an input or output. Use letters, digits and '_'.")
    return name.replace("-", "_")


def _code(pinned: Document) -> str | None:
    code = pinned.get("code")
    return None if code is None else str(code["id"])


def _truth(value: Any) -> bool | None:  # Any: JSON
    return None if value is None else str(value).lower() in {"true", "1"}
