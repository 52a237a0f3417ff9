"""Writes a language model as MLflow has it, so that MLflow's clients read it and the scorer serves it."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid

from smalt.runtime.language import hub, model_folder, safetensors_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SUMS = "SHA256SUMS"
_MODEL, _TOKENIZER = "model", os.path.join("components", "tokenizer")
_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json", "merges.txt", "vocab.txt",
    "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "spiece.model",
)  # fmt: skip
_PIPELINES = {
    "chat-completion": ("text-generation", "TextGenerationPipeline"),
    "text-generation": ("text-generation", "TextGenerationPipeline"),
    "embeddings": ("feature-extraction", "FeatureExtractionPipeline"),
    "text-classification": ("text-classification", "TextClassificationPipeline"),
    "fill-mask": ("fill-mask", "FillMaskPipeline"),
}


class BadModel(ValueError):
    """The files are no model that can be run; the message says what is wrong."""


def check(folder: str) -> dict[str, Any]:
    """Look at a plain folder of transformers, without loading it; what its config.json says.

    Raises:
        BadModel: It cannot be run, or only by code that comes with it.
    """
    try:
        found = model_folder.ModelFolder(folder)
        weights = sorted(name for name in os.listdir(found.weights) if name.endswith(".safetensors"))
        named = _named_in_index(found.weights)
        if not weights or (named and not named <= set(weights)):
            missing = ", ".join(sorted(named - set(weights))) or "every file of weights (*.safetensors)"
            raise BadModel(f"{missing} is missing in {folder}. Other formats are pickles, which are not taken.")
        tensors: dict[str, Any] = {}
        for name in weights:
            tensors.update(safetensors_file.tensors_in(os.path.join(found.weights, name)))
    except (model_folder.NoModel, safetensors_file.BadWeights) as failure:
        raise BadModel(str(failure)) from None
    if "auto_map" in found.config:
        raise BadModel("The model comes with code of its own (auto_map in config.json), which is not run here.")
    if not any(os.path.isfile(os.path.join(found.tokenizer, name)) for name in _TOKENIZER_FILES):
        raise BadModel(f"There is no tokenizer in {folder}. Put tokenizer.json beside the weights.")
    print(f"{len(tensors)} tensors, {safetensors_file.count_of(tensors)} numbers.", flush=True)
    return found.config


def package(
    source: str, target: str, *, name: str, task: str, conda: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    """Write a model folder for MLflow.

    Args:
        source: A folder of transformers.
        target: The folder to fill.
        name: What the model is called.
        task: What it is for.
        conda: The environment that it is served in.
        facts: What else is to be known of it, such as its licence.
    """
    found = model_folder.ModelFolder(source)
    os.makedirs(os.path.join(target, _TOKENIZER), exist_ok=True)
    _copy(found.weights, os.path.join(target, _MODEL), without=_TOKENIZER_FILES)
    _copy(found.tokenizer, os.path.join(target, _TOKENIZER), only=_TOKENIZER_FILES)
    pipeline, kind = _PIPELINES.get(task, (task, "Pipeline"))
    architecture = next(iter(found.config.get("architectures") or ()), None)
    flavor = {
        "task": pipeline, "instance_type": kind, "framework": "pt", "pipeline_model_type": architecture,
        "source_model_name": name, "model_binary": _MODEL, "components": ["tokenizer"],
        "tokenizer_type": "PreTrainedTokenizerFast", "code": None,
    }  # fmt: skip
    python = {"loader_module": "mlflow.transformers", "env": {"conda": "conda.yaml"}, "task": pipeline}
    document = {
        "flavors": {"transformers": flavor, "python_function": python},
        "metadata": {"base_model_name": name, "base_model_task": task, **facts},
        "model_uuid": uuid.uuid4().hex,
        "utc_time_created": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime()),
    }
    _write(os.path.join(target, "MLmodel"), document)
    _write(os.path.join(target, "conda.yaml"), conda)
    write_sums(target)


def write_sums(folder: str) -> None:
    """Write the SHA-256 of every file, as `sha256sum -c` reads it."""
    paths = sorted(os.path.join(root, name) for root, _, names in os.walk(folder) for name in names if name != SUMS)
    lines = [f"{hub.sha256_of(path)}  {os.path.relpath(path, folder)}\n" for path in paths]
    with open(os.path.join(folder, SUMS), "w", encoding="utf-8") as file:
        file.writelines(lines)


def _named_in_index(folder: str) -> set[str]:
    path = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.isfile(path):
        return set()
    with open(path, "rb") as file:
        return set(json.loads(file.read()).get("weight_map", {}).values())


def _copy(source: str, target: str, *, without: tuple[str, ...] = (), only: tuple[str, ...] | None = None) -> None:
    os.makedirs(target, exist_ok=True)
    for root, _, names in os.walk(source):
        for name in names:
            path = os.path.join(root, name)
            within = os.path.relpath(path, source)
            if name in without or (only is not None and name not in only) or name.endswith((".bin", ".pt", ".pkl")):
                continue
            place = os.path.join(target, within)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copyfile(path, place)


def _write(path: str, document: Mapping[str, Any]) -> None:
    # JSON is YAML, and is read where there is no YAML.
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
