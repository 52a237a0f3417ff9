"""Experiments as pipeline components: their nodes are steps, bound to one another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smalt import flows
from smalt.flows import experiments
from smalt.flows.experiments.errors import ExperimentValueError
from smalt.flows.experiments.pipeline import as_component
from tests.flows.experiments.conftest import COUNT, GEN, JUDGE, MAIN
from tests.flows.writing import TOOL, dag, python_node

Maker = Callable[..., Path]


def component(file: Path, folder: Path) -> dict[str, Any]:
    return as_component(experiments.read(file), "made", folder)


def test_data_and_inputs_become_inputs_with_what_the_template_says_of_them(tmp_path: Path, template: Maker) -> None:
    made = component(template(GEN, inputs=[COUNT]), tmp_path / "groups")

    data = {"type": "uri_file", "default": str(tmp_path / "data.jsonl")}
    assert made["inputs"] == {"count": {"type": "integer", "default": 2}, "my": data}


def test_a_command_takes_files_and_values_of_its_step(tmp_path: Path, template: Maker) -> None:
    after = GEN | {
        "name": "after", "command": "cat ${inputs.a} ${inputs.b}", "outputs": {},
        "inputs": {"a": "${gen.outputs}", "b": "${main.outputs}"},
    }  # fmt: skip

    steps = component(template(GEN, MAIN, after, inputs=[COUNT]), tmp_path / "groups")["jobs"]

    assert steps["gen"]["inputs"] == {"source": "${{parent.inputs.my}}", "count": "${{parent.inputs.count}}"}
    assert steps["gen"]["command"].startswith("python gen.py ${{inputs.source}} ${{inputs.count}} ${{outputs.target}}")
    assert steps["after"]["command"] == "cat ${{inputs.a}} ${{inputs.b}}/flow_outputs/output.jsonl"
    assert steps["after"]["inputs"]["a"] == "${{parent.jobs.gen.outputs.target}}"


def test_a_flow_takes_columns_of_data_and_of_what_nodes_before_it_gave(tmp_path: Path, template: Maker) -> None:
    main = MAIN | {"inputs": {"text": "${gen.outputs.target.text}", "times": "${inputs.count}"}}

    steps = component(template(GEN, main, JUDGE, inputs=[COUNT]), tmp_path / "groups")["jobs"]

    assert steps["main"]["column_mapping"] == {"text": "${gen_target.text}", "times": "${inputs.count}"}
    assert steps["main"]["inputs"]["gen_target"] == "${{parent.jobs.gen.outputs.target}}"
    assert steps["judge"]["column_mapping"] == {"truth": "${data.truth}", "answer": "${main.outputs.loud}"}
    assert steps["judge"]["inputs"]["main"] == "${{parent.jobs.main.outputs.flow_outputs}}"


def test_a_group_becomes_a_flow_that_talks_where_it_is_put(tmp_path: Path, template: Maker) -> None:
    dag(
        tmp_path / "role",
        [python_node("say", "say.py", topic="${inputs.topic}", history="${inputs.history}")],
        {"say.py": TOOL + "def say(topic: str, history: list):\n    return f'{len(history)} {topic}'\n"},
        inputs={"topic": "string", "history": "list"},
        outputs={"said": "${say.output}"},
    )
    inputs = {"topic": "${data.my.text}", "history": "${parent.conversation_history}"}
    roles = [{"role": role, "path": "./role", "inputs": inputs} for role in ("one", "two")]
    group = {"name": "talk", "type": "chat_group", "max_turns": 3, "roles": roles}

    step = component(template(group), tmp_path / "groups")["jobs"]["talk"]
    with flows.load(step["code"]) as flow:
        line = asyncio.run(flow.run_line({"one__topic": "a", "two__topic": "b"}))

    assert step["column_mapping"] == {"one__topic": "${data.text}", "two__topic": "${data.text}"}
    assert line.output == {
        "conversation_history": [["one", {"said": "0 a"}], ["two", {"said": "1 b"}], ["one", {"said": "2 a"}]]
    }


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"inputs": {"source": "${data.my.text}"}}, "takes whole files"),
        ({"environment_variables": {"KEY": "${mine.api_key}"}}, "takes KEY of a connection"),
        ({"inputs": {"source": "${data.none}"}}, "no such part of 'data'"),
    ],
)
def test_what_only_this_machine_could_do_is_refused(
    tmp_path: Path, template: Maker, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(ExperimentValueError, match=told):
        component(template(GEN | changed, inputs=[COUNT]), tmp_path / "groups")
