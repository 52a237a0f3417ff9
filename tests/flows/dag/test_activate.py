from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smalt.flows import Status
from tests.flows.writing import TOOL, dag, line, python_node

SHOW = TOOL + "def show(x=None, y='default'):\n    return [x, y]\n"


def _flow(folder: Path, when: Any, equals: Any) -> Path:
    gate = python_node("gate", "show.py", x="${inputs.x}") | {"activate": {"when": when, "is": equals}}
    nodes = [
        gate,
        python_node("after", "show.py", x="${gate.output}"),
        python_node("both", "show.py", x="${gate.output}", y="${other.output}"),
        python_node("other", "show.py", x="o"),
    ]
    outputs = {"gate": "${gate.output}", "both": "${both.output}", "after": "${after.output[0]}"}
    return dag(folder, nodes, {"show.py": SHOW}, inputs={"x": "object"}, outputs=outputs)


def test_a_node_whose_condition_holds_runs(tmp_path: Path) -> None:
    result = line(_flow(tmp_path, "${inputs.x}", 1), x=1)

    assert result.output["gate"] == [1, "default"]
    assert {node.status for node in result.nodes.values()} == {Status.COMPLETED}


def test_what_only_needs_bypassed_nodes_is_bypassed_and_other_inputs_take_their_default(tmp_path: Path) -> None:
    result = line(_flow(tmp_path, "${inputs.x}", 1), x=2)

    assert result.nodes["gate"].status is Status.BYPASSED
    assert result.nodes["after"].status is Status.BYPASSED
    assert result.output == {"gate": None, "after": None, "both": [None, ["o", "default"]]}


@pytest.mark.parametrize(
    ("given", "equals", "status"),
    [(["1"], [1], Status.BYPASSED), (True, True, Status.COMPLETED), (1, 1.0, Status.COMPLETED)],
)
def test_conditions_compare_as_python_does(tmp_path: Path, given: Any, equals: Any, status: Status) -> None:
    result = line(_flow(tmp_path, "${inputs.x}", equals), x=given)

    assert result.nodes["gate"].status is status
