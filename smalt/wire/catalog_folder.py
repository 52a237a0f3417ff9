"""A model's metadata in the files of Azure's catalog (spec.yaml, model.yaml, description.md), read as a card."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from smalt.entities.catalog import ModelCard
from smalt.errors import InvalidRequest
from smalt.kit import yaml

SPEC, MODEL, DESCRIPTION, EVALUATION = "spec.yaml", "model.yaml", "description.md", "evaluation.md"
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_TASK_WORDS = {"feature-extraction": "embeddings", "conversational": "chat-completion"}
_DEFAULTS = "model_specific_defaults"

Document = Mapping[str, Any]  # Any: YAML


def card_of(text: Callable[[str], str | None], *, registry: str = "workspace") -> ModelCard:
    """The card of a model's folder.

    Args:
        text: Gives the text of a file in it.
        registry: Whose catalog it is to be shown as.

    Raises:
        InvalidRequest: There is no spec.yaml, or it cannot be read.
    """
    spec = _document(text, SPEC)
    if not spec:
        raise InvalidRequest(f"There is no {SPEC} in the folder. Name the folder of a catalog model.")
    model = _document(text, MODEL)
    described = text(DESCRIPTION) or spec.get("description") or model.get("description")
    card = card_of_metadata(
        str(spec.get("name") or ""),
        tags=_mapping(spec.get("tags")),
        metadata=_mapping(spec.get("system_metadata")) or _mapping(spec.get("properties")),
        registry=registry,
    )
    told = {**card.document(), "description": _FRONT_MATTER.sub("", str(described)).strip() if described else None}
    if str(spec.get("version") or "").strip() not in ("", "auto"):
        told["version"] = str(spec["version"])
    evaluation = text(EVALUATION)
    if evaluation:
        told["evaluation"] = evaluation.strip()
    return ModelCard.parse({name: value for name, value in told.items() if value is not None})


def card_of_metadata(name: str, *, tags: Document, metadata: Document, registry: str) -> ModelCard:
    """The card of a model by its tags and its system metadata; older models keep everything in their tags."""
    both = {**tags, **metadata}
    tasks = _mapping(both.get("tasks"))
    modalities = (both.get("inputModalities"), both.get("outputModalities"))
    document: dict[str, Any] = {
        "name": name,
        "registry": registry,
        "display_name": both.get("displayName"),
        "summary": both.get("summary"),
        "publisher": both.get("publisher") or both.get("author"),
        "license": both.get("license"),
        "license_url": both.get("licenseLink") or both.get("licenseUrl"),
        "hugging_face_id": both.get("huggingFaceModelId") or both.get("huggingface_model_id"),
        "revision": both.get("SHA") if both.get("huggingFaceModelId") else None,
        "inference_tasks": _words(tasks.get("inferenceTasks") or both.get("task") or both.get("inferenceTasks")),
        "fine_tuning_tasks": _words(tasks.get("fineTuningTasks") or both.get("finetuningTasks")),
        "languages": _words(both.get("languages")),
        "industries": _words(both.get("industry")),
        "keywords": _words(both.get("keywords")),
        "input_modalities": _words(modalities[0]) or ["text"],
        "output_modalities": _words(modalities[1]) or ["text"],
        "context_window": _number(both.get("textContextWindow")),
        "max_output_tokens": _number(both.get("maxOutputTokens")),
        "training_data_date": both.get("trainingDataDate"),
        "is_featured": _is_true(both.get("featured", both.get("Featured"))),
        "deprecation": {key: str(value) for key, value in _mapping(both.get("deprecation")).items()},
        "fine_tuning_defaults": _defaults(both.get(_DEFAULTS)),
        "benchmarks": _benchmarks(both.get("benchmark")),
        "sku": dict(_mapping(both.get("SKU"))),
    }
    return ModelCard.parse({key: value for key, value in document.items() if value is not None})


def _document(text: Callable[[str], str | None], name: str) -> Document:
    found = text(name)
    if found is None:
        return {}
    try:
        return _mapping(yaml.load(found))
    except yaml.YamlError as failure:
        raise InvalidRequest(f"{name} is no YAML: {failure}. Correct it.") from None


def _mapping(value: Any) -> Document:  # Any: YAML
    return value if isinstance(value, dict) else {}


def _words(value: Any) -> list[str]:  # Any: YAML
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    words = [str(each).strip() for each in listed if str(each).strip()]
    return [_TASK_WORDS.get(each, each) for each in words]


def _number(value: Any) -> int | None:  # Any: YAML
    match = re.fullmatch(r"\s*(\d+)\s*([kKmM]?)\s*", str(value if value is not None else "").replace(",", ""))
    if match is None or int(match[1]) == 0:
        return None
    return int(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()]


def _is_true(value: Any) -> bool:  # Any: YAML
    return str(value).lower() == "true"


def _defaults(value: Any) -> dict[str, str]:  # Any: YAML
    """Defaults of fine-tuning, which are often a Python literal in a tag."""
    if isinstance(value, str):
        pairs = re.findall(r"['\"](\w+)['\"]\s*:\s*(?:['\"]([^'\"]*)['\"]|([^,}\s]+))", value)
        return {name: quoted or bare for name, quoted, bare in pairs}
    return {str(key): str(item) for key, item in _mapping(value).items()}


def _benchmarks(value: Any) -> dict[str, float | str]:  # Any: YAML
    return {str(key): item if isinstance(item, float | int) else str(item) for key, item in _mapping(value).items()}
