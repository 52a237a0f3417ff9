"""Models that are language models: told by their files as text, and what they are served and trained with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from smalt.environments.curated import LANGUAGE
from smalt.kit import yaml

LANGUAGE_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
_FLAVORS = ("transformers", "hftransformersv2", "hftransformers")
_TASKS = frozenset(
    {
        "chat-completion", "text-generation", "conversational", "embeddings", "feature-extraction",
        "sentence-similarity", "llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings",
    }
)  # fmt: skip


def is_language_model(text: Callable[[str], str | None]) -> bool:
    """Whether the files of a model are those of a language model that is asked by messages, texts or for vectors.

    A plain folder of transformers is one. An MLflow model is one when its metadata says so, as models of the catalog
    do; any other is asked as MLflow has it.

    Args:
        text: Gives the text of a file in the model's folder.
    """
    described = text("MLmodel")
    if described is None:
        return _is_plain(text("config.json"))
    try:
        document = yaml.load(described)
    except yaml.YamlError:
        return False
    if not isinstance(document, dict):
        return False
    flavors, metadata = document.get("flavors"), document.get("metadata")
    task = metadata.get("base_model_task") if isinstance(metadata, dict) else None
    return isinstance(flavors, dict) and any(name in flavors for name in _FLAVORS) and task in _TASKS


def language_conda() -> str:
    """The environment of language models, as a conda file."""
    return json.dumps({"name": "language", "dependencies": [{"pip": list(LANGUAGE)}]})


def _is_plain(config: str | None) -> bool:
    try:
        document: Any = json.loads(config or "")
    except ValueError:
        return False
    return isinstance(document, dict) and isinstance(document.get("model_type"), str) and "architectures" in document
