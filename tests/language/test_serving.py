"""Language models are asked by the protocols of OpenAI and of the model inference API."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.language.models import language_python, make_models, variables
from tests.runtime.scorer.instance import Instance, Reply

QUESTION = [{"role": "user", "content": "Hello"}]
CHAT, TEXT, EMBEDDINGS = "/chat/completions", "/completions", "/embeddings"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_models(tmp_path_factory.mktemp("language-models"))


def started(folder: Path, model: Path) -> Instance:
    instance = Instance(
        folder, python=language_python(), loader="language", model_dir=str(model), concurrency_per_worker=16
    )
    instance.variables = variables()
    return instance


@pytest.fixture(scope="module")
def chat(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with started(tmp_path_factory.mktemp("chat"), models / "chat") as instance:
        yield instance


def asked(instance: Instance, text: str, **options: Any) -> Reply:
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": 16, "temperature": 0, **options}
    return instance.ask(body, path=CHAT)


def events(reply: Reply) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in reply.body.decode().split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_an_answer_tells_what_it_took(chat):
    reply = asked(chat, "Hello")

    usage = reply.json["usage"]
    assert usage["completion_tokens"] == 16
    assert usage["total_tokens"] == usage["prompt_tokens"] + 16 == int(reply.headers["x-smalt-tokens"])
    assert reply.json["choices"][0]["finish_reason"] == "length"


def test_answers_that_are_written_together_are_those_that_each_gets_alone(chat):
    questions = ["Hello " * (number + 1) for number in range(8)]

    def answers(text: str) -> Any:
        return asked(chat, text, max_tokens=8 + len(text)).json["choices"]

    alone = [answers(each) for each in questions]

    with ThreadPoolExecutor(8) as threads:
        together = list(
            threads.map(lambda each: asked(chat, each, max_tokens=8 + len(each)).json["choices"], questions)
        )

    assert together == alone


def test_a_stream_is_the_answer_in_pieces(chat):
    whole = asked(chat, "Hello").json["choices"][0]["message"]["content"]

    found = events(asked(chat, "Hello", stream=True, stream_options={"include_usage": True}))

    pieces = [each["choices"][0]["delta"].get("content", "") for each in found if each["choices"]]
    assert "".join(pieces) == whole
    assert found[-1]["usage"]["completion_tokens"] == 16


def test_a_seed_gives_the_same_answer_again(chat):
    first, again, other = (
        asked(chat, "Hello", temperature=1, seed=seed).json["choices"][0]["message"]["content"] for seed in (1, 1, 2)
    )

    assert first == again != other


def test_a_stop_ends_an_answer_and_is_no_part_of_it(chat):
    whole = asked(chat, "Hello").json["choices"][0]["message"]["content"]
    stop = whole[6:8]

    choice = asked(chat, "Hello", stop=[stop]).json["choices"][0]

    assert choice["message"]["content"] == whole.partition(stop)[0]
    assert choice["finish_reason"] == "stop"


def test_several_answers_to_one_question(chat):
    choices = asked(chat, "Hello", n=3, temperature=1, seed=5).json["choices"]

    assert [each["index"] for each in choices] == [0, 1, 2]
    assert len({each["message"]["content"] for each in choices}) == 3


def test_json_mode_writes_what_can_become_json(chat):
    reply = asked(chat, "Hello", response_format={"type": "json_object"}, temperature=1, seed=3, max_tokens=40)

    assert reply.json["choices"][0]["message"]["content"].lstrip().startswith("{")


@pytest.mark.parametrize(
    ("options", "status", "parameter"),
    [
        ({"logprobs": True}, 422, "logprobs"),
        ({"invented": 1}, 422, "invented"),
        ({"temperature": 3}, 422, "temperature"),
        ({"response_format": {"type": "json_schema"}}, 422, "response_format"),
        ({"tool_choice": "required"}, 422, "tool_choice"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 4000}]}, 400, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 422, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, 404, "messages"),
    ],
)
def test_what_the_model_does_not_take_is_refused_by_name(chat, options, status, parameter):
    reply = asked(chat, "Hello", **options)

    assert reply.status == status
    assert reply.json["status"] == status
    assert reply.json["detail"]["loc"] == ["body", parameter]
    assert reply.json["error"]["param"] == parameter


def test_unknown_parameters_are_dropped_where_that_is_asked_for(chat):
    body = {"messages": QUESTION, "max_tokens": 2, "invented": 1}

    dropped = chat.ask(body, path=CHAT, headers={"extra-parameters": "drop"})
    of_openai = chat.ask(body, path="/v1" + CHAT)

    assert (dropped.status, of_openai.status) == (200, 200)


def test_tools_reach_the_chat_template(chat):
    tool = {"type": "function", "function": {"name": "add", "parameters": {}}}

    with_tools = asked(chat, "Hello", tools=[tool]).json["usage"]["prompt_tokens"]

    assert with_tools > asked(chat, "Hello").json["usage"]["prompt_tokens"]


def test_bodies_of_catalog_deployments_are_answered_at_score(chat):
    parameters = {"max_new_tokens": 16, "do_sample": False}

    reply = chat.ask({"input_data": {"input_string": QUESTION, "parameters": parameters}})

    assert reply.json == {"output": asked(chat, "Hello").json["choices"][0]["message"]["content"]}


def test_a_model_says_what_it_is(chat):
    assert chat.ask(method="GET", path="/info").json["model_type"] == "chat_completion"
    assert chat.ask(method="GET", path="/v1/models").json["data"][0]["id"] == "chat"
    assert chat.ask({"input": "x"}, path=EMBEDDINGS).status == 404


def test_a_model_with_a_window_is_served_row_by_row(models, tmp_path):
    with started(tmp_path, models / "windowed") as instance:
        alone = asked(instance, "Hello", max_tokens=24).json["choices"]
        with ThreadPoolExecutor(3) as threads:
            together = list(threads.map(lambda _: asked(instance, "Hello", max_tokens=24).json["choices"], range(3)))

    assert together == [alone] * 3


def test_a_model_without_a_chat_template_goes_on_with_texts(models, tmp_path):
    with started(tmp_path, models / "text") as instance:
        found = instance.ask({"prompt": ["Hello", "How are"], "max_tokens": 5, "temperature": 0}, path=TEXT).json
        chat = instance.ask({"messages": QUESTION}, path=CHAT)

    assert [each["index"] for each in found["choices"]] == [0, 1]
    assert found["usage"]["completion_tokens"] == 10
    assert (chat.status, chat.json["code"]) == (404, "modality_not_supported")


def test_vectors_are_of_length_one_where_the_model_says_so(models, tmp_path):
    with started(tmp_path, models / "vectors") as instance:
        plain = instance.ask({"input": ["Hello", "How are you today"]}, path=EMBEDDINGS).json
        packed = instance.ask({"input": "Hello", "encoding_format": "base64"}, path="/v1" + EMBEDDINGS).json

    first = plain["data"][0]["embedding"]
    assert sum(each * each for each in first) == pytest.approx(1, abs=1e-5)
    unpacked = struct.unpack(f"<{len(first)}f", base64.b64decode(packed["data"][0]["embedding"]))
    assert list(unpacked) == pytest.approx(first, abs=1e-5)


def test_a_folder_without_a_model_says_what_is_missing(tmp_path):
    (tmp_path / "empty").mkdir()
    instance = started(tmp_path, tmp_path / "empty")
    instance.launch()

    instance.wait()

    assert "neither MLmodel nor config.json" in instance.log
