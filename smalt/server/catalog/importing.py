"""The job that brings a model in: fetched, looked at, written as MLflow has it, and registered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from smalt.entities.catalog import ModelCard
from smalt.entities.job.command import CommandJob
from smalt.environments import language_conda

SETTINGS = "SMALT_IMPORT"
"""The variable by which the job is told what to do."""

EXPERIMENT = "model-import"
_COMMAND = 'python "{{smalt:runtime}}/language/import_model.py"'
_PLAIN = {"image": "docker.io/python:3.11"}
"""Fetching and looking at files needs no package."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen about an import.

    Args:
        name: What the model is registered as; the card's name unless given.
        version: Its version; the next one unless given.
        source: A folder with the weights, by any reference that the input of a job may have.
        loads: Whether the model is also loaded once, which takes an environment with PyTorch and its memory.
        compute: Where the job runs.
    """

    name: str | None = None
    version: str | None = None
    source: str | None = None
    loads: bool = False
    compute: str | None = None


def address_of(card: ModelCard, hub: str) -> str | None:
    """Where the weights of a model are on a hub."""
    return None if card.hugging_face_id is None else f"{hub}/{quote(card.hugging_face_id)}"


def job_of(card: ModelCard, options: Options, source: str, *, hub: str | None) -> CommandJob:
    """The job.

    Args:
        card: What is brought in.
        options: How.
        source: Where its folder is, unless it is fetched.
        hub: The hub that it is fetched from.
    """
    task = next(iter(card.inference_tasks), "text-generation")
    settings: dict[str, Any] = {  # Any: JSON
        "name": card.name,
        "task": task,
        "license": card.license,
        "hub": None if hub is None else {"address": hub, "id": card.hugging_face_id, "revision": card.revision},
        "source": None if hub is not None else "${{inputs.source}}",
        "target": "${{outputs.model}}",
        "conda": json.loads(language_conda()),
        "loads": options.loads,
    }
    given = {} if hub is not None else {"source": {"type": "uri_folder", "path": source, "mode": "ro_mount"}}
    registered = {
        "type": "mlflow_model",
        "name": options.name or card.name,
        "version": options.version,
        "description": card.summary,
    }
    return CommandJob.parse(
        {
            "display_name": f"Import {card.display_name or card.name}",
            "experiment_name": EXPERIMENT,
            "command": _COMMAND,
            "environment": {**_PLAIN, "conda_file": language_conda()} if options.loads else _PLAIN,
            "environment_variables": {SETTINGS: json.dumps(settings)},
            "compute": options.compute,
            "inputs": given,
            "outputs": {"model": {key: value for key, value in registered.items() if value is not None}},
            "tags": {"catalog.model": str(card.name), "catalog.license": str(card.license or "")},
        }
    )
