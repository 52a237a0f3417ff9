"""The ARM spelling of jobs."""

from __future__ import annotations

from typing import Any

from smalt.entities.base import Entity
from smalt.entities.identity import JobIdentity
from smalt.entities.job.automl import AutoMLJob
from smalt.entities.job.command import Trial
from smalt.entities.job.distribution import Mpi, PyTorch, Ray, TensorFlow
from smalt.entities.job.finetuning import FineTuningJob
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.limits import CommandJobLimits, SweepJobLimits
from smalt.entities.job.outputs import JobOutput
from smalt.entities.job.parallel import ParallelTask, RetrySettings
from smalt.entities.job.resources import JobResources, QueueSettings
from smalt.entities.job.services import JobService
from smalt.entities.job.sweep import EarlyTermination, Objective, SamplingAlgorithm
from smalt.entities.text import coerce_literal, literal_text
from smalt.wire.arm import automl, finetuning
from smalt.wire.arm.assets import ASSET_TYPES
from smalt.wire.arm.base import ENVELOPE, ShapeCodec
from smalt.wire.arm.search_space import SEARCH_SPACE
from smalt.wire.arm.shape import Both, CamelKeys, JsonObject, MapOf, Part, Seconds, Shape, Words
from smalt.wire.arm.steps import STEPS

JOB_TYPES = Words(
    {
        "command": "Command",
        "pipeline": "Pipeline",
        "sweep": "Sweep",
        "spark": "Spark",
        "automl": "AutoML",
        "finetuning": "FineTuning",
        "distillation": "Distillation",
        "parallel": "Parallel",
        "flow": "Flow",
        "import": "Import",
        "data_transfer": "DataTransfer",
    }
)
MODES = Words(
    {
        "ro_mount": "ReadOnlyMount",
        "rw_mount": "ReadWriteMount",
        "download": "Download",
        "upload": "Upload",
        "direct": "Direct",
        "eval_mount": "EvalMount",
        "eval_download": "EvalDownload",
    }
)
_IDENTITY = Shape.of(
    JobIdentity,
    rename={"type": "identityType"},
    parts={"type": Words({"aml_token": "AMLToken", "managed": "Managed", "user_identity": "UserIdentity"})},
)
_TIERS = Words({"null": "Null", "spot": "Spot", "basic": "Basic", "standard": "Standard", "premium": "Premium"})
QUEUE = Shape.of(
    QueueSettings,
    parts={
        "job_tier": _TIERS,
        "priority": Both(
            lambda word: {"low": 1, "medium": 2, "high": 3}.get(str(word).lower(), word),
            lambda number: {"1": "low", "2": "medium", "3": "high"}.get(str(number), number),
        ),
    },
)
_DISTRIBUTION = Shape(
    {name: wire for model in (Mpi, PyTorch, TensorFlow, Ray) for name, wire in Shape.of(model).names.items()}
    | {"type": "distributionType"},
    {"type": Words({"mpi": "Mpi", "pytorch": "PyTorch", "tensorflow": "TensorFlow", "ray": "Ray"})},
)
_SERVICE_TYPES = Words(
    {"ssh": "SSH", "jupyter_lab": "JupyterLab", "vs_code": "VSCode", "tensor_board": "TensorBoard", "custom": "Custom"}
)
_DATA_INPUT = Shape.of(
    DataInput, rename={"type": "jobInputType", "path": "uri"}, parts={"type": ASSET_TYPES, "mode": MODES}
)
_OUTPUT = Shape.of(
    JobOutput,
    rename={"type": "jobOutputType", "path": "uri", "name": "assetName", "version": "assetVersion"},
    parts={
        "type": ASSET_TYPES,
        "mode": Both(lambda mode: MODES.to_arm("rw_mount" if mode == "mount" else mode), MODES.from_arm),
    },
)

_INPUT_SCHEMA: JsonObject = {
    "type": "object",
    "required": ["jobInputType"],
    "properties": {
        "jobInputType": {"type": "string", "enum": ["literal", *ASSET_TYPES.pairs.values()]},
        "uri": {"type": "string"},
        "mode": {"type": "string", "enum": [*MODES.pairs.values()]},
        "value": {"type": "string"},
    },
}


