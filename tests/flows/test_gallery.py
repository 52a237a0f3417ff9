"""Templates, flows around code, and tools to begin with."""

from __future__ import annotations

import asyncio
import json

import pytest

from smalt.errors import InvalidRequest, NotFound
from smalt.flows import gallery, load, trial
from smalt.flows.loading import checking


@pytest.mark.parametrize("name", [each.name for each in gallery.templates()])
def test_every_template_runs_without_a_key(name, tmp_path):
    gallery.make(name, tmp_path / name)
    row = json.loads((tmp_path / name / "data.jsonl").read_text().splitlines()[0])

    with load(tmp_path / name) as flow:
        tried = trial.try_flow(flow, {key: value for key, value in row.items() if key in flow.inputs})

    assert tried.error is None
    assert all(tried.output.values())


def test_a_template_takes_a_connection_and_a_model(tmp_path):
    gallery.make("chat", tmp_path, connection="mine", model="gpt-4o")

    text = (tmp_path / "flow.dag.yaml").read_text()
    assert "connection: mine" in text
    assert "model: gpt-4o" in text


def test_a_function_becomes_a_flow(tmp_path):
    (tmp_path / "shouting.py").write_text("def shout(text: str, times: int):\n    return text.upper() * times\n")

    gallery.around(tmp_path / "shouting.py", "shout", tmp_path / "flow", {})

    with load(tmp_path / "flow") as flow:
        assert trial.try_flow(flow, {"text": "a", "times": "2"}).output == {"output": "AA"}


def test_a_class_is_saved_as_a_flow(tmp_path):
    (tmp_path / "shouting.py").write_text("class Two:\n    def __call__(self, x: int):\n        return 2 * x\n")

    file = gallery.save("shouting:Two", tmp_path, None)

    with load(file) as flow:
        assert trial.try_flow(flow, {"x": 3}).output == {"output": 6}
    with pytest.raises(InvalidRequest, match="module 'other'"):
        gallery.save("other:Two", tmp_path, None)


def test_a_tool_file_is_valid_and_a_file_without_one_is_not(tmp_path):
    good = gallery.tool("strip", tmp_path)
    (tmp_path / "bad.py").write_text("def strip(text): ...\n")

    assert checking.check_tools(str(good)) == []
    assert "no function with @tool" in checking.check_tools(str(tmp_path / "bad.py"))[0]


def test_a_tool_package_tells_its_tools(tmp_path, monkeypatch):
    root = gallery.tool("strip", tmp_path, package="my-tools", more={"icon": "x.png"})

    monkeypatch.syspath_prepend(str(root))
    import importlib

    listed = importlib.import_module("my_tools.listing").tools()
    assert listed["my_tools.strip.strip"].items() >= {"module": "my_tools.strip", "icon": "x.png"}.items()


def test_a_valid_flow_leaves_the_description_of_its_tools(tmp_path):
    gallery.make("classification", tmp_path)

    report = checking.check(tmp_path)

    tools = json.loads((tmp_path / ".promptflow" / "flow.tools.json").read_text())["code"]
    assert report.problems == []
    assert tools["tidy.py"]["inputs"] == {"answer": {"type": ["string"]}}
    assert tools["bare.jinja2"]["inputs"] == {"text": {"type": ["string"]}}


def test_a_broken_flow_says_what_is_wrong(tmp_path):
    (tmp_path / "flow.dag.yaml").write_text("nodes:\n- name: a\n  type: python\n  source: {type: code, path: no.py}\n")

    problem = checking.check(tmp_path).problems[0]

    assert "no.py" in problem.message


def test_an_unknown_template_names_those_that_exist(tmp_path):
    with pytest.raises(NotFound, match="classification"):
        gallery.make("nothing", tmp_path)


def test_a_chat_begins_with_an_empty_history(tmp_path):
    gallery.make("chat", tmp_path)

    with load(tmp_path) as flow:
        result = asyncio.run(flow.run_line(trial.complete(flow, {"question": "hi"})))

    assert result.output == {"answer": "hi"}
