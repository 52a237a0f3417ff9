"""What makes two steps equal, so that the second can take over the work of the first. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

_INPUTS = "inputs."
_SETTINGS = (
    "environment_variables", "distribution", "sampling_algorithm", "search_space", "objective", "early_termination",
    "task", "mini_batch_size", "partition_keys", "input_data", "error_threshold", "mini_batch_error_threshold",
    "program_arguments", "training_data", "validation_data", "test_data", "target_column_name", "primary_metric",
    "featurization", "training", "forecasting",
)  # fmt: skip
_WORDS = {
    "component": "the component",
    "command": "the command",
    "code": "the code",
    "environment": "the environment",
    "outputs": "the output settings",
    "instances": "the number of instances",
}


def parts_of(
    document: Mapping[str, Any],
    pinned: Mapping[str, Any],
    identities: Mapping[str, str],
    *,
    own_places: Collection[str],
) -> dict[str, str]:  # Any: JSON
    """What a step's result depends on, part by part, each as a short text that a person can compare.

    Args:
        document: The document of the step's job.
        pinned: What its references came to.
        identities: What tells the data of each input from other data.
        own_places: Places that only this pipeline has, where outputs that are bound to its own go.
    """
    found = {"type": str(document.get("type"))}
    if document.get("command"):
        found["command"] = _digest(document["command"])
    if document.get("trial"):
        found["command"] = _digest(document["trial"])
    if pinned.get("code"):
        found["code"] = str(pinned["code"]["id"])
    if pinned.get("recipe"):
        found["environment"] = _digest(pinned["recipe"])
    resources = document.get("resources") or {}
    found["instances"] = str(resources.get("instance_count") or 1)
    settings = {key: document[key] for key in _SETTINGS if document.get(key)}
    found |= {key: _digest(value) for key, value in settings.items()}
    outputs = {name: _own(output, own_places) for name, output in (document.get("outputs") or {}).items()}
    found["outputs"] = _digest(outputs)
    for name, given in (document.get("inputs") or {}).items():
        found[_INPUTS + name] = identities.get(name) or _text(given)
    return found


def of(parts: Mapping[str, str]) -> str:
    """The fingerprint of some parts."""
    return _digest(dict(parts))


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Why a step is not reused: what has changed since a run of it, in words."""
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return ", ".join(_said(key, old.get(key), new.get(key)) for key in changed)


def _said(key: str, old: str | None, new: str | None) -> str:
    if key.startswith(_INPUTS) and old is not None and new is not None and max(len(old), len(new)) < 60:
        return f"input {key.removeprefix(_INPUTS)!r} changed from {old} to {new}"
    if key.startswith(_INPUTS):
        what = "is new" if old is None else "is gone" if new is None else "has other content"
        return f"input {key.removeprefix(_INPUTS)!r} {what}"
    return f"{_WORDS.get(key, key.replace('_', ' '))} changed"


def _own(output: Any, own_places: Collection[str]) -> Any:  # Any: an output's document
    """What of an output makes a difference: not the place that every job has for itself."""
    if not isinstance(output, dict):
        return output
    kept = {key: value for key, value in output.items() if key in ("type", "mode", "path", "name", "version")}
    return {key: value for key, value in kept.items() if key != "path" or value not in own_places}


def _text(given: Any) -> str:  # Any: an input's document
    if isinstance(given, dict):
        return str(given["value"]) if "value" in given else _digest(given)
    return str(given)


def _digest(value: Any) -> str:  # Any: JSON
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
