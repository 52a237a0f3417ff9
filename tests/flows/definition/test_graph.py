from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import smalt.flows
from smalt.flows import errors
from tests.flows.writing import TOOL, dag, prompt_node, python_node

T = {"t.py": TOOL + "def t(x=1):\n    return x\n"}


@pytest.mark.parametrize(
    ("nodes", "outputs", "failure", "words"),
    [
        ([python_node("a", "t.py"), python_node("a", "t.py")], {}, errors.DuplicateNodeName, "'a'"),
        ([python_node("a", "t.py", x="${b.output}")], {}, errors.NodeReferenceNotFound, "'b'"),
        ([python_node("a", "t.py", x="${inputs.n}")], {}, errors.InputReferenceNotFound, "'n'"),
        (
            [python_node("a", "t.py", x="${b.output}"), python_node("b", "t.py", x="${a.output}")],
            {}, errors.NodeCircularDependency, r"\['a', 'b'\]",
        ),
        (
            [python_node("a", "t.py") | {"aggregation": True}, python_node("b", "t.py", x="${a.output}")],
            {}, errors.InvalidNodeReference, "aggregation",
        ),
        ([python_node("a", "t.py")], {"o": ""}, errors.EmptyOutputReference, "'o'"),
        ([python_node("a", "t.py")], {"o": "${b.output}"}, errors.OutputReferenceNotFound, "'b'"),
        ([python_node("a", "gone.py")], {}, errors.InvalidSource, "gone.py"),
        ([prompt_node("a", "gone.jinja2")], {}, errors.ResolveToolError, "gone.jinja2"),
        ([python_node("a", "t.py") | {"activate": {"when": "x"}}], {}, errors.FlowDefinitionError, "activate"),
        ([{"name": "a", "type": "python"}], {}, errors.FlowDefinitionError, "source"),
        ([python_node("a", "t.py") | {"type": "csharp"}], {}, errors.FlowDefinitionError, "csharp"),
    ],
)  # fmt: skip
def test_a_graph_that_is_not_sound_is_refused_with_what_is_wrong(
    tmp_path: Path, nodes: list[dict[str, Any]], outputs: dict[str, str], failure: type[Exception], words: str
) -> None:
    folder = dag(tmp_path, nodes, T, outputs=outputs)

    with pytest.raises(failure, match=words):
        smalt.flows.load(folder)


def test_a_file_without_nodes_or_with_two_flow_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flow.dag.yaml").write_text("inputs: {}\n")
    with pytest.raises(errors.FlowDefinitionError, match="nodes"):
        smalt.flows.load(tmp_path)

    (tmp_path / "flow.flex.yaml").write_text("entry: a:b\n")
    with pytest.raises(errors.ValidationException, match="Name the one"):
        smalt.flows.load(tmp_path)


def test_tools_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(errors.NoToolDefined, match="@tool"):
        smalt.flows.load(dag(tmp_path / "none", [python_node("a", "n.py")], {"n.py": "def f():\n    pass\n"}))
    two = TOOL + "def f():\n    pass\n\n@tool\ndef g():\n    pass\n"
    with pytest.raises(errors.MultipleToolsDefined, match="f, g"):
        smalt.flows.load(dag(tmp_path / "two", [python_node("a", "n.py")], {"n.py": two}))
    with pytest.raises(errors.PythonLoadError, match="nothing_like_this"):
        smalt.flows.load(dag(tmp_path / "import", [python_node("a", "n.py")], {"n.py": "import nothing_like_this\n"}))
    package = {"name": "a", "type": "python", "source": {"type": "package", "tool": "x.y.z"}}
    with pytest.raises(errors.PackageToolNotFoundError, match=r"x\.y\.z"):
        smalt.flows.load(dag(tmp_path / "package", [package], {}))
