"""What cells put out, and the parameters of a notebook: pure, and the same for every kernel."""

from __future__ import annotations

from typing import Any

import pytest

from smalt.runtime.notebook.outputs import LARGEST_CELL, Cells
from smalt.runtime.notebook.parameters import injected


def put_out(*messages: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    cells = Cells()
    cells.begin("a", "")
    for kind, content in messages:
        cells.apply("a", kind, content)
    outputs: list[dict[str, Any]] = cells.all["a"]["outputs"]
    return outputs


def said(*texts: str, name: str = "stdout") -> list[tuple[str, dict[str, Any]]]:
    return [("stream", {"name": name, "text": text}) for text in texts]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (("a", "b\n", "c"), "ab\nc"),
        (("10%", "\r20%", "\r100%"), "100%"),
        (("first\nlong line", "\rshort"), "first\nshortline"),
        (("kept\r", "over"), "over"),
        (("ab\b", "c\r\nnext"), "ac\nnext"),
    ],
)
def test_lines_are_written_over_as_in_a_terminal(pieces: tuple[str, ...], shown: str) -> None:
    (output,) = put_out(*said(*pieces))

    assert output["text"].rstrip("\r") == shown


def test_an_output_that_is_too_large_is_cut_and_that_is_said() -> None:
    (output,) = put_out(*said("x" * (LARGEST_CELL + 10), "more"))

    assert len(output["text"]) < LARGEST_CELL + 100
    assert "too large" in output["text"]


def test_a_display_is_changed_where_it_stands_and_clearing_waits_for_what_comes() -> None:
    shown = {"data": {"text/plain": "one"}, "transient": {"display_id": "d"}}

    outputs = put_out(
        ("display_data", shown),
        *said("between\n"),
        ("update_display_data", shown | {"data": {"text/plain": "two"}}),
    )
    cleared = put_out(*said("old"), ("clear_output", {"wait": True}), *said("new"))

    assert [each.get("data", {}).get("text/plain") for each in outputs] == ["two", None]
    assert [each["text"] for each in cleared] == ["new"]


def cell(source: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}


def test_parameters_take_the_types_of_their_defaults() -> None:
    cells = [cell("import x"), cell("rate = 0.5\nname = '1'\ncount: int = 2", "parameters"), cell("rate")]

    found = injected(cells, {"rate": "1", "name": "7", "count": "3", "flag": "True", "path": "/data"})

    assert found[2]["source"].splitlines()[1:] == [
        "rate = 1.0",
        "name = '7'",
        "count = 3",
        "flag = True",
        "path = '/data'",
    ]
    assert [each["source"] for each in found if each is not found[2]] == [each["source"] for each in cells]


def test_a_notebook_that_ran_before_gets_its_new_values_once() -> None:
    before = injected([cell("rate = 1", "parameters")], {"rate": "2"})

    found = injected(before, {"rate": "3"})

    assert [each["source"] for each in found] == ["rate = 1", "# Parameters\nrate = 3"]