def _input_to_arm(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict) and "value" in value:
        declared = value.get("type")
        text = literal_text(coerce_literal(value["value"], None if declared == "literal" else declared))
        rest = {key: item for key, item in value.items() if key != "type"}
        return {**rest, "jobInputType": "literal", "value": text}
    if isinstance(value, dict):
        return _DATA_INPUT.to_arm(value)
    return {"jobInputType": "literal", "value": literal_text(value)}


def _input_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict) or str(value.get("jobInputType", "")).lower() != "literal":
        return _DATA_INPUT.from_arm(value)
    rest = {key: item for key, item in value.items() if key != "jobInputType" and item is not None}
    text = literal_text(rest.get("value"))
    return text if rest.keys() <= {"value"} else {**rest, "type": "literal", "value": text}


DATA_INPUTS = MapOf(Both(_input_to_arm, _input_from_arm, _INPUT_SCHEMA))
"""Inputs of jobs by name."""


def _service_to_arm(value: Any) -> Any:  # Any: JSON
    body: JsonObject = _SERVICE.to_arm(value)
    moved = {wire: body.pop(wire) for wire in ("sshPublicKeys", "logDir") if wire in body}
    if moved:
        body["properties"] = (body.get("properties") or {}) | moved
    return body


def _service_from_arm(value: Any) -> Any:  # Any: JSON
    document = _SERVICE.from_arm(value)
    properties = document.get("properties") if isinstance(document, dict) else None
    if isinstance(properties, dict):
        kept = dict(properties)
        for wire, name in (("sshPublicKeys", "ssh_public_keys"), ("logDir", "log_dir")):
            if wire in kept:
                document[name] = kept.pop(wire)
        document["properties"] = kept or None
    return document


def _nodes_to_arm(value: Any) -> Any:  # Any: JSON
    return {"nodesValueType": "All"} if str(value).lower() == "all" else value


def _nodes_from_arm(value: Any) -> Any:  # Any: JSON
    kind = value.get("nodesValueType") if isinstance(value, dict) else value
    return "all" if str(kind).lower() == "all" else value


_SERVICE = Shape.of(
    JobService,
    rename={"type": "jobServiceType"},
    parts={"type": _SERVICE_TYPES, "nodes": Both(_nodes_to_arm, _nodes_from_arm)},
)


def _resources_to_arm(value: Any) -> Any:  # Any: JSON
    body: JsonObject = _RESOURCES.to_arm(value)
    if isinstance(body.get("dockerArgs"), list):
        body["dockerArgsList"] = body.pop("dockerArgs")
    return body


def _resources_from_arm(value: Any) -> Any:  # Any: JSON
    document = _RESOURCES.from_arm(value)
    if isinstance(document, dict) and document.get("dockerArgsList"):
        document["docker_args"] = document.pop("dockerArgsList")
    return document


_RESOURCES = Shape.of(JobResources)
_RESOURCES_PART = Both(_resources_to_arm, _resources_from_arm)
_IDS = {"code": "codeId", "environment": "environmentId", "compute": "computeId", "component": "componentId"}


def _inline_apart(body: JsonObject) -> JsonObject:
    """An inline environment or component is no id: it keeps its own key."""
    for own in ("environment", "component"):
        if isinstance(body.get(_IDS[own]), dict):
            body[own] = body.pop(_IDS[own])
    return body


_TRIAL = Shape.of(
    Trial,
    rename={key: wire for key, wire in _IDS.items() if key in Trial.model_fields},
    parts={"distribution": _DISTRIBUTION, "resources": _RESOURCES_PART},
    skip={"type"},
)


def _trial_to_arm(value: Any) -> Any:  # Any: JSON
    return _inline_apart(_TRIAL.to_arm(value)) if isinstance(value, dict) else {"componentId": value}


def _trial_from_arm(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict) and value.keys() == {"componentId"}:
        return value["componentId"]
    return _TRIAL.from_arm(value)


def _entry_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    kind = "SparkJobPythonEntry" if "file" in value else "SparkJobScalaEntry"
    return {**CamelKeys().to_arm(value), "sparkJobEntryType": kind}


