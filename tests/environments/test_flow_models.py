"""What the files of a flow say of its environment and of the connections it names; whatever stands in them."""

from __future__ import annotations

import json

import pytest

from smalt.environments import flow_model


def read(files, entry_file=None):
    return flow_model(files.get, entry_file)


def test_a_flow_names_connections_and_what_it_installs():
    dag = (
        "environment: {python_requirements_txt: ./more.txt}\nnodes: [{connection: mine, inputs: {k: '${other.key}'}}]\n"
    )

    found = read({"flow.dag.yaml": dag, "more.txt": "rich\npromptflow[azure]>=1.0\npromptflow-tools\n"})

    assert {"mine", "other"} <= found.words
    pip = json.loads(found.conda)["dependencies"][1]["pip"]
    assert pip[0] == "rich"
    assert not any(line.startswith("promptflow") for line in pip)


def test_a_prompty_names_its_connection_in_front_of_the_prompt():
    text = "---\nmodel: {configuration: {connection: mine}}\n---\nsystem:\nconnection: not this one\n"

    assert "mine" in read({"a.prompty": text}, "a.prompty").words
    assert "not this one" not in read({"a.prompty": text}, "a.prompty").words


@pytest.mark.parametrize("text", ["nodes: [", "- a list", "a: &a [*a]", "'", "&x {<<: *x}", "[" * 5000])
def test_a_file_that_is_no_flow_is_left_to_the_engine_to_explain(text):
    assert read({"flow.dag.yaml": text}).words is not None


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", "a/../../b", "", "."])
def test_requirements_are_looked_for_inside_the_folder_only(path):
    flow = f"environment: {{python_requirements_txt: '{path}'}}"
    asked = []

    def text(name):
        asked.append(name)
        return flow if name == "flow.dag.yaml" else None

    flow_model(text)

    assert asked[-1] == "requirements.txt"
