"""A job as the run history shows it: the run, its details, its logs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smalt.kit import clock
from smalt.server.jobs.outputs import ARTIFACTS
from smalt.server.jobs.store import JobRecord

LOG_FOLDERS = ("user_logs", "azureml-logs", "system_logs", "logs")
"""Folders of the artifact root that hold logs."""

_MOST_LOGS = 1000
_MODEL_TYPES = {"custom_model": "CustomModel", "mlflow_model": "MLFlowModel", "triton_model": "TritonModel"}

JsonObject = dict[str, Any]  # Any: JSON


def run(record: JobRecord) -> JsonObject:
    """The run of a job."""
    return {
        "runId": record.name,
        "runUuid": record.id,
        "parentRunId": record.parent,
        "rootRunId": record.root,
        "experimentId": record.experiment,
        "dataContainerId": f"dcid.{record.name}",
        "displayName": record.display_name,
        "name": record.display_name,
        "description": record.description,
        "status": record.status.value,
        "hidden": record.archived,
        "runType": record.kind,
        "runTypeV2": {"orchestrator": record.kind, "traits": [], "computeType": "local"},
        "target": (record.pinned.get("compute") or "serverless").rsplit("/", 1)[-1],
        "createdUtc": clock.to_text(record.created_at),
        "startTimeUtc": clock.to_text(record.started_at) if record.started_at else None,
        "endTimeUtc": clock.to_text(record.ended_at) if record.ended_at else None,
        "lastModifiedUtc": clock.to_text(record.modified_at),
        "createdBy": {"userName": record.created_by},
        "lastModifiedBy": {"userName": record.modified_by},
        "revision": record.revision,
        "tags": dict(record.tags),
        "properties": dict(record.properties),
        "parameters": {},
        "services": {},
        "settings": {},
        "error": error(record),
        "inputs": _inputs(record),
        "outputs": _outputs(record),
        "warnings": [],
    }


def details(record: JobRecord, log_files: dict[str, str]) -> JsonObject:
    """The run with the addresses of its logs."""
    body = run(record)
    body["createdTimeUtc"] = body.pop("createdUtc")
    body["logFiles"] = log_files
    body["runDefinition"] = None
    return body


def run_data(record: JobRecord) -> JsonObject:
    """What clients read before a download."""
    return {"runMetadata": run(record), "runDefinition": None, "jobSpecification": None}


def error(record: JobRecord) -> JsonObject | None:
    """Why a job failed or was canceled."""
    if record.error is None:
        return None
    root = {"code": record.error["code"], "message": record.error["message"], "details": []}
    return {"error": root, "componentName": "smalt", "time": clock.to_text(record.modified_at)}


def log_sizes(artifacts: Path | None) -> dict[str, int]:
    """Log files below an artifact root, as relative names, and how many bytes each has."""
    found: dict[str, int] = {}
    if artifacts is None:
        return found
    for folder in LOG_FOLDERS:
        for path, size in _files(artifacts / folder):
            found[path.relative_to(artifacts).as_posix()] = size
            if len(found) >= _MOST_LOGS:
                return found
    return found


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(base, name)
            try:
                of = path.lstat()
            except OSError:  # it was taken away meanwhile
                continue
            if stat.S_ISREG(of.st_mode):
                yield path, of.st_size


def _inputs(record: JobRecord) -> JsonObject:
    found = {}
    for name, pinned in record.pinned.get("inputs", {}).items():
        declared = (record.document.get("inputs") or {}).get(name)
        kind = declared.get("type", "uri_folder") if isinstance(declared, dict) else "uri_folder"
        found[name] = {"assetId": pinned.get("asset") or pinned["uri"], "type": _MODEL_TYPES.get(kind, kind)}
    return found


def _outputs(record: JobRecord) -> JsonObject:
    """Every output but the artifact root, by its asset or, where it is none, by its place in the job.

    Models are told as folders: azure-ai-ml 1.35 cannot send its own question for the addresses of models, and asks for
    folders in another way. What an output really is stands with the job.
    """
    found = {}
    for name, declared in (record.document.get("outputs") or {}).items():
        if name in ARTIFACTS:
            continue
        kind = str((declared or {}).get("type", "uri_folder"))
        asset = record.registered.get(name, f"azureml://jobs/{record.name}/outputs/{name}")
        found[name] = {"assetId": asset, "type": "uri_folder" if kind in _MODEL_TYPES else kind}
    return found
