from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import smalt.flows
from smalt.flows import errors
from smalt.flows.connections import AzureOpenAIConnection, Connection, CustomConnection, OpenAIConnection
from tests.flows.models import ModelService, model_service
from tests.flows.writing import TOOL, dag, line, prompt_node, python_node

OPENAI_SEES = "promptflow.tools.openai_gpt4v.OpenAI.chat"


@pytest.fixture
def service() -> Iterator[ModelService]:
    with model_service() as running:
        yield running


def connections(service: ModelService) -> dict[str, Connection]:
    return {
        "azure": AzureOpenAIConnection(name="azure", api_key="k", api_base=service.url),
        "openai": OpenAIConnection(name="openai", api_key="k", base_url=service.url + "/v1"),
        "custom": CustomConnection(name="custom"),
    }


def llm_node(name: str, connection: str = "azure", api: str = "chat", **inputs: Any) -> dict[str, Any]:
    model = {"deployment_name": "gpt"} if connection == "azure" else {"model": "gpt"}
    return {
        "name": name, "type": "llm", "source": {"type": "code", "path": "ask.jinja2"}, "connection": connection,
        "api": api, "inputs": model | inputs,
    }  # fmt: skip


def flow(folder: Path, service: ModelService, *nodes: dict[str, Any], **more: Any) -> smalt.flows.Flow:
    files = {"ask.jinja2": "user:\n{{q}}\n", "t.py": TOOL + "def t(x):\n    return x\n"} | more.pop("files", {})
    dag(folder, list(nodes), files, inputs={"q": "string"}, **{"outputs": {"a": "${ask.output}"}, **more})
    return smalt.flows.load(folder, connections=connections(service))


def test_a_chat_node_sends_what_prompt_flow_sends(tmp_path: Path, service: ModelService) -> None:
    with flow(tmp_path, service, llm_node("ask", max_tokens="12", temperature=0, stop="", q="${inputs.q}")) as loaded:
        result = line(loaded, q="Hi?")

    assert result.output == {"a": "said Hi?"}
    assert (result.tokens.prompt, result.tokens.completion, result.tokens.total) == (3, 2, 5)
    assert service.calls[0]["path"].startswith("/openai/deployments/gpt/chat/completions?api-version=")
    assert service.calls[0]["body"] == {
        "model": "gpt", "messages": [{"role": "user", "content": "Hi?"}], "stream": False, "temperature": 0.0,
        "top_p": 1.0, "n": 1, "max_tokens": 12,
    }  # fmt: skip


def test_a_completion_node_sends_all_of_its_parameters(tmp_path: Path, service: ModelService) -> None:
    service.answers.append((200, {}, {"choices": [{"text": "done"}]}))

    with flow(tmp_path, service, llm_node("ask", "openai", "completion", q="${inputs.q}")) as loaded:
        assert line(loaded, q="Hi?").output == {"a": "done"}

    assert service.calls[0]["body"]["prompt"] == "user:\nHi?\n"
    assert service.calls[0]["body"]["best_of"] == 1
    assert service.calls[0]["body"]["presence_penalty"] is None


def test_an_input_called_prompt_takes_the_place_of_the_template(tmp_path: Path, service: ModelService) -> None:
    nodes = [prompt_node("text", "p.jinja2", q="${inputs.q}"), llm_node("ask", prompt="${text.output}")]
    with flow(tmp_path, service, *nodes, files={"p.jinja2": "system:\nS\nuser:\n{{q}}"}) as loaded:
        line(loaded, q="x\nsystem:\ny")

    sent = service.calls[0]["body"]["messages"]
    assert sent == [{"role": "system", "content": "S"}, {"role": "user", "content": "x\nsystem:\ny"}]


def test_only_a_node_that_nobody_else_reads_streams(tmp_path: Path, service: ModelService) -> None:
    reader = python_node("reader", "t.py", x="${inner.output}")
    nodes = [llm_node("ask", q="${inputs.q}"), llm_node("inner", q="${inputs.q}"), reader]

    async def talk() -> list[str]:
        result = await loaded.run_line({"q": "one two"}, allow_stream=True)
        return [piece async for piece in result.output["a"]]

    with flow(tmp_path, service, *nodes) as loaded:
        pieces = asyncio.run(talk())

    assert pieces == ["one ", "two "]
    assert sorted(call["body"]["stream"] for call in service.calls) == [False, True]


