"""Flows of a few lines, and data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smalt.flows.batch import RunStore

TOOL = """
from promptflow.core import tool

@tool
def {name}({arguments}):
    {body}
"""

Maker = Callable[..., Path]


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


@pytest.fixture
def python_flow(tmp_path: Path) -> Maker:
    """Makes a flow with one python node `work` over the input `text`, and an aggregation where a body is given."""

    def make(body: str = "return text.upper()", *, aggregation: str | None = None, name: str = "flow") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "work.py").write_text(TOOL.format(name="work", arguments="text: str", body=body))
        nodes = [_node("work", "text", "${inputs.text}")]
        if aggregation is not None:
            (folder / "total.py").write_text(TOOL.format(name="total", arguments="answers: list", body=aggregation))
            nodes.append(_node("total", "answers", "${work.output}") | {"aggregation": True})
        document = {
            "inputs": {"text": {"type": "string"}},
            "outputs": {"answer": {"type": "string", "reference": "${work.output}"}},
            "nodes": nodes,
        }
        (folder / "flow.dag.yaml").write_text(json.dumps(document))
        return folder

    return make


@pytest.fixture
def data(tmp_path: Path) -> Callable[..., Path]:
    """Makes a jsonl file of rows, or of texts."""

    def make(*rows: Any, name: str = "data.jsonl") -> Path:
        file = tmp_path / name
        whole = [row if isinstance(row, dict) else {"text": row} for row in rows]
        file.write_text("".join(json.dumps(row) + "\n" for row in whole))
        return file

    return make


def _node(name: str, argument: str, value: str) -> dict[str, Any]:
    return {
        "name": name, "type": "python", "source": {"type": "code", "path": f"{name}.py"}, "inputs": {argument: value},
    }  # fmt: skip
