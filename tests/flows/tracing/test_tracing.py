from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import smalt.flows
from smalt.flows.connections import OpenAIConnection
from smalt.flows.tracing import export, spans, trace
from smalt.flows.tracing.of_lines import spans_of
from smalt.flows.tracing.span import Span
from tests.flows.models import ModelService, model_service
from tests.flows.writing import dag, line, python_node


@pytest.fixture
def service() -> Iterator[ModelService]:
    with model_service() as running:
        yield running


def test_traced_functions_stand_under_the_node_that_called_them(tmp_path: Path) -> None:
    tool = (
        "from promptflow.core import tool\nfrom promptflow.tracing import trace\n\n"
        "@trace\ndef inner(x):\n    return x + 1\n"
        "\n@trace\ndef outer(x):\n    return inner(x)\n\n@tool\ndef t(x: int):\n    return outer(x)\n"
    )
    folder = dag(tmp_path, [python_node("n", "t.py", x=1)], {"t.py": tool}, outputs={"o": "${n.output}"})

    made = list(spans_of("flow", line(folder)))

    tree = [(span.name, span.kind, span.parent.name if span.parent else None) for span in made]
    assert tree == [
        ("flow", "Flow", None),
        ("n", "Tool", "flow"),
        ("outer", "Function", "n"),
        ("inner", "Function", "outer"),
    ]
    assert (made[3].inputs, made[3].output) == ({"x": 1}, 2)
    assert len({span.trace_id for span in made}) == 1


def test_a_call_of_the_openai_package_is_a_span_with_genai_attributes(tmp_path: Path, service: ModelService) -> None:
    tool = (
        "from promptflow.core import tool\n\n@tool\ndef t(url: str):\n    from openai import OpenAI\n"
        "    client = OpenAI(api_key='k', base_url=url)\n"
        "    with client:\n"
        "        return client.chat.completions.create(model='gpt', temperature=0.5, "
        "messages=[{'role': 'user', 'content': 'hi'}]).choices[0].message.content\n"
    )
    node = python_node("n", "t.py", url=service.url + "/v1")
    service.answers.append((200, {}, {
        "id": "1", "object": "chat.completion", "created": 1, "model": "gpt-x",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }))  # fmt: skip

    result = line(dag(tmp_path, [node], {"t.py": tool}, outputs={"o": "${n.output}"}))

    span = result.nodes["n"].spans[0]
    assert result.output == {"o": "yes"}
    assert (span.name, span.kind) == ("chat gpt", "LLM")
    assert span.attributes["gen_ai.request.temperature"] == 0.5
    assert span.attributes["gen_ai.response.model"] == "gpt-x"
    assert span.attributes["gen_ai.usage.input_tokens"] == 3
    assert result.tokens.total == 5


def test_lines_are_sent_as_otlp_json_without_secrets(
    tmp_path: Path, service: ModelService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", service.url)
    tool = (
        "from promptflow.core import tool\nfrom promptflow.connections import OpenAIConnection\n\n@tool\n"
        "def t(c: OpenAIConnection):\n    return 'ok'\n"
    )
    folder = dag(tmp_path, [python_node("n", "t.py", c="mine")], {"t.py": tool}, outputs={"o": "${n.output}"})
    secret = OpenAIConnection(name="mine", api_key="the-secret", base_url="http://x")

    with smalt.flows.load(folder, connections={"mine": secret}) as flow:
        line(flow)
    export.flush()

    call = service.calls[0]
    sent = call["body"]["resourceSpans"][0]["scopeSpans"][0]["spans"]
    attributes = {item["key"]: item["value"] for item in sent[1]["attributes"]}
    assert call["path"] == "/v1/traces"
    assert [span["name"] for span in sent][1:] == ["n"]
    assert sent[1]["parentSpanId"] == sent[0]["spanId"]
    assert attributes["span_type"] == {"stringValue": "Tool"}
    assert "the-secret" not in json.dumps(call["body"])


def test_functions_outside_of_flows_are_traced_once_tracing_has_started() -> None:
    seen: list[Span] = []

    @trace
    def work(x: int) -> int:
        return x * 2

    work(1)
    spans.export_to(seen.append)
    try:
        work(4)
        with pytest.raises(TypeError):
            work(None)  # type: ignore[arg-type]  # to fail
    finally:
        spans.export_to(None)

    assert [(span.name.rpartition(".")[2], span.output) for span in seen] == [("work", 8), ("work", None)]
    assert isinstance(seen[1].error, TypeError)