def test_an_answer_with_calls_is_the_whole_message(tmp_path: Path, service: ModelService) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    service.answers.append((200, {}, {"choices": [{"message": {"role": "assistant", "tool_calls": calls}}]}))

    with flow(tmp_path, service, llm_node("ask", q="${inputs.q}", tools=tools)) as loaded:
        message = line(loaded, q="go").output["a"]

    assert service.calls[0]["body"]["tool_choice"] == "auto"
    assert message["tool_calls"] == [{"id": "1", "function": {"arguments": "{}", "name": "f"}, "type": "function"}]
    assert message["content"] is None


def test_the_models_refusal_fails_the_node_by_name(tmp_path: Path, service: ModelService) -> None:
    service.answers.append((401, {}, {"error": {"message": "bad key"}}))

    with flow(tmp_path, service, llm_node("ask", q="${inputs.q}")) as loaded:
        error = line(loaded, q="go").error

    assert error is not None
    assert (error.type, error.node) == ("WrappedOpenAIError", "ask")
    assert "bad key" in error.message


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (llm_node("ask", "gone", q="x"), "gone"),
        (llm_node("ask", "custom", q="x"), "InvalidConnectionType"),
        (llm_node("ask", api="compute", q="x"), "APINotFound"),
    ],
)
def test_nodes_that_cannot_ask_are_refused_when_loaded(
    tmp_path: Path, service: ModelService, node: dict[str, Any], words: str
) -> None:
    with pytest.raises(errors.ResolveToolError, match=words):
        flow(tmp_path, service, node)


def test_a_variable_named_as_a_parameter_is_refused(tmp_path: Path, service: ModelService) -> None:
    with pytest.raises(errors.ResolveToolError, match="seed"):
        flow(tmp_path, service, llm_node("ask"), files={"ask.jinja2": "user:\n{{seed}}"})


def test_another_connection_and_deployment_can_be_named_for_a_run(tmp_path: Path, service: ModelService) -> None:
    flow(tmp_path, service, llm_node("ask", q="${inputs.q}")).close()
    other = {"ask": {"connection": "openai", "model": "other"}}

    with smalt.flows.load(tmp_path, connections=connections(service), node_connections=other) as loaded:
        line(loaded, q="x")

    assert service.calls[0]["body"]["model"] == "other"


def test_built_in_tools_ask_the_same_way(tmp_path: Path, service: ModelService) -> None:
    code = (
        "from promptflow.connections import AzureOpenAIConnection\nfrom promptflow.tools.aoai import chat\n"
        + TOOL + "def t(c: AzureOpenAIConnection, q: str):\n"
        "    return chat(c, prompt='user:\\n{{q}}', deployment_name='gpt', max_tokens=9, q=q)\n"
    )  # fmt: skip
    node = python_node("ask", "t2.py", c="azure", q="${inputs.q}")

    with flow(tmp_path, service, node, files={"t2.py": code}) as loaded:
        assert line(loaded, q="hey").output == {"a": "said hey"}

    assert service.calls[0]["body"]["max_tokens"] == 9


def test_the_echo_model_needs_no_connection_of_ones_own(tmp_path: Path) -> None:
    dag(tmp_path, [llm_node("ask", "echo", q="hello")], {"ask.jinja2": "user:\n{{q}}"}, outputs={"a": "${ask.output}"})

    assert "hello" in line(tmp_path).output["a"]


def test_a_vision_node_puts_images_where_the_prompt_says(tmp_path: Path, service: ModelService) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    node = {
        "name": "ask", "type": "custom_llm",
        "source": {"type": "package_with_prompt", "tool": OPENAI_SEES, "path": "see.jinja2"},
        "inputs": {
            "connection": "openai", "model": "sees", "max_tokens": "8", "picture": "logo.png", "q": "${inputs.q}",
        },
    }  # fmt: skip
    files = {"see.jinja2": "user:\n{{q}}\n![image]({{picture}})"}

    with flow(tmp_path, service, node, files=files) as loaded:
        line(loaded, q="what?")

    body = service.calls[0]["body"]
    assert (body["model"], body["max_tokens"], body["n"]) == ("sees", 8, 1)
    assert [part["type"] for part in body["messages"][0]["content"]] == ["text", "image_url"]
    assert body["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
