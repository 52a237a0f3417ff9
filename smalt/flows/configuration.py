"""Settings of flows on this machine: `pf.yaml` of the home of flows, or of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest
from smalt.flows.home import flows_home
from smalt.kit import yaml

Settings = dict[str, Any]  # Any: YAML

KNOWN = {
    "run.output_path": "Where the folders of runs go; ${flow_directory} is the flow's.",
    "connection.provider": "local, or azureml for the connections of a workspace.",
    "trace.destination": "none, workspace, local, azureml://... for one workspace, or an OTLP/HTTP address.",
    "telemetry.enabled": "Accepted; nothing is ever reported.",
    "service.host": "Accepted; no service runs.",
    "user_agent": "Accepted.",
    "enable_internal_features": "Accepted.",
}
"""What can be set."""


def read(folder: str | Path | None = None) -> Settings:
    """All settings, by dotted name."""
    file = _file(folder)
    if not file.is_file():
        return {}
    try:
        found = yaml.load(file.read_text(encoding="utf-8"), source=str(file))
    except yaml.YamlError as error:
        raise InvalidRequest(str(error)) from None
    return _flat(found) if isinstance(found, Mapping) else {}


def change(changes: Mapping[str, Any], folder: str | Path | None = None) -> Settings:  # Any: YAML
    """Set some, and give all.

    Raises:
        InvalidRequest: A name is not known.
    """
    unknown = [name for name in changes if name not in KNOWN]
    if unknown:
        raise InvalidRequest(f"There is no setting {', '.join(unknown)}. Set one of {', '.join(KNOWN)}.")
    settings = read(folder) | dict(changes)
    nested: Settings = {}
    for name, value in settings.items():
        *above, last = name.split(".")
        place = nested
        for word in above:
            place = place.setdefault(word, {})
        place[last] = value
    from smalt.kit import private

    private.replace(_file(folder), yaml.dump(nested).encode())
    return settings


def _file(folder: str | Path | None) -> Path:
    return (Path(folder) if folder is not None else flows_home()) / "pf.yaml"


def _flat(document: Mapping[str, Any], prefix: str = "") -> Settings:  # Any: YAML
    found: Settings = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
