"""What is drawn of a flow: read from its text, whatever is in it, and never run."""

from __future__ import annotations

import pytest

from tests.server.flows.conftest import DAG


def graph(flows, *, version="latest", **texts):
    if texts:
        flows.save(1, **texts)
    return flows.ask("GET", f"/hello/versions/{version}/graph").json()


def test_nodes_and_the_way_of_values_between_them_are_drawn(flows):
    flows.create("chat", template="chat")

    drawn = flows.ask("GET", "/chat/versions/1/graph").json()

    assert (drawn["kind"], drawn["type"], drawn["editable"], drawn["problems"]) == ("dag", "chat", True, [])
    assert drawn["inputs"][1] | {"description": ""} == {
        "name": "question", "type": "string", "default": None, "description": "",
        "isChatInput": True, "isChatHistory": False,
    }  # fmt: skip
    assert drawn["outputs"][0]["reference"] == "${answer.output}"
    (node,) = drawn["nodes"]
    assert node["source"] == {"type": "code", "path": "answer.jinja2", "tool": None}
    assert (node["type"], node["connection"], node["inputs"]["temperature"]) == ("llm", "echo", 0.2)
    assert drawn["edges"] == [
        {"from": "inputs", "to": "answer", "input": "chat_history"},
        {"from": "inputs", "to": "answer", "input": "question"},
        {"from": "answer", "to": "outputs", "input": "answer"},
    ]


def test_variants_of_a_node_are_listed_and_its_default_is_drawn(flows):
    flows.create("classes", template="classification")

    node = flows.ask("GET", "/classes/versions/1/graph").json()["nodes"][0]

    assert node["variants"] == {"default": "described", "names": ["described", "bare"]}
    assert node["source"]["path"] == "described.jinja2"


def test_everything_wrong_is_told_with_its_line_and_node(flows):
    flows.create("hello")
    broken = DAG.replace("${inputs.name}", "${inputs.nome}").replace("greet.py", "gret.py").replace(
        "${greet.output}", "${gret.output}"
    )  # fmt: skip

    drawn = graph(flows, flow__dag__yaml=broken)

    assert [(each["code"], each["line"], each["node"]) for each in drawn["problems"]] == [
        ("SourceNotFound", 6, "greet"),
        ("InputReferenceNotFound", 6, "greet"),
        ("OutputReferenceNotFound", 4, None),
    ]
    assert [node["name"] for node in drawn["nodes"]] == ["greet"]


def test_nodes_in_a_circle_are_a_problem(flows):
    flows.create("hello")
    circle = "nodes:\n" + "".join(
        f"- {{name: {one}, type: python, source: {{path: greet.py}}, inputs: {{name: '${{{other}.output}}'}}}}\n"
        for one, other in (("a", "b"), ("b", "a"))
    )

    problems = graph(flows, flow__dag__yaml=circle)["problems"]

    assert [each["code"] for each in problems] == ["NodeCircularDependency"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nodes: [", "InvalidYaml"),
        ("a: &a [*a]", "InvalidYaml"),
        ("- 1", "FlowDefinitionError"),
        ("nodes: {}", "FlowDefinitionError"),
        ("nodes: [1, {name: x, inputs: 3}]", "FlowDefinitionError"),
        ("inputs: [1]\nnodes: []", "FlowDefinitionError"),
        ("inputs: {a: {type: []}}\nnodes: []", "FlowDefinitionError"),
        ("nodes: [{name: x, use_variants: true}]", "NodeOfVariantNotFound"),
        ("!!python/object/apply:os.system ['x']", "FlowDefinitionError"),
        ("nodes: [" + "{name: n, type: python}," * 1001 + "]", "TooManyNodes"),
    ],
    ids=range(10),
)
def test_a_file_that_cannot_be_read_is_a_problem_and_no_failure(flows, text, code):
    flows.create("hello")

    problems = graph(flows, flow__dag__yaml=text)["problems"]

    assert problems[0]["code"] == code
    assert problems[0]["line"]


def test_code_is_read_and_never_run(flows, tmp_path):
    trap = tmp_path / "trap"
    flows.create("hello")
    code = f"open({str(trap)!r}, 'w')\n\n\ndef answer(question: str, count: int = 1):\n    return question\n"

    drawn = graph(flows, flow__dag__yaml=None, flow__flex__yaml="entry: code:answer\n", code__py=code, greet__py=code)

    assert [(each["name"], each["type"]) for each in drawn["inputs"]] == [("question", "string"), ("count", "int")]
    assert (drawn["kind"], drawn["editable"], drawn["problems"]) == ("flex", False, [])
    assert not trap.exists()


def test_a_prompty_and_a_folder_without_a_flow_are_told_apart(flows):
    flows.create("summary", template="prompty")
    flows.create("hello")
    flows.save(1, flow__dag__yaml=None)

    prompty = flows.ask("GET", "/summary/versions/1/graph").json()
    none = flows.ask("GET", "/hello/versions/2/graph").json()

    assert (prompty["kind"], [each["name"] for each in prompty["inputs"]]) == ("prompty", ["text"])
    assert [each["code"] for each in none["problems"]] == ["FlowFileNotFound"]


def test_a_file_that_takes_long_to_read_is_not_read(flows):
    flows.create("hello")

    (problem,) = graph(flows, flow__dag__yaml="nodes: [" + "a," * 150_000 + "]")["problems"]

    assert (problem["code"], problem["path"]) == ("FlowFileTooLong", "flow.dag.yaml")
