"""The ARM spelling of the steps of a pipeline: almost the one of YAML, with ids and bindings wrapped."""

from __future__ import annotations

from typing import Any

from smalt.entities.job.step import Step
from smalt.entities.text import literal_text, normal_form
from smalt.wire.arm.shape import JsonObject, JsonText, Seconds, Words, snake

_MODES = Words(
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
_IDENTITIES = Words({"aml_token": "AMLToken", "managed": "Managed", "user_identity": "UserIdentity"})
_DISTRIBUTIONS = Words({"mpi": "Mpi", "pytorch": "PyTorch", "tensorflow": "TensorFlow", "ray": "Ray"})
_TIERS = Words({"spot": "Spot", "basic": "Basic", "standard": "Standard", "premium": "Premium"})
_POLICIES = Words(
    {"bandit": "Bandit", "median_stopping": "MedianStopping", "truncation_selection": "TruncationSelection"}
)
_DISCRIMINATORS = {
    "identity": ("identity_type", _IDENTITIES),
    "distribution": ("distribution_type", _DISTRIBUTIONS),
    "early_termination": ("policy_type", _POLICIES),
}
_IDS = {"component": "componentId", "compute": "computeId"}


class StepPart:
    """One step."""

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """As the official client writes it."""
        if not isinstance(value, dict):
            return value
        is_automl = normal_form(str(value.get("type", ""))) == "automl"
        left_out = {"inputs"} if is_automl and not value.get("inputs") else set()
        shown = {key: item for key, item in value.items() if key not in left_out}
        return {_wire_key(key, item): _value_to_arm(key, item, value) for key, item in shown.items()}

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """As YAML writes it; a step that is in YAML already stays as it is."""
        if not isinstance(value, dict):
            return value
        own = {wire: key for key, wire in _IDS.items()}
        renamed = {own.get(str(key), str(key)): item for key, item in value.items()}
        return {
            key: _value_from_arm(key, item)
            for key, item in renamed.items()
            if item is not None or key not in Step.model_fields
        }


class StepsPart:
    """All steps by name. On the wire each also says its name."""

    def to_arm(self, value: Any) -> Any:  # Any: JSON
        """As the official client writes them."""
        if not isinstance(value, dict):
            return value
        return {name: self._named(name, _STEP.to_arm(step)) for name, step in value.items()}

    def from_arm(self, value: Any) -> Any:  # Any: JSON
        """As YAML writes them."""
        return {name: _STEP.from_arm(step) for name, step in value.items()} if isinstance(value, dict) else value

    @staticmethod
    def _named(name: str, step: Any) -> Any:  # Any: JSON
        if not isinstance(step, dict) or normal_form(str(step.get("type", ""))) in {"ifelse", "dowhile", "parallelfor"}:
            return step
        return {"name": name, **step}


def _wire_key(key: str, item: Any) -> str:  # Any: JSON
    """A component written in place is no id: it keeps its own key."""
    return _IDS[key] if key in _IDS and isinstance(item, str) else key


def _value_to_arm(key: str, item: Any, step: JsonObject) -> Any:  # Any: JSON
    if key == "inputs" and isinstance(item, dict):
        return {name: _input_to_arm(value) for name, value in item.items()}
    if key == "outputs" and isinstance(item, dict):
        return {name: _output_to_arm(value) for name, value in item.items()}
    if key == "trial" and isinstance(item, str):
        return {"componentId": item}
    if key == "limits" and step.get("type") == "command" and isinstance(item, dict):
        timed = {**item, **({"timeout": Seconds().to_arm(item["timeout"])} if "timeout" in item else {})}
        return {"job_limits_type": "Command", **timed}
    if key == "queue_settings" and isinstance(item, dict) and "job_tier" in item:
        return {**item, "job_tier": _TIERS.to_arm(item["job_tier"])}
    if key == "partition_keys":
        return JsonText().to_arm(item)
    if key in _DISCRIMINATORS and isinstance(item, dict) and "type" in item:
        wire, words = _DISCRIMINATORS[key]
        return {wire if name == "type" else name: words.to_arm(inner) if name == "type" else inner
                for name, inner in item.items()}  # fmt: skip
    return item


def _value_from_arm(key: str, item: Any) -> Any:  # Any: JSON
    if key == "inputs" and isinstance(item, dict):
        return {name: _input_from_arm(value) for name, value in item.items()}
    if key == "outputs" and isinstance(item, dict):
        return {name: _output_from_arm(value) for name, value in item.items()}
    if key == "trial" and isinstance(item, dict) and item.keys() == {"componentId"}:
        return item["componentId"]
    if key == "limits" and isinstance(item, dict):
        kept = {name: inner for name, inner in item.items() if snake(name) != "job_limits_type"}
        return kept | {"timeout": Seconds().from_arm(kept["timeout"])} if "timeout" in kept else kept
    if key == "queue_settings" and isinstance(item, dict) and "job_tier" in item:
        return {**item, "job_tier": _TIERS.from_arm(item["job_tier"])}
    if key == "partition_keys":
        return JsonText().from_arm(item)
    if key in _DISCRIMINATORS and isinstance(item, dict):
        wire, words = _DISCRIMINATORS[key]
        return {"type" if snake(name) == wire else name: words.from_arm(inner) if snake(name) == wire else inner
                for name, inner in item.items()}  # fmt: skip
    return item


def _input_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return {"job_input_type": "literal", "value": literal_text(value)}
    rest = {key: item for key, item in value.items() if key not in {"type", "path", "mode"}}
    if "mode" in value:
        rest["mode"] = _MODES.to_arm(value["mode"])
    path = value.get("path")
    if isinstance(path, str) and path.startswith("${{"):
        declared = {"type": value["type"]} if "type" in value else {}
        return {"job_input_type": "literal", "value": path, **declared, **rest}
    return {"job_input_type": value.get("type", "uri_folder"), **({} if path is None else {"uri": path}), **rest}


def _input_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    given = {snake(key): item for key, item in value.items() if item is not None}
    if "job_input_type" not in given:
        return value
    kind = given.pop("job_input_type")
    if "mode" in given:
        given["mode"] = _MODES.from_arm(given["mode"])
    if normal_form(str(kind)) != "literal":
        path = {"path": given.pop("uri")} if "uri" in given else {}
        return {"type": kind, **path, **given}
    text = literal_text(given.pop("value", None))
    return {"path": text, **given} if given else text


def _output_to_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return {"type": "literal", "value": value}
    rest = {key: item for key, item in value.items() if key not in {"type", "path", "mode", "name", "version"}}
    rest |= {_ASSET[key]: value[key] for key in _ASSET if key in value}
    if "mode" in value:
        rest["mode"] = _MODES.to_arm(value["mode"])
    path = value.get("path")
    if isinstance(path, str) and path.startswith("${{parent.outputs."):
        declared = {"job_output_type": value["type"]} if "type" in value else {}
        return {"type": "literal", "value": path, **declared, **rest}
    declared = {"job_output_type": value["type"]} if "type" in value else {}
    return {**declared, **({} if path is None else {"uri": path}), **rest}


def _output_from_arm(value: Any) -> Any:  # Any: JSON
    if not isinstance(value, dict):
        return value
    given = {snake(key): item for key, item in value.items() if item is not None}
    own = {snake(wire): key for key, wire in _ASSET.items()}
    if "mode" in given:
        given["mode"] = _MODES.from_arm(given["mode"])
    if given.get("type") == "literal":
        given.pop("type")
        given["path"] = given.pop("value", None)
    declared = {"type": given.pop("job_output_type")} if "job_output_type" in given else {}
    path = {"path": given.pop("uri")} if "uri" in given else {}
    return {**declared, **path, **{own.get(key, key): item for key, item in given.items()}}


_ASSET = {"name": "asset_name", "version": "asset_version"}
_STEP = StepPart()
STEPS = StepsPart()
