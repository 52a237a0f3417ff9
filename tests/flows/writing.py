"""Flows written for one test, and run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import smalt.flows
from smalt.flows import Flow, Limits, LineResult
from smalt.kit import yaml

TOOL = "from promptflow.core import tool\n\n@tool\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def python_node(name: str, path: str, **inputs: Any) -> dict[str, Any]:
    return {"name": name, "type": "python", "source": {"type": "code", "path": path}, "inputs": inputs}


def prompt_node(name: str, path: str, **inputs: Any) -> dict[str, Any]:
    return {"name": name, "type": "prompt", "source": {"type": "code", "path": path}, "inputs": inputs}


def dag(
    folder: Path,
    nodes: list[dict[str, Any]],
    files: Mapping[str, str],
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, str] | None = None,
    **more: Any,
) -> Path:
    """A DAG flow: outputs by the references they take their values from."""
    document = {
        "inputs": {name: item if isinstance(item, dict) else {"type": item} for name, item in (inputs or {}).items()},
        "outputs": {name: {"type": "object", "reference": item} for name, item in (outputs or {}).items()},
        "nodes": nodes,
        **more,
    }
    return write(folder, {**files, "flow.dag.yaml": yaml.dump(document)})


def line(flow: Flow | Path, limits: Limits | None = None, **inputs: Any) -> LineResult:
    """One line of a flow."""
    if isinstance(flow, Path):
        with smalt.flows.load(flow) as loaded:
            return line(loaded, limits, **inputs)
    return asyncio.run(flow.run_line(inputs, limits=limits or Limits()))
