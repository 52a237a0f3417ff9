from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import smalt.flows
from smalt.flows import Status, errors
from smalt.flows.connections import AzureOpenAIConnection
from smalt.kit import yaml
from tests.flows.writing import line, write


def flex(folder: Path, code: str, entry: str = "code:f", **more: Any) -> Path:
    return write(folder, {"code.py": code, "flow.flex.yaml": yaml.dump({"entry": entry, **more})})


def test_a_function_is_called_with_its_inputs_and_defaults(tmp_path: Path) -> None:
    folder = flex(tmp_path, "def f(a: int, b: str = 'x'):\n    return f'{a + 1}{b}'\n")

    result = line(folder, a="4", unknown=1)

    assert result.output == {"output": "5x"}
    assert dict(result.inputs) == {"a": 4, "b": "x"}


def test_a_class_is_made_once_and_its_aggregate_gives_the_metrics(tmp_path: Path) -> None:
    code = (
        "class Grade:\n    def __init__(self, model_config: dict, best: int):\n        self.best = best\n"
        "    async def __call__(self, x: int):\n        return {'score': x / self.best}\n"
        "    def __aggregate__(self, lines: list):\n        return {'mean': sum(l.score for l in lines) / len(lines)}\n"
    )
    folder = flex(tmp_path, code, "code:Grade")

    async def batch() -> smalt.flows.AggregationResult:
        return await flow.aggregate([await flow.run_line({"x": x}) for x in (1, 3)])

    with smalt.flows.load(folder, init={"model_config": {}, "best": "4"}) as flow:
        assert asyncio.run(batch()).metrics == {"mean": 0.5}


def test_connections_and_model_configurations_are_completed_for_the_constructor(tmp_path: Path) -> None:
    code = (
        "from promptflow.core import AzureOpenAIModelConfiguration as Config\n"
        "class F:\n    def __init__(self, config: Config):\n        self.config = config\n"
        "    def __call__(self) -> str:\n"
        "        return f'{self.config.azure_endpoint} {self.config.azure_deployment}'\n"
    )
    folder = flex(
        tmp_path, code.replace("as Config", "").replace(": Config", ": AzureOpenAIModelConfiguration"), "code:F"
    )
    given = {"azure": AzureOpenAIConnection(name="azure", api_key="k", api_base="http://here")}

    with smalt.flows.load(
        folder, connections=given, init={"config": {"azure_deployment": "gpt", "connection": "azure"}}
    ) as flow:
        assert line(flow).output == {"output": "http://here gpt"}


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_generators_are_read_unless_the_caller_takes_streams(tmp_path: Path, kind: str) -> None:
    folder = flex(tmp_path, f"{kind} f(n: int):\n    for i in range(n):\n        yield i\n")

    with smalt.flows.load(folder) as flow:
        assert line(flow, n=3).output == {"output": "012"}


def test_dataclasses_are_outputs_field_by_field(tmp_path: Path) -> None:
    code = (
        "import dataclasses\n@dataclasses.dataclass\nclass Out:\n    a: str\n    b: int\n"
        "def f(x: str) -> Out:\n    return Out(x, 1)\n"
    )

    with smalt.flows.load(flex(tmp_path, code)) as flow:
        assert line(flow, x="y").output == {"a": "y", "b": 1}
        assert {name: item.type for name, item in flow.outputs.items()} == {"a": "string", "b": "int"}


def test_a_sample_stands_in_for_inputs_that_are_not_given(tmp_path: Path) -> None:
    folder = flex(tmp_path, "def f(q: str):\n    return q\n", sample={"inputs": "${file:s.json}"})
    (tmp_path / "s.json").write_text('{"q": "from the sample"}')

    assert line(folder).output == {"output": "from the sample"}


def test_what_the_function_raises_is_the_failure_of_the_line(tmp_path: Path) -> None:
    result = line(flex(tmp_path, "def f():\n    raise KeyError('k')\n"))

    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.cause_type) == ("ScriptExecutionError", "KeyError")


@pytest.mark.parametrize(
    ("code", "entry", "failure"),
    [
        ("", "no colon", errors.InvalidFlexFlowEntry),
        ("", "code:gone", errors.PythonLoadError),
        ("", "gone:f", errors.PythonLoadError),
        ("def f(x: object):\n    pass\n", "code:f", errors.GenerateFlowMetaJsonError),
        ("def f() -> dict:\n    pass\n", "code:f", errors.GenerateFlowMetaJsonError),
        ("class F:\n    def __init__(self):\n        1 / 0\n    def __call__(self):\n        pass\n", "code:F",
         errors.FlowEntryInitializationError),
    ],
)  # fmt: skip
def test_entries_that_cannot_run_are_refused_when_loaded(
    tmp_path: Path, code: str, entry: str, failure: type[Exception]
) -> None:
    with pytest.raises(failure):
        smalt.flows.load(flex(tmp_path, code, entry))


def test_a_function_of_this_program_is_a_flow_too() -> None:
    def shout(text: str, times: int = 2) -> Mapping[str, str]:
        return {"said": text.upper() * times}

    with smalt.flows.load(shout) as flow:
        assert line(flow, text="hi").output == {"said": "HIHI"}


def test_code_with_a_chat_input_and_a_history_is_a_chat_whose_only_output_is_the_answer(tmp_path: Path) -> None:
    code = "def chat(question: str, chat_history: list):\n    return f'{len(chat_history)} {question}'\n"
    marks = {
        "question": {"type": "string", "is_chat_input": True},
        "chat_history": {"type": "list", "is_chat_history": True},
    }
    write(tmp_path, {"m.py": code, "flow.flex.yaml": json.dumps({"entry": "m:chat", "inputs": marks})})

    with smalt.flows.load(tmp_path) as flow:
        assert (flow.is_chat, flow.chat_input, flow.chat_output) == (True, "question", "output")
        assert line(flow, question="hi", chat_history=[]).output == {"output": "0 hi"}
