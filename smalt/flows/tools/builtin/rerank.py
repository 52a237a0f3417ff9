"""Ranking anew what look-ups have found: by words, by their scores, or by a model of a serverless endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from smalt.flows.errors import UserErrorException
from smalt.flows.tools.builtin import azure_search, web
from smalt.flows.tools.builtin.words import Words
from smalt.flows.tools.declare import tool

SCORE = "@promptflow_vectordb.reranker_score"
_RANK = 60

Found = Mapping[str, Any]  # Any: as a look-up answers
Groups = Sequence[Sequence[Found]]


class RerankFailed(UserErrorException):
    """There is no such way of ranking, or its service refused."""


@tool
def rerank(ranker_parameters: object, query: str, result_groups: object, top_k: int = 3) -> list[Any]:
    """The passages of one or several look-ups, best first; the new score stands among their `additional_fields`.

    Args:
        ranker_parameters: A mapping, or JSON of it: `ranker_type` is `BM25`, `Scaled Score Fusion` (with
            `ssf_rank_constant`) or `Serverless Deployment` (with `connection_id`, which ends with its name).
        query: What was looked for.
        result_groups: What a look-up answered, or a list of such answers.
        top_k: How many passages; all with a number below zero.

    Raises:
        RerankFailed: There is no such way of ranking, or the model refused.
    """
    parameters = _parameters(ranker_parameters)
    ways: dict[str, Callable[[Groups], list[tuple[Found, float]]]] = {
        "BM25": lambda groups: _by_words(query, groups),
        "Scaled Score Fusion": lambda groups: _fused(groups, int(parameters.get("ssf_rank_constant") or _RANK)),
        "Serverless Deployment": lambda groups: _by_model(query, groups, top_k, parameters.get("connection_id")),
    }
    wanted = str(parameters.get("ranker_type"))
    if wanted not in ways:
        raise RerankFailed(f"There is no ranker_type {wanted!r}. Choose one of {', '.join(ways)}.")
    groups = _groups(result_groups)
    if not top_k or not any(groups):
        return []
    ranked = sorted(ways[wanted](groups), key=lambda each: -each[1])
    return [_with_score(item, score) for item, score in (ranked[:top_k] if top_k > 0 else ranked)]


def _parameters(given: object) -> Found:
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        found = {"ranker_type": given}
    if not isinstance(found, Mapping):
        raise RerankFailed(f"'ranker_parameters' is {given!r:.80}. Write a mapping with 'ranker_type'.")
    return found


def _groups(given: object) -> Groups:
    if isinstance(given, list) and all(isinstance(item, Mapping) for item in given):
        return [given]
    if isinstance(given, list) and all(isinstance(group, list) for group in given):
        return given
    raise RerankFailed(f"'result_groups' is {given!r:.80}. Give what a look-up answered, or a list of that.")


def _by_words(query: str, groups: Groups) -> list[tuple[Found, float]]:
    items = [item for group in groups for item in group]
    scores = dict(Words([str(item.get("text")) for item in items]).ranked(query))
    return [(item, scores.get(place, 0.0)) for place, item in enumerate(items)]


def _fused(groups: Groups, constant: int) -> list[tuple[Found, float]]:
    """The share that a passage has in the scores of its group takes the place of a rank."""
    found = []
    for group in groups:
        total = sum(float(item["score"]) for item in group)
        for item in group:
            score = float(item["score"])
            found.append((item, 1 / (constant + total / score) if score else 0.0))
    return found


def _by_model(query: str, groups: Groups, top_k: int, connection_id: object) -> list[tuple[Found, float]]:
    items = [item for group in groups for item in group]
    connection = azure_search.named(connection_id)
    url = f"{str(connection['api_base']).rstrip('/').removesuffix('/v1')}/v1/rerank"
    body = {"query": query, "documents": [str(item.get("text")) for item in items]}
    try:
        answer = web.post(
            url, body | ({"top_n": top_k} if top_k > 0 else {}), {"Authorization": f"Bearer {connection['api_key']}"}
        )
    except web.ServiceFailed as error:
        raise RerankFailed(f"The model that ranks refused: {error}") from None
    return [(items[each["index"]], float(each["relevance_score"])) for each in answer["results"]]


def _with_score(item: Found, score: float) -> Found:
    return {**item, "additional_fields": {**(item.get("additional_fields") or {}), SCORE: score}}
