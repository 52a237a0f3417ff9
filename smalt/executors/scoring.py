"""What a scorer is told: the file by which `runtime/scorer` serves a deployment, on a server or a person's machine."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.entities.endpoint.online import DataCollector, OnlineDeployment, RequestSettings
from smalt.errors import Unavailable

SCORER = Path(__file__).parents[1] / "runtime" / "scorer"
CONFIG, READY, FAILED = "config.json", "ready.json", "failed.json"
"""Files in the folder of an instance: what it is told, and what it tells."""

TOLD = "system_logs/scorer.jsonl"
"""Among the artifacts of an instance on a cluster: what it tells, a line each time that changes."""

BATCH_SIZE, BATCH_DELAY = "smalt.batching.maxSize", "smalt.batching.maxDelayMs"
"""Properties of a deployment that have requests put together."""

UPSTREAM_CONNECTION, UPSTREAM_MODEL = "smalt.upstream.connection", "smalt.upstream.model"
"""Properties of a deployment without a model that hands requests on: through which connection, and to which model."""

_WORKERS = "WORKER_COUNT"
_LONGEST_SOCKET_FOLDER = 70
_LEAST_GRACE_SECONDS, _BEYOND_TIMEOUT_SECONDS = 70.0, 15.0


@dataclass(frozen=True, slots=True)
class ScorerPlace:
    """Where an instance finds what it serves.

    Args:
        state: Its own folder.
        app: The folder of the code.
        models: The folder above the model, which `AZUREML_MODEL_DIR` names.
        mlflow: The folder of an MLflow model that is served without a script.
        flow: The folder of a flow.
        language: The folder of a language model.
        engine: The folder with the engine of flows.
        connections: The file with the connections a flow uses; without, those of this machine.
    """

    state: Path
    app: Path
    models: Path | None
    mlflow: Path | None = None
    flow: Path | None = None
    language: Path | None = None
    engine: Path | None = None
    connections: Path | None = None


def config(
    deployment: OnlineDeployment, place: ScorerPlace, *, names: Mapping[str, str], collector: str | None
) -> dict[str, Any]:  # Any: JSON
    """The configuration of an instance."""
    settings = deployment.request_settings or RequestSettings()
    workers = _workers(deployment)
    script = script_of(deployment)
    folder = place.models if script is not None else place.flow or place.language or place.mlflow
    return {
        "loader": "upstream" if upstream_of(deployment) is not None else _loader(place, script),
        "upstream": upstream_of(deployment),
        "connections": None if place.connections is None else str(place.connections),
        "model_dir": None if folder is None else str(folder),
        "entry_script": script,
        "app_root": str(place.app),
        "workers": workers,
        "concurrency_per_worker": math.ceil(settings.max_concurrent_requests_per_instance / workers),
        "request_timeout_ms": settings.request_timeout_ms,
        "batching": _batching(deployment.properties),
        "listen": f"unix:{socket_folder(place.state)}",
        "state_dir": str(place.state),
        "deployment": dict(names),
        "collect": {**collected(deployment.data_collector), "path": collector},
    }


def variables(deployment: OnlineDeployment, place: ScorerPlace) -> dict[str, str]:
    """The environment of an instance, as on Azure; the deployment's own variables win."""
    return {
        "AML_APP_ROOT": str(place.app),
        "AZUREML_MODEL_DIR": str(place.models or place.app),
        "AZUREML_ENTRY_SCRIPT": script_of(deployment) or "",
        **({} if place.engine is None else {"PYTHONPATH": str(place.engine)}),
        **{key: str(value) for key, value in deployment.environment_variables.items()},
    }


def may_be_forked(told: Mapping[str, Any]) -> bool:  # Any: JSON
    """Whether workers with this configuration can be forked: what they import is of their environment alone."""
    return told["loader"] in ("mlflow", "script")


