import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalt.entities.warned import Warnings
from smalt.errors import InvalidRequest
from smalt.wire.expressions import find, substitute


def test_quotes_and_lines_around_expressions_are_untouched():
    command = "echo '${{inputs.json}}' &&\n  python a.py --x \"${{ inputs.x }}\"; ls $HOME ${PWD}  \n"

    filled = substitute(command, {"inputs.json": '{"a": 1}', "inputs.x": "1 2"})

    assert filled == 'echo \'{"a": 1}\' &&\n  python a.py --x "1 2"; ls $HOME ${PWD}  \n'


def test_a_value_is_never_read_as_an_expression():
    assert substitute("${{inputs.a}}", {"inputs.a": "${{inputs.b}}"}) == "${{inputs.b}}"


def test_an_optional_group_vanishes_without_its_input():
    command = "run $[[--a ${{inputs.a}}]] $[[--b ${{inputs.b}}]]"

    assert substitute(command, {"inputs.a": "1"}) == "run --a 1 "


def test_a_required_input_inside_a_group_is_still_required():
    with pytest.raises(InvalidRequest, match=r"inputs\.a"):
        substitute("$[[--a ${{inputs.a}}]]", {}, optional={"inputs.b"})


def test_the_text_of_a_group_without_expression_stays_and_warns():
    warnings = Warnings()

    assert substitute("--m $[[inputs.model]]", {}, warnings=warnings) == "--m inputs.model"
    assert len(warnings.items) == 1


def test_a_missing_name_is_told_with_the_known_ones():
    with pytest.raises(InvalidRequest, match=r"inputs\.lr.*Known names: inputs\.rate"):
        substitute("--lr ${{inputs.lr}}", {"inputs.rate": "1"})


def test_every_expression_is_found_with_its_parts():
    found = find("${{parent.jobs.prep.outputs.clean}} $[[${{name}}]]")

    assert [expression.parts for expression in found] == [("parent", "jobs", "prep", "outputs", "clean"), ("name",)]


@given(st.text(alphabet="$[]{} ab.\n'\"", max_size=60))
def test_text_without_expressions_is_kept(text):
    if not find(text):
        assert substitute(text, {}) == text
