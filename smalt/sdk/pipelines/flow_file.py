"""Steps whose component is a file of prompt flow, a `flow.dag.yaml` or a run of one, become steps of type `flow`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smalt.entities.flow_component import parted
from smalt.errors import InvalidRequest
from smalt.sdk.anchor import JsonObject, is_file, path_in
from smalt.wire.yaml import load_document, resolve_local

_FLOW, _RUN = "promptflow/latest/flow.schema.json", "promptflow/latest/run.schema.json"
_DEFAULT = "flow.dag.yaml"
_KEPT = ("compute", "display_name", "identity", "environment", "limits", "resources", "outputs")
_OF_RUN = ("variant", "column_mapping", "connections", "environment_variables")


def as_step(step: JsonObject, folder: Path) -> JsonObject | None:
    """The step as one of the type `flow`; None when what it names is no file of prompt flow."""
    named = step.get("component")
    if not isinstance(named, str) or not is_file(named):
        return None
    path = resolve_local(folder, named)
    found = read(path)
    if found is None:
        return None
    source, settings = found
    given = {name: _anchored(value, folder) for name, value in step.get("inputs", {}).items()}
    inputs = parted(given)
    merged = {key: {**(settings.get(key) or {}), **(step.get(key) or {})} for key in _OF_RUN if key != "variant"}
    connections = {
        node: {**merged["connections"].get(node, {}), **inputs.connections.get(node, {})}
        for node in {**merged["connections"], **inputs.connections}
    }
    return {
        **{key: step[key] for key in _KEPT if key in step},
        "type": "flow",
        "code": str(source.parent),
        "entry_file": None if source.name == _DEFAULT else source.name,
        "variant": settings.get("variant"),
        "inputs": inputs.data,
        "column_mapping": {**merged["column_mapping"], **inputs.column_mapping},
        "connections": connections,
        "environment_variables": merged["environment_variables"],
    }


def read(path: Path) -> tuple[Path, JsonObject] | None:
    """The file of the flow, and what a run of it says; None of a file that is neither."""
    try:
        document = load_document(path).value if path.is_file() else None
    except InvalidRequest:
        return None  # Whoever reads it as a component says what is wrong with it.
    if not isinstance(document, dict):
        return None
    schema = str(document.get("$schema") or "").lower()
    if schema.endswith(_FLOW) or (not schema and isinstance(document.get("nodes"), list)):
        return path, {}
    if not schema.endswith(_RUN) or not isinstance(document.get("flow"), str):
        return None
    flow = resolve_local(path.parent, document["flow"])
    return flow / _DEFAULT if flow.is_dir() else flow, {key: document[key] for key in _OF_RUN if key in document}


def _anchored(value: Any, folder: Path) -> Any:  # Any: a value of YAML
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        return value | {"path": path_in(folder, value["path"])}
    return value
