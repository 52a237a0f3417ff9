"""Column mapping."""

from __future__ import annotations

import pytest

from smalt.flows.batch.errors import ApplyInputMappingError, EmptyInputsData, InputMappingError
from smalt.flows.batch.mapping import check, lines
from smalt.flows.errors import ValidationException


def test_an_input_without_default_is_the_column_of_its_name():
    assert lines({"data": [{"x": 1, "y": 2}]}, {}, {"x": None}) == [(0, {"x": 1})]


def test_an_input_with_a_default_is_read_only_when_it_is_mapped():
    rows = {"data": [{"x": 1}]}

    assert lines(rows, {}, {"x": 7, "z": 8}) == [(0, {})]
    assert lines(rows, {"x": "${data.x}"}, {"x": 7}) == [(0, {"x": 1})]


def test_sources_are_joined_by_line_number_and_failed_lines_drop_out():
    rows = {
        "data": [{"q": "a"}, {"q": "b"}, {"q": "c"}],
        "run.outputs": [{"line_number": 2, "answer": "C"}, {"line_number": 0, "answer": "A"}],
    }

    found = lines(rows, {"answer": "${run.outputs.answer}", "level": "high"}, {"q": None, "answer": None})

    assert found == [
        (0, {"q": "a", "answer": "A", "level": "high"}),
        (2, {"q": "c", "answer": "C", "level": "high"}),
    ]


def test_literals_keep_their_type_and_line_number_is_no_input():
    assert lines({"data": [{"x": 1}]}, {"n": 3, "line_number": "${data.x}"}, {}) == [(0, {"n": 3})]


def test_every_missing_column_is_named_at_once():
    with pytest.raises(ApplyInputMappingError, match=r"\$\{data\.a\}, \$\{data\.b\}.*data\.x"):
        lines({"data": [{"x": 1}]}, {"p": "${data.a}", "q": "${data.b}"}, {})


def test_sources_of_different_length_are_refused():
    with pytest.raises(InputMappingError, match="'data': 1, 'other': 2"):
        lines({"data": [{}], "other": [{}, {}]}, {}, {})


def test_no_lines_are_refused():
    with pytest.raises(EmptyInputsData, match="no lines in data"):
        lines({"data": []}, {}, {})


def test_a_mapping_of_literals_only_is_refused():
    with pytest.raises(ValidationException, match="at least one reference"):
        check({"x": "1"})
