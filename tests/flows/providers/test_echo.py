"""The model that ships."""

from __future__ import annotations

import json

import pytest

from smalt.flows.providers import ChatRequest, InvalidConnectionType, Operation, provider_for


def ask(user: str, *, system: str = "", **body):
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": user})
    return provider_for(None, model="echo").complete_now(ChatRequest("echo", {"messages": messages, **body}))


def test_it_gives_back_what_it_was_told():
    assert ask("how  are\nyou").text == "how are you"


def test_it_picks_the_choice_that_shares_words_with_the_question():
    system = "Answer with one of: sports, cooking.\n- sports: football match goal\n- cooking: oven salt recipe"

    assert ask("Which recipe needs an oven?", system=system).text == "cooking"
    assert ask("Who scored the goal?", system=system).text == "sports"


def test_it_marks_likeness_from_one_to_five():
    def mark(answer: str) -> str:
        return ask(f"Rate from 1 to 5.\nground truth: Paris is the capital\nanswer: {answer}").text

    assert (mark("Paris is the capital"), mark("no idea")) == ("5", "1")


def test_it_fills_a_json_schema():
    schema = {"type": "object", "properties": {"label": {"enum": ["red", "blue"]}, "count": {"type": "integer"}}}

    found = ask("the blue one", response_format={"type": "json_schema", "json_schema": {"schema": schema}})

    assert json.loads(found.text) == {"label": "blue", "count": 1}


def test_it_calls_the_first_tool_once():
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"properties": {"city": {}}}}}

    call = ask("Oslo", tools=[tool]).message["tool_calls"][0]["function"]

    assert (call["name"], json.loads(call["arguments"])) == ("weather", {"city": "Oslo"})


def test_a_stream_is_the_same_answer_in_words():
    request = ChatRequest("echo", {"messages": [{"role": "user", "content": "one two three"}]})

    pieces = list(provider_for(None, model="echo").stream_now(request))

    assert [piece.text for piece in pieces if piece.text] == ["one ", "two ", "three"]
    assert pieces[-1].tokens is not None


def test_vectors_of_like_texts_are_near():
    texts = ["the cat sat on the mat", "a cat on a mat", "stock market prices"]
    first, near, far = (
        provider_for(None, model="echo")
        .complete_now(ChatRequest("echo", {"input": texts}, Operation.EMBEDDING))
        .embeddings
    )

    def likeness(one, other):
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert likeness(first, near) > likeness(first, far)


def test_another_model_needs_a_connection():
    with pytest.raises(InvalidConnectionType, match="'gpt'"):
        provider_for(None, model="gpt")
