"""An experiment of a command that makes data, a flow, and a flow that judges it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smalt.flows.experiments import ExperimentOperations
from tests.flows.writing import TOOL, dag, python_node

SCRIPT = """
import sys
source, count, target = sys.argv[1:]
lines = open(source).readlines()[:int(count)]
open(target + "/made.jsonl", "w").writelines(lines)
"""
Maker = Callable[..., Path]


@pytest.fixture
def template(tmp_path: Path) -> Maker:
    """Makes a folder with `made.exp.yaml`: data, a flow `main` that shouts and a flow `judge` that counts."""
    dag(
        tmp_path / "main",
        [python_node("shout", "shout.py", text="${inputs.text}")],
        {"shout.py": TOOL + "def shout(text: str):\n    return text.upper()\n"},
        inputs={"text": "string"},
        outputs={"loud": "${shout.output}"},
    )
    total = f"from promptflow.core import log_metric\n{TOOL}def total(grades: list):\n"
    total += "    log_metric('accuracy', sum(grades) / len(grades))\n"
    dag(
        tmp_path / "judge",
        [
            python_node("grade", "grade.py", truth="${inputs.truth}", answer="${inputs.answer}"),
            python_node("total", "total.py", grades="${grade.output}") | {"aggregation": True},
        ],
        {"grade.py": TOOL + "def grade(truth: str, answer: str):\n    return int(truth == answer)\n",
         "total.py": total},
        inputs={"truth": "string", "answer": "string"},
        outputs={"grade": "${grade.output}"},
    )  # fmt: skip
    rows = [{"text": "a", "truth": "A"}, {"text": "b", "truth": "B"}, {"text": "c", "truth": "c"}]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "gen").mkdir()
    (tmp_path / "gen" / "gen.py").write_text(SCRIPT)

    def make(*nodes: dict[str, Any], inputs: list[dict[str, Any]] | None = None, name: str = "made") -> Path:
        document = {
            "description": "An experiment",
            "data": [{"name": "my", "path": "./data.jsonl"}],
            "inputs": inputs or [],
            "nodes": list(nodes) or [MAIN, JUDGE],
        }
        file = tmp_path / f"{name}.exp.yaml"
        file.write_text(json.dumps(document))
        return file

    return make


MAIN = {"name": "main", "type": "flow", "path": "./main", "inputs": {"text": "${data.my.text}"}}
JUDGE = {
    "name": "judge", "type": "flow", "path": "./judge",
    "inputs": {"truth": "${data.my.truth}", "answer": "${main.outputs.loud}"},
}  # fmt: skip
GEN = {
    "name": "gen", "type": "command", "code": "./gen",
    "command": "python gen.py ${inputs.source} ${inputs.count} ${outputs.target} && echo made ${inputs.count}",
    "inputs": {"source": "${data.my}", "count": "${inputs.count}"}, "outputs": {"target": None},
}  # fmt: skip
COUNT = {"name": "count", "type": "int", "default": 2}


@pytest.fixture
def operations() -> ExperimentOperations:
    return ExperimentOperations()
