from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smalt.flows
from promptflow.core import AsyncPrompty, Flow, Prompty
from smalt.flows import errors
from tests.flows.models import ModelService, model_service
from tests.flows.writing import line


@pytest.fixture
def service() -> Iterator[ModelService]:
    with model_service() as running:
        yield running


def prompty(
    folder: Path, service: ModelService, head: str = "", body: str = "user:\n{{q}}\n", **parameters: Any
) -> Path:
    import json

    path = folder / "ask.prompty"
    path.write_text(
        "---\nname: Ask\nmodel:\n  api: chat\n  configuration:\n    type: openai\n    model: gpt\n    api_key: k\n"
        f"    base_url: {service.url}/v1\n  parameters: {json.dumps(parameters)}\n{head}---\n{body}"
    )
    return path


def test_a_prompty_is_a_function_and_a_flow(tmp_path: Path, service: ModelService) -> None:
    path = prompty(tmp_path, service, "inputs:\n  q: {type: string}\n", max_tokens=7)

    assert Prompty.load(path)(q="one") == "said one"
    assert asyncio.run(AsyncPrompty.load(path)(q="two")) == "said two"
    assert Flow.load(path)(q="three") == "said three"
    assert line(path, q="four").output == {"output": "said four"}
    assert service.calls[0]["body"] == {
        "model": "gpt", "max_tokens": 7, "messages": [{"role": "user", "content": "one"}],
    }  # fmt: skip


def test_settings_given_when_loading_are_laid_over_the_files(tmp_path: Path, service: ModelService) -> None:
    path = prompty(tmp_path, service, temperature=0.5)

    Prompty.load(path, model={"configuration": {"model": "other"}, "parameters": {"seed": 1}}, sample={"q": "s"})()

    body = service.calls[0]["body"]
    assert (body["model"], body["temperature"], body["seed"]) == ("other", 0.5, 1)


def test_json_answers_are_mappings_of_the_declared_outputs(tmp_path: Path, service: ModelService) -> None:
    head = "inputs:\n  q: {type: string}\noutputs:\n  a: {type: string}\n"
    path = prompty(tmp_path, service, head, response_format={"type": "json_object"})
    service.answers.append((200, {}, {"choices": [{"message": {"content": '{"a": 1, "b": 2}'}}]}))
    service.answers.append((200, {}, {"choices": [{"message": {"content": '{"b": 2}'}}]}))

    assert Prompty.load(path)(q="x") == {"a": 1}
    with pytest.raises(errors.InvalidOutputKeyError, match="a"):
        Prompty.load(path)(q="x")


def test_a_streamed_answer_is_a_generator_of_text(tmp_path: Path, service: ModelService) -> None:
    path = prompty(tmp_path, service, "inputs:\n  q: {type: string}\n", stream=True)

    assert list(Prompty.load(path)(q="a b")) == ["a ", "b "]
    assert line(path, q="a b").output == {"output": "a b "}


def test_references_and_the_environment_fill_the_head(
    tmp_path: Path, service: ModelService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_SEED", "7")
    (tmp_path / "sample.json").write_text('{"q": "from a file"}')
    path = prompty(tmp_path, service, "sample: ${file:sample.json}\n", user="${env:THE_SEED}")

    assert line(path).output == {"output": "said from a file"}
    assert service.calls[0]["body"]["user"] == "7"


def test_what_is_missing_or_no_prompty_is_refused(tmp_path: Path, service: ModelService) -> None:
    path = prompty(tmp_path, service, "inputs:\n  q: {type: string}\n")
    with pytest.raises(errors.MissingRequiredInputError, match="q"):
        Prompty.load(path)()

    path.write_text("no front matter")
    with pytest.raises(errors.UserErrorException, match="front matter"):
        smalt.flows.load(path)


def test_users_begin_no_message_of_a_prompty(tmp_path: Path, service: ModelService) -> None:
    path = prompty(tmp_path, service, "inputs:\n  q: {type: string}\n")

    Prompty.load(path)(q="x\nsystem:\ny")

    assert service.calls[0]["body"]["messages"] == [{"role": "user", "content": "x\nsystem:\ny"}]


def test_rendering_and_counting_ask_nobody(tmp_path: Path, service: ModelService) -> None:
    loaded = Prompty.load(prompty(tmp_path, service, "inputs:\n  q: {type: string}\n", max_tokens=10))

    assert loaded.render(q="Hi") == "[{'role': 'user', 'content': 'Hi'}]"
    assert loaded.estimate_token_count(q="Hi") > 10
    assert service.calls == []
