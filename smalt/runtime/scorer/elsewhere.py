"""An instance on a machine that does not see the server's files: it lays its model out, and tells by a growing file."""

from __future__ import annotations

import json
import os
import shutil

from . import master

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOLD = os.path.join("system_logs", "scorer.jsonl")
"""Among the artifacts, what an instance tells: its `ready.json` and `failed.json`, a line each time one changes."""


def keep(entry: str, variable: str) -> int:
    """Keep an instance up until told to end; the exit code.

    Args:
        entry: The script that every process starts with.
        variable: The environment variable with the configuration. Its places are not yet known there.
    """
    document: dict[str, Any] = json.loads(os.environ.pop(variable))
    here = os.getcwd()
    state = os.path.join(here, ".smalt")
    os.makedirs(state, mode=0o700, exist_ok=True)
    model = document.pop("model", None)
    connections = document.pop("connection_documents", {})
    artifacts = os.environ["SMALT_ARTIFACTS"]
    document |= {"app_root": here, "state_dir": state, "told": os.path.join(artifacts, TOLD)}
    if document.get("collect"):
        document["collect"]["path"] = artifacts
    if model is not None:
        document["model_dir"] = _lay_out(state, **model)
    document["connections"] = os.path.join(state, "connections.json")
    _write(document["connections"], connections)
    os.environ.update(AML_APP_ROOT=here, AZUREML_MODEL_DIR=document.get("model_dir") or here)
    config = os.path.join(state, "config.json")
    _write(config, document)
    return master.keep(entry, config)


def _write(path: str, content: dict[str, Any]) -> None:
    """A file that nobody else reads."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)


def _lay_out(state: str, path: str, within: str, is_served: bool) -> str:
    """What `AZUREML_MODEL_DIR` names: the folder above the model, or an MLflow model itself.

    Files are linked one by one: neither MLflow nor those who look for files follow a folder that is a link.
    """
    place = os.path.join(state, "azureml-models", within)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    source = os.path.realpath(path)
    if os.path.isdir(source):
        shutil.copytree(source, place, copy_function=_link)
    else:
        _link(source, place)
    return place if is_served else os.path.dirname(place)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
