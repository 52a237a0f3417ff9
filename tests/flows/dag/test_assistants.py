from __future__ import annotations

from pathlib import Path

import pytest

import smalt.flows
from smalt.flows import errors
from smalt.kit import yaml
from tests.flows.writing import TOOL, dag, line, python_node

ADD = (
    TOOL
    + 'def add(a: int, b: float = 2):\n    """Add two numbers.\n\n    :param a: The first.\n    """\n    return a + b\n'
)
USE = "from promptflow.contracts.types import AssistantDefinition\n" + TOOL + (
    "def use(it: AssistantDefinition):\n    invoker = it._tool_invoker\n"
    "    return [invoker.to_openai_tools(), invoker.invoke_tool('add', {'a': 1})]\n"
)  # fmt: skip


def _flow(folder: Path, **tool: object) -> Path:
    function = {"type": "function", "tool_type": "python", "source": {"type": "code", "path": "add.py"}, **tool}
    document = {"model": "gpt", "instructions": "i", "tools": [{"type": "code_interpreter"}, function]}
    files = {"add.py": ADD, "use.py": USE, "a.yaml": yaml.dump(document)}
    return dag(folder, [python_node("use", "use.py", it="a.yaml")], files, outputs={"o": "${use.output}"})


def test_functions_of_an_assistant_are_described_by_signature_and_docstring(tmp_path: Path) -> None:
    (interpreter, add), answer = line(_flow(tmp_path)).output["o"]

    assert interpreter == {"type": "code_interpreter"}
    assert add["function"] == {
        "name": "add",
        "description": "Add two numbers.\n",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {"type": "number", "description": "The first."}, "b": {"type": "number", "description": ""},
            },
            "required": ["a"],
        },
    }  # fmt: skip
    assert answer == 3


def test_predefined_inputs_are_given_and_not_described(tmp_path: Path) -> None:
    (_, add), answer = line(_flow(tmp_path, predefined_inputs={"b": "10"})).output["o"]

    assert list(add["function"]["parameters"]["properties"]) == ["a"]
    assert answer == 11


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ({"type": "magic"}, "magic"),
        ({"source": {"type": "code", "path": "gone.py"}}, r"gone\.py"),
        ({"source": {"type": "air"}}, "'air'"),
        ({"tool_type": "llm"}, "tool_type"),
    ],
)
def test_assistants_that_cannot_be_loaded_are_refused(tmp_path: Path, tool: dict[str, object], words: str) -> None:
    with pytest.raises(errors.ResolveToolError, match=words):
        smalt.flows.load(_flow(tmp_path, **tool))
