"""Where the weights and the tokenizer are in the folder of a language model, and what the model is for."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

GENERATION, CHAT, EMBEDDINGS = "text-generation", "chat-completion", "embeddings"
_EMBEDDING_TASKS = frozenset(
    {"embeddings", "feature-extraction", "sentence-similarity", "llm/v1/embeddings", "text-embedding"}
)
_GENERATING = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
_FLAVORS = ("transformers", "hftransformersv2", "hftransformers")


class NoModel(ValueError):
    """The folder has no language model; the message says what is missing."""


class ModelFolder:
    """A model of transformers: plain, as MLflow writes it, or as the catalog of Azure keeps it.

    Args:
        root: The folder, or the one above it.

    Attributes:
        weights: The folder with config.json and the weights.
        tokenizer: The folder with the tokenizer.
        mlmodel: What MLmodel says; empty without one.
        task: What it is for.
        name: What it is called.

    Raises:
        NoModel: It is none.
    """

    def __init__(self, root: str) -> None:
        self.root = _inner(root)
        self.mlmodel = _mlmodel(self.root)
        self.weights, self.tokenizer = self._places()
        self.config = _json(os.path.join(self.weights, "config.json"))
        if not self.config:
            raise NoModel(f"There is no config.json of a transformers model in {self.weights}. Register its folder.")
        metadata = self.mlmodel.get("metadata") or {}
        self.task = _task(metadata, self.mlmodel.get("flavors") or {}, self.config)
        self.name = str(metadata.get("base_model_name") or os.path.basename(self.root.rstrip("/")))

    def _places(self) -> tuple[str, str]:
        flavors = self.mlmodel.get("flavors") or {}
        named = next((name for name in _FLAVORS if name in flavors), None)
        if named is None:
            return self.root, self.root
        flavor = flavors[named] or {}
        if named == "transformers":
            weights = self._below(flavor.get("model_binary") or "model")
            tokenizer = self._below("components", "tokenizer")
        else:
            weights = self._below(flavor.get("model") or "data/model")
            tokenizer = self._below(flavor.get("tokenizer") or "data/tokenizer")
        return weights, tokenizer if os.path.isdir(tokenizer) else weights

    def _below(self, *parts: str) -> str:
        path = os.path.realpath(os.path.join(self.root, *parts))
        if os.path.commonpath([path, os.path.realpath(self.root)]) != os.path.realpath(self.root):
            raise NoModel(f"MLmodel names {os.path.join(*parts)}, which is outside of the model. Correct it.")
        return path


def _inner(root: str) -> str:
    """The folder itself, or the only one in it that is a model."""
    if any(os.path.isfile(os.path.join(root, name)) for name in ("MLmodel", "config.json")):
        return root
    below = sorted(each.path for each in os.scandir(root) if each.is_dir())
    found = [path for path in below if any(os.path.isfile(os.path.join(path, n)) for n in ("MLmodel", "config.json"))]
    if len(found) != 1:
        raise NoModel(f"There is neither MLmodel nor config.json in {root}. Register the folder that has them.")
    return found[0]


def _mlmodel(root: str) -> dict[str, Any]:
    path = os.path.join(root, "MLmodel")
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        found = json.loads(text)  # as smalt writes it, so that it is read where there is no YAML
    except ValueError:
        import yaml

        found = yaml.safe_load(text)
    return found if isinstance(found, dict) else {}


def _task(metadata: Mapping[str, Any], flavors: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    own = next((flavors[name] or {} for name in _FLAVORS if name in flavors), {})
    told = metadata.get("base_model_task") or metadata.get("task") or own.get("task") or own.get("task_type")
    if told in _EMBEDDING_TASKS:
        return EMBEDDINGS
    if told:
        return CHAT if told in (CHAT, "conversational", "llm/v1/chat") else str(told)
    kinds = [str(each) for each in config.get("architectures") or ()]
    return GENERATION if any(each.endswith(_GENERATING) for each in kinds) else EMBEDDINGS


def _json(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