def grace_seconds(deployment: OnlineDeployment) -> float:
    """What an instance has to finish what it was asked; a little more than the scorer itself takes for it."""
    settings = deployment.request_settings or RequestSettings()
    return max(settings.request_timeout_ms / 1000 + _BEYOND_TIMEOUT_SECONDS, _LEAST_GRACE_SECONDS)


def without_effect(deployment: OnlineDeployment, *, in_container: bool = False) -> tuple[str, ...]:
    """What a deployment asks for and does not get, in words for the top of the log of an instance."""
    asked = {
        "instance_type": deployment.instance_type,
        "resources": deployment.resources and not in_container,
        "model_mount_path": deployment.model_mount_path and not in_container,
        "egress_public_network_access": (deployment.egress_public_network_access or "").lower() == "disabled",
    }
    told = ", ".join(name for name, value in asked.items() if value)
    if not told:
        return ()
    what = "containers" if in_container else "processes"
    return (f"Without effect here: {told}. Instances are {what} that share the machine they run on.",)


def upstream_of(deployment: OnlineDeployment) -> dict[str, str] | None:
    """The server and the model that a deployment hands requests on to."""
    told = deployment.properties
    if deployment.model is not None or script_of(deployment) is not None or UPSTREAM_CONNECTION not in told:
        return None
    return {"connection": told[UPSTREAM_CONNECTION], "model": told.get(UPSTREAM_MODEL, "")}


def script_of(deployment: OnlineDeployment) -> str | None:
    """The scoring script, below the folder of the code."""
    return deployment.code_configuration.scoring_script if deployment.code_configuration is not None else None


def collected(collector: DataCollector | None) -> dict[str, Any]:  # Any: JSON
    """What is collected, as scorer and gateway are told; collections that are switched off are left out."""
    given = collector or DataCollector()
    logged = given.request_logging.capture_headers if given.request_logging is not None else None
    return {
        "collections": {name: {"enabled": True} for name, each in given.collections.items() if each.is_enabled},
        "rolling": (given.rolling_rate or "hour").lower(),
        "sampling_rate": 1.0 if given.sampling_rate is None else given.sampling_rate,
        "headers": list(logged or ()),
    }


def link_tree(source: Path, target: Path) -> None:
    """Have a model stand at another place, without a copy where the file system allows that.

    Its files are linked one by one: MLflow takes no folder that is a link itself.
    """
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(str(source), str(target))


def socket_folder(state: Path) -> Path:
    """A folder for the sockets of an instance, whose path is short whatever that of its own folder is."""
    near = state / "s"
    if len(str(near)) <= _LONGEST_SOCKET_FOLDER:
        return near
    digest = hashlib.sha256(str(near).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"smalt-{os.getuid()}" / digest


def make_socket_folder(state: Path) -> None:
    """Make that folder, so that nobody else gets in.

    Raises:
        Unavailable: Somebody else has made one of that name.
    """
    folder = socket_folder(state)
    folder.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for each in (folder, folder.parent):
        if each.is_symlink() or each.stat().st_uid != os.getuid():
            raise Unavailable(f"The folder {each} belongs to somebody else. Remove it.")


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
    return target


def _loader(place: ScorerPlace, script: str | None) -> str:
    if script is not None:
        return "script"
    if place.flow is not None:
        return "flow"
    return "mlflow" if place.language is None else "language"


def _workers(deployment: OnlineDeployment) -> int:
    told = deployment.environment_variables.get(_WORKERS, "")
    return int(told) if told.isascii() and told.isdigit() and int(told) > 0 else 1


def _batching(properties: Mapping[str, str]) -> dict[str, float] | None:
    size = properties.get(BATCH_SIZE, "")
    if not size.isascii() or not size.isdigit():
        return None
    try:
        delay = float(properties.get(BATCH_DELAY, "5"))
    except ValueError:
        delay = 5.0
    return {"max_size": int(size), "max_delay_ms": delay}
