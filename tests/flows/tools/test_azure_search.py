"""Look-up in Azure AI Search and ranking anew, against a service that answers as it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smalt.flows.connections import CognitiveSearchConnection, EchoConnection, LocalConnections, ServerlessConnection
from smalt.flows.errors import UserErrorException
from smalt.flows.tools.builtin.index import search
from smalt.flows.tools.builtin.rerank import SCORE, rerank
from tests.flows.models import ModelService, model_service
from tests.flows.writing import dag, line

MLINDEX = """
embeddings:
  connection: {id: echo}
  kind: open_ai
  model: m
index:
  api_version: 2023-07-01-preview
  connection:
    id: /subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/connections/search
  endpoint: %s
  field_mapping: {content: content, embedding: contentVector, metadata: meta_json_string}
  index: products
  kind: acs
  semantic_configuration_name: mine
"""
ROW = {
    "@search.score": 1.5, "id": "7", "content": "tents", "contentVector": [0.1],
    "meta_json_string": '{"source": {"url": "u"}}', "title": "T",
}  # fmt: skip


@pytest.fixture
def service() -> Iterator[ModelService]:
    with model_service() as found:
        LocalConnections().put(CognitiveSearchConnection(name="search", api_key="the-key", api_base=found.url))
        yield found


def found_by(service: ModelService, query_type: str, answer: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    service.answers.append((200, {}, answer))
    passages = search("warm tents", mlindex_content=MLINDEX % service.url, top_k=2, query_type=query_type)
    return passages, service.calls[-1]


def test_words_are_looked_up_with_the_key_of_the_connection(service: ModelService) -> None:
    passages, call = found_by(service, "Keyword", {"value": [ROW]})

    assert call["path"] == "/indexes/products/docs/search?api-version=2023-11-01"
    assert call["headers"]["api-key"] == "the-key"
    assert call["body"] == {"top": 2, "search": "warm tents"}
    [passage] = passages
    assert (passage["text"], passage["score"], passage["metadata"]) == ("tents", 1.5, {"source": {"url": "u"}})
    assert passage["additional_fields"]["title"] == "T"
    assert "contentVector" not in passage["additional_fields"]


def test_vectors_come_from_the_connection_that_embedded_the_passages(service: ModelService) -> None:
    _, vector = found_by(service, "Vector", {"value": []})
    _, hybrid = found_by(service, "Hybrid (vector + keyword)", {"value": []})

    assert set(vector["body"]) == {"top", "vectorQueries"}
    [asked] = hybrid["body"]["vectorQueries"]
    assert (asked["kind"], asked["fields"], asked["k"], len(asked["vector"]) > 1) == (
        "vector",
        "contentVector",
        2,
        True,
    )
    assert hybrid["body"]["search"] == "warm tents"


def test_ranking_by_meaning_brings_captions_and_answers(service: ModelService) -> None:
    row = ROW | {"@search.captions": [{"text": "cap", "highlights": "<em>cap</em>"}]}
    answer = {"value": [row], "@search.answers": [{"key": "7", "text": "yes", "highlights": "", "score": 1}]}

    [passage], call = found_by(service, "Hybrid + semantic", answer)

    assert (call["body"]["queryType"], call["body"]["semanticConfiguration"]) == ("semantic", "mine")
    assert passage["metadata"]["captions"] == {"text": "cap", "highlights": "<em>cap</em>"}
    assert passage["metadata"]["answers"] == {"text": "yes", "highlights": ""}


def test_a_flow_looks_up_with_the_connections_that_it_was_given(tmp_path: Path, service: ModelService) -> None:
    import smalt.flows

    LocalConnections().delete("search")
    node = {
        "name": "find", "type": "python",
        "source": {"type": "package", "tool": "promptflow_vectordb.tool.common_index_lookup.search"},
        "inputs": {"queries": "${inputs.q}", "mlindex_content": MLINDEX % service.url, "query_type": "Keyword"},
    }  # fmt: skip
    folder = dag(tmp_path / "flow", [node], {}, inputs={"q": "string"}, outputs={"t": "${find.output[0].text}"})
    service.answers.append((200, {}, {"value": [ROW]}))
    given = CognitiveSearchConnection(name="search", api_key="other", api_base=service.url)

    with smalt.flows.load(folder, connections={"search": given, "echo": EchoConnection(name="echo")}) as flow:
        assert line(flow, q="tents").output == {"t": "tents"}
    assert service.calls[-1]["headers"]["api-key"] == "other"


def test_what_the_service_refuses_is_told_without_the_key(service: ModelService) -> None:
    service.answers.append((403, {}, {"error": {"message": "no access"}}))

    with pytest.raises(UserErrorException, match=r"refused the look-up in 'products': .*no access") as refused:
        search("q", mlindex_content=MLINDEX % service.url)
    assert "the-key" not in str(refused.value)
    LocalConnections().delete("search")
    with pytest.raises(UserErrorException, match="no connection 'search'"):
        search("q", mlindex_content=MLINDEX % service.url)


PASSAGES = [{"text": "red apples", "score": 3.0}, {"text": "green pears", "score": 1.0}]


@pytest.mark.parametrize(
    ("parameters", "first", "score"),
    [
        ({"ranker_type": "BM25"}, "green pears", None),
        ({"ranker_type": "Scaled Score Fusion"}, "red apples", 1 / (60 + 4 / 3)),
        ({"ranker_type": "Scaled Score Fusion", "ssf_rank_constant": 1}, "red apples", 1 / (1 + 4 / 3)),
    ],
)
def test_passages_are_ranked_anew(parameters: dict[str, Any], first: str, score: float | None) -> None:
    ranked = rerank(json.dumps(parameters), "pears", PASSAGES, top_k=1)

    assert [item["text"] for item in ranked] == [first]
    assert score is None or ranked[0]["additional_fields"][SCORE] == pytest.approx(score)
    assert "additional_fields" not in PASSAGES[0]


def test_a_model_ranks_passages(service: ModelService) -> None:
    LocalConnections().put(ServerlessConnection(name="ranker", api_key="k", api_base=service.url))
    results = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
    service.answers.append((200, {}, {"results": results}))

    parameters = {"ranker_type": "Serverless Deployment", "connection_id": "/workspaces/w/connections/ranker"}
    ranked = rerank(parameters, "pears", [[PASSAGES[0]], [PASSAGES[1]]])

    assert [item["text"] for item in ranked] == ["green pears", "red apples"]
    call = service.calls[-1]
    assert (call["path"], call["headers"]["Authorization"]) == ("/v1/rerank", "Bearer k")


def test_what_nobody_ranks_by_is_told() -> None:
    with pytest.raises(UserErrorException, match="Choose one of BM25"):
        rerank("none", "q", PASSAGES)
    with pytest.raises(UserErrorException, match="result_groups"):
        rerank("BM25", "q", "text")
