"""How a pipeline is shown: as a tree, and as lines while it runs."""

from __future__ import annotations

import io
from typing import Any

import pytest

from smalt.sdk.errors import JobFailed
from smalt.sdk.pipelines.graph import drawn, duration, jobs_of
from smalt.sdk.pipelines.stream import Lines, Tree, follow


def step(name: str, status: str, **facts: Any) -> dict:
    known = {"job": f"p_{name}", "durationSeconds": 2.0 if status in {"Completed", "Failed"} else None, "attempt": 1}
    return {"name": name, "status": status, **known, **facts}


def graph(status: str, *steps: dict) -> dict:
    return {"name": "p", "status": status, "steps": list(steps)}


REUSED = {"reused": True, "reason": "same inputs as q_a", "from": "q_a"}
WHOLE = graph(
    "Failed",
    step("a", "Completed", reuse=REUSED),
    step("inner", "Failed", steps=[step("b", "Failed", error="exit code 3\nmore")]),
    step("loop", "Completed", iterations=[step("loop", "Completed", iteration=1, job="p_loop1")]),
    step("c", "Skipped", job=None),
)


def test_a_tree_has_a_line_per_step_round_and_nested_step() -> None:
    assert drawn(WHOLE) == [
        "p  Failed",
        "|- + a  Completed  2.0 s  reused of q_a: same inputs as q_a",
        "|- x inner  Failed  2.0 s",
        "|  `- x b  Failed  2.0 s  exit code 3",
        "|- + loop  Completed  2.0 s",
        "|  `- + [1]  Completed  2.0 s",
        "`- - c  Skipped",
    ]


def test_each_step_with_a_job_of_its_own_is_named_by_its_path() -> None:
    assert jobs_of(WHOLE) == {"a": "p_a", "inner.b": "p_b", "loop[1]": "p_loop1"}


def test_each_change_is_told_once_and_a_failure_with_its_last_lines() -> None:
    out = io.StringIO()
    looks = iter(
        [
            graph("Running", step("a", "Running"), step("b", "NotStarted", job=None)),
            graph("Running", step("a", "Completed", durationSeconds=None), step("b", "NotStarted", job=None)),
            graph("Running", step("a", "Completed"), step("b", "Running")),
            graph("Failed", step("a", "Completed"), step("b", "Failed", error="exit code 3"))
            | {"durationSeconds": 185},
        ]
    )
    shown = Lines(out, lambda job: [f"log of {job}"])

    with pytest.raises(JobFailed, match=r"Failed: b\.\nGo on from there: smalt job rerun -n p --from failed"):
        follow(lambda: next(looks), shown.show, out=out, web_view=None, sleep=lambda seconds: None)

    assert out.getvalue().splitlines()[-1] == "Failed after 3 min 5 s: 2 steps, 0 reused"
    assert out.getvalue().splitlines()[2:-2] == [
        "a: started",
        "a: finished (2.0 s)",
        "b: started",
        "b: failed (2.0 s, exit code 3)",
        "b|  log of p_b",
    ]


def test_a_step_that_ran_into_its_limit_is_named_at_the_end() -> None:
    ended = graph("Failed", step("a", "Completed"), step("slow", "Canceled", error="longer than its limit"))

    with pytest.raises(JobFailed, match=r"ended as Failed\. Canceled: slow\.\nGo on from there"):
        follow(lambda: ended, Lines(io.StringIO(), lambda job: []).show, out=io.StringIO(), web_view=None)


def test_a_tree_is_drawn_over_itself_and_never_higher_than_the_screen() -> None:
    out = io.StringIO()
    tree = Tree(out, lambda job: [], lambda text, status: text, height=3)
    steps = [step(f"s{number}", "Running" if number < 9 else "NotStarted") for number in range(20)]

    assert tree.show(graph("Running", *steps))
    assert not tree.show(graph("Running", *steps))
    assert out.getvalue().count("\n") == 3
    assert tree.show(graph("Completed", step("s0", "Completed")))
    assert "\x1b[3A\x1b[J" in out.getvalue()


def test_the_end_tells_how_long_the_pipeline_took_also_to_who_comes_late() -> None:
    out = io.StringIO()
    over = {**graph("Completed", step("a", "Completed")), "durationSeconds": 185.0}

    follow(lambda: over, Lines(out, lambda job: []).show, out=out, web_view=None)

    assert out.getvalue().endswith("Completed after 3 min 5 s: 1 step, 0 reused\n")


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.44, "0.4 s"), (12.3, "12 s"), (185, "3 min 5 s"), (7260, "2 h 1 min")]
)
def test_spans_of_time_read_as_people_say_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told
