from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import smalt.flows
from smalt.flows import Limits, Status
from smalt.flows.errors import SingleNodeValidationError
from tests.flows.writing import TOOL, dag, line, prompt_node, python_node

ADD = TOOL + "def add(x: int, by: int = 1) -> int:\n    return x + by\n"


def test_nodes_run_after_those_they_need_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    nodes = [
        python_node("second", "add.py", x="${first.output}", by=10),
        python_node("first", "add.py", x="${inputs.n}"),
    ]
    folder = dag(tmp_path, nodes, {"add.py": ADD}, inputs={"n": "int"}, outputs={"sum": "${second.output}"})

    result = line(folder, n="4")

    assert result.output == {"sum": 15}
    assert {name: node.output for name, node in result.nodes.items()} == {"first": 5, "second": 15}


def test_parts_of_outputs_are_taken_by_keys_indices_and_attributes(tmp_path: Path) -> None:
    files = {
        "make.py": "import dataclasses\n" + TOOL.replace("@tool", "")
        + "@dataclasses.dataclass\nclass Point:\n    x: list\n\n@tool\ndef make():\n"
        "    return {'a b': [Point([1, 2])]}\n",
    }  # fmt: skip
    folder = dag(tmp_path, [python_node("make", "make.py")], files, outputs={"two": "${make.output.['a b'][0].x[1]}"})

    assert line(folder).output == {"two": 2}


def test_literals_become_of_the_parameters_type_and_empty_ones_leave_the_default(tmp_path: Path) -> None:
    tool = TOOL + "def show(a: int, b: list, c: bool, d: str = 'kept'):\n    return [a, b, c, d]\n"
    node = python_node("show", "show.py", a="7", b="[1]", c="true", d="")
    folder = dag(tmp_path, [node], {"show.py": tool}, outputs={"all": "${show.output}"})

    assert line(folder).output == {"all": [7, [1], True, "kept"]}


def test_independent_nodes_run_at_once(tmp_path: Path) -> None:
    meet = (
        "import threading\n" + TOOL + "def meet(who: str):\n    import builtins\n"
        "    builtins.smalt_meeting.wait(10)\n    return who\n"
    )
    nodes = [python_node(name, "meet.py", who=name) for name in ("a", "b", "c")]
    folder = dag(tmp_path, nodes, {"meet.py": meet}, outputs={"a": "${a.output}"})
    import builtins
    import threading

    builtins.smalt_meeting = threading.Barrier(3)  # type: ignore[attr-defined]  # only this test's tool looks at it

    result = line(folder)

    assert result.status is Status.COMPLETED


def test_coroutines_share_the_loop_and_wait_for_one_another(tmp_path: Path) -> None:
    tool = (
        "import asyncio\n" + TOOL + "async def both(n: int):\n    global event\n"
        "    if n == 0:\n        event = asyncio.Event()\n        await event.wait()\n        return 'woken'\n"
        "    while 'event' not in globals():\n        await asyncio.sleep(0)\n    event.set()\n    return 'woke'\n"
    )
    nodes = [python_node("sleeper", "both.py", n=0), python_node("waker", "both.py", n=1)]
    folder = dag(tmp_path, nodes, {"both.py": tool}, outputs={"s": "${sleeper.output}", "w": "${waker.output}"})

    assert line(folder).output == {"s": "woken", "w": "woke"}


def test_a_failure_names_node_line_and_the_authors_own_frames(tmp_path: Path) -> None:
    tool = TOOL + "def bad(x):\n    return helper(x)\n\ndef helper(x):\n    raise ValueError(f'no {x}')\n"
    folder = dag(tmp_path, [python_node("n1", "bad.py", x="${inputs.x}")], {"bad.py": tool}, inputs={"x": "string"})

    with smalt.flows.load(folder) as flow:
        error = asyncio.run(flow.run_line({"x": "way"}, line_number=3)).error

    assert error is not None
    assert (error.type, error.node, error.line, error.cause_type) == ("ToolExecutionError", "n1", 3, "ValueError")
    assert error.message == "Execution failure in 'n1': (ValueError) no way"
    assert "in helper" in error.cause
    assert "smalt/flows" not in error.cause


def test_inputs_that_are_missing_or_of_another_type_fail_the_line(tmp_path: Path) -> None:
    folder = dag(tmp_path, [python_node("a", "add.py", x="${inputs.n}")], {"add.py": ADD}, inputs={"n": "int"})

    missing, wrong = line(folder), line(folder, n="four")

    assert missing.error is not None
    assert missing.error.type == "InputNotFound"
    assert wrong.error is not None
    assert wrong.error.type == "InputTypeError"
    assert "'n'" in wrong.error.message
    assert "'four'" in wrong.error.message