def _entry_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    return CamelKeys().from_arm({key: item for key, item in value.items() if key != "sparkJobEntryType"})


_TASK = Shape.of(
    ParallelTask,
    rename={key: wire for key, wire in _IDS.items() if key in ParallelTask.model_fields},
    parts={"type": Words({"run_function": "RunFunction", "model": "Model", "function": "Function"})},
)


def _task_to_arm(value: Any) -> Any:  # Any: JSON
    return _inline_apart(_TASK.to_arm(value))


_POLICIES = Words(
    {"bandit": "Bandit", "median_stopping": "MedianStopping", "truncation_selection": "TruncationSelection"}
)
_COMMON: dict[str, Part] = {
    "type": JOB_TYPES,
    "identity": _IDENTITY,
    "services": MapOf(Both(_service_to_arm, _service_from_arm)),
    "inputs": DATA_INPUTS,
    "outputs": MapOf(_OUTPUT),
    "queue_settings": QUEUE,
    "notification_setting": CamelKeys(),
}
_OWN: dict[str, dict[str, Part]] = {
    "CommandJob": {
        "distribution": _DISTRIBUTION,
        "resources": _RESOURCES_PART,
        "limits": Shape.of(CommandJobLimits, parts={"timeout": Seconds()}, constants={"jobLimitsType": "Command"}),
    },
    "SweepJob": {
        "resources": _RESOURCES_PART,
        "limits": Shape.of(
            SweepJobLimits,
            parts={"timeout": Seconds(), "trial_timeout": Seconds()},
            constants={"jobLimitsType": "Sweep"},
        ),
        "objective": Shape.of(Objective, parts={"goal": Words({"minimize": "Minimize", "maximize": "Maximize"})}),
        "sampling_algorithm": Shape.of(
            SamplingAlgorithm,
            rename={"type": "samplingAlgorithmType"},
            parts={"type": Words({"random": "Random", "grid": "Grid", "bayesian": "Bayesian"})},
        ),
        "early_termination": Shape.of(
            EarlyTermination,
            rename={"type": "policyType"},
            parts={
                "type": _POLICIES,
            },
        ),
        "search_space": MapOf(SEARCH_SPACE),
        "trial": Both(_trial_to_arm, _trial_from_arm),
    },
    "FineTuningJob": {"resources": CamelKeys(), **finetuning.parts(_DATA_INPUT)},
    "AutoMLJob": {"resources": _RESOURCES_PART, **automl.parts(_DATA_INPUT)},
    "FlowJob": {
        "resources": _RESOURCES_PART,
        "limits": Shape.of(CommandJobLimits, parts={"timeout": Seconds()}, constants={"jobLimitsType": "Command"}),
    },
    "PipelineJob": {"jobs": STEPS},
    "ParallelJob": {
        "resources": _RESOURCES_PART,
        "retry_settings": Shape.of(RetrySettings, parts={"timeout": Seconds()}),
        "task": Both(_task_to_arm, _TASK.from_arm),
    },
    "SparkJob": {
        "resources": CamelKeys(),
        "entry": Both(_entry_to_arm, _entry_from_arm),
    },
}


def job_shape(model: type[Entity]) -> Shape:
    """The table of one kind of job."""
    rename = {key: wire for key, wire in _IDS.items() if key in model.model_fields} | {"type": "jobType"}
    if model is AutoMLJob:
        rename |= automl.names()
    if model is FineTuningJob:
        rename |= finetuning.names()
    own = next((_OWN[each.__name__] for each in model.__mro__ if each.__name__ in _OWN), {"resources": CamelKeys()})
    return Shape.of(model, rename=rename, parts=_COMMON | own, skip=ENVELOPE)


def _finish(properties: JsonObject) -> JsonObject:
    return finetuning.fold(automl.fold(_inline_apart(properties)))


def _begin(properties: JsonObject) -> JsonObject:
    return finetuning.unfold(automl.unfold(properties))


JOBS = ShapeCodec("job", job_shape, type_key="jobType", finish=_finish, begin=_begin)
