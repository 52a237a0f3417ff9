"""The parts of the language engine that need no model."""

from __future__ import annotations

import json

import pytest

from smalt.runtime.scorer.language.json_prefix import JsonPrefix
from smalt.runtime.scorer.language.tool_calls import calls_in
from smalt.runtime.scorer.language.writing import Writing

TOOLS = [{"type": "function", "function": {"name": "add"}}]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        ' {"a": 1}',
        '{"a": [1, -2.5e3, true, null, {"b": "\\u00e9\\n"}], "c": {}}',
        '{"a": [[], [[]]], "": ""}',
    ],
)
def test_every_beginning_of_an_object_can_become_json(text):
    assert json.loads(text) is not None

    prefix: JsonPrefix | None = JsonPrefix()
    for letter in text:
        assert prefix is not None
        assert not prefix.is_whole
        prefix = prefix.fed(letter)

    assert prefix is not None
    assert prefix.is_whole


@pytest.mark.parametrize(
    "text", ["[", '{"a" 1', "{,", '{"a": 01', '{"a": tru}', '{"a": 1,}', '{"a": "\n"', "{}x", '{"a": [1}']
)
def test_what_cannot_become_json_is_told_at_once(text):
    assert JsonPrefix().fed(text) is None


def test_calls_in_tags_are_found_and_the_rest_is_text():
    text, calls = calls_in('I add.\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>', TOOLS)

    assert text == "I add."
    assert calls[0]["function"] == {"name": "add", "arguments": '{"a": 1}'}


def test_an_answer_that_is_a_call_and_nothing_else_is_one():
    text, calls = calls_in('{"name": "add", "parameters": {"a": 1}}', TOOLS)

    assert (text, [each["function"]["name"] for each in calls]) == ("", ["add"])


@pytest.mark.parametrize("text", ['{"name": "other", "arguments": {}}', '{"name": 1}', "[1]", "hello"])
def test_what_calls_no_tool_stays_text(text):
    assert calls_in(text, TOOLS) == (text, [])


class Letters:
    """A tokenizer whose tokens are bytes."""

    def decode(self, tokens: list[int], **_: object) -> str:
        return bytes(tokens).decode("utf-8", "replace")


def written(text: str, stops: list[str]) -> tuple[list[str], Writing]:
    writing = Writing(Letters(), stops)
    pieces = []
    for token in text.encode():
        pieces.append(writing.add(token))
        if writing.is_stopped:
            return pieces, writing
    pieces.append(writing.end())
    return pieces, writing


def test_half_a_letter_is_never_told():
    text = "Grüße, 世界! " * 20  # longer than what is decoded at once

    pieces, writing = written(text, [])

    assert "".join(pieces) == writing.text == text
    assert all("\ufffd" not in piece for piece in pieces)


def test_the_beginning_of_a_stop_is_held_back_until_it_is_none():
    pieces, writing = written("a STOX b STOP c", ["STOP"])

    assert "".join(pieces) == writing.text == "a STOX b "
    assert writing.is_stopped