def test_a_line_that_takes_too_long_fails_and_the_next_one_runs(tmp_path: Path) -> None:
    tool = "import time\n" + TOOL + "def nap(s: float):\n    time.sleep(s)\n    return 'up'\n"
    folder = dag(
        tmp_path, [python_node("nap", "nap.py", s="${inputs.s}")], {"nap.py": tool},
        inputs={"s": "double"}, outputs={"o": "${nap.output}"},
    )  # fmt: skip

    with smalt.flows.load(folder) as flow:
        slow = line(flow, Limits(line_seconds=0.05), s=30)
        quick = line(flow, Limits(line_seconds=20), s=0)

    assert slow.error is not None
    assert slow.error.type == "LineExecutionTimeoutError"
    assert slow.nodes["nap"].status is Status.CANCELED
    assert quick.output == {"o": "up"}


def test_a_node_that_takes_too_long_fails_by_its_own_limit(tmp_path: Path) -> None:
    tool = "import asyncio\n" + TOOL + "async def nap():\n    await asyncio.sleep(30)\n"
    node = python_node("nap", "nap.py") | {"timeout_seconds": 0.05}

    error = line(dag(tmp_path, [node], {"nap.py": tool})).error

    assert error is not None
    assert (error.type, error.node) == ("NodeExecutionTimeoutError", "nap")


def test_one_node_runs_alone_with_outputs_that_are_given(tmp_path: Path) -> None:
    nodes = [python_node("a", "add.py", x="${inputs.n}"), python_node("b", "add.py", x="${a.output}", by="${inputs.n}")]
    folder = dag(tmp_path, nodes, {"add.py": ADD}, inputs={"n": "int"})

    with smalt.flows.load(folder) as flow:
        result = asyncio.run(flow.run_node("b", {"a.output": 5, "inputs.n": "2"}))
        with pytest.raises(SingleNodeValidationError, match=r"needs \$\{a.output\}"):
            asyncio.run(flow.run_node("b", {"n": 1}))

    assert (result.status, result.output) == (Status.COMPLETED, 7)


def test_aggregation_nodes_see_the_lists_of_all_completed_lines(tmp_path: Path) -> None:
    files = {
        "grade.py": TOOL + "def grade(x: int):\n    return {'g': 1 / x}\n",
        "mean.py": "from promptflow.core import log_metric, tool\n\n@tool\ndef mean(grades: list, xs: list):\n"
        "    log_metric('lines', len(grades))\n    log_metric('by', 2, 'variant_1')\n    return sum(grades)\n",
    }  # fmt: skip
    nodes = [
        python_node("grade", "grade.py", x="${inputs.x}"),
        python_node("mean", "mean.py", grades="${grade.output.g}", xs="${inputs.x}") | {"aggregation": True},
    ]
    folder = dag(tmp_path, nodes, files, inputs={"x": "int"}, outputs={"g": "${grade.output.g}"})

    async def batch() -> tuple[list[Status], smalt.flows.AggregationResult]:
        lines = [await flow.run_line({"x": x}, line_number=n) for n, x in enumerate((1, 0, 2))]
        return [each.status for each in lines], await flow.aggregate(lines)

    with smalt.flows.load(folder) as flow:
        statuses, result = asyncio.run(batch())

    assert statuses == [Status.COMPLETED, Status.FAILED, Status.COMPLETED]
    assert result.metrics == {"lines": 2, "by": {"variant_1": 2}}
    assert result.outputs == {"mean": 1.5}


def test_a_variant_takes_the_place_of_the_default(tmp_path: Path) -> None:
    node = {"name": "hi", "use_variants": True}
    variants = {
        "hi": {
            "default_variant_id": "v0",
            "variants": {
                "v0": {"node": prompt_node("hi", "a.jinja2")},
                "v1": {"node": prompt_node("hi", "b.jinja2")},
            },
        }
    }
    folder = dag(
        tmp_path, [node], {"a.jinja2": "A", "b.jinja2": "B"}, outputs={"o": "${hi.output}"}, node_variants=variants
    )

    with smalt.flows.load(folder) as default, smalt.flows.load(folder, variant="${hi.v1}") as other:
        assert (line(default).output, line(other).output) == ({"o": "A"}, {"o": "B"})
        assert default.variants == {"hi": ["v0", "v1"]}
