"""Scores from one to five that a model gives, each with the question it is asked."""

import math
import re
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, TypedDict

from smalt.flows.evaluators.base import Evaluator
from smalt.flows.evaluators.text import F1

if TYPE_CHECKING:
    from smalt.flows.providers import ChatProvider

_NUMBER = re.compile(r"[1-5](?:\.\d+)?")
_ASK = (
    "You judge answers. {what}\n"
    "Rate it from 1 to 5: 1 is not at all, 3 is partly, 5 is fully. Answer with the number alone."
)


class Judged(Evaluator):
    """A score that a model gives.

    Args:
        connection: The connection of the model.
        model: The model or deployment.
    """

    what: ClassVar[str] = ""

    def __init__(self, connection: str = "echo", model: str = "echo") -> None:
        self._connection, self._model = connection, model

    @cached_property
    def _provider(self) -> "ChatProvider":
        from smalt.flows.connections import LocalConnections
        from smalt.flows.providers import provider_for

        return provider_for(LocalConnections().get(self._connection), model=self._model)

    async def _judge(self, **texts: str) -> float:
        """The score for labelled texts; not a number where the model gives none."""
        from smalt.flows.providers import ChatRequest

        told = "\n".join(f"{label.replace('_', ' ')}: {' '.join(str(text).split())}" for label, text in texts.items())
        messages = [
            {"role": "system", "content": _ASK.format(what=self.what)},
            {"role": "user", "content": told},
        ]
        answer = await self._provider.complete(
            ChatRequest(self._model, {"messages": messages, "temperature": 0, "max_tokens": 16})
        )
        found = _NUMBER.search(answer.text)
        return float(found[0]) if found else math.nan


class GroundednessScore(TypedDict):
    """What `Groundedness` answers."""

    groundedness: float


class Groundedness(Judged):
    """Whether a response says only what its context says."""

    what = "Judge whether everything in the response is said by the context."

    async def __call__(self, *, response: str, context: str) -> GroundednessScore:
        """Judge one line."""
        return {"groundedness": await self._judge(context=context, response=response)}


class RelevanceScore(TypedDict):
    """What `Relevance` answers."""

    relevance: float


class Relevance(Judged):
    """Whether a response answers the question."""

    what = "Judge whether the response answers the question, by what the context says if there is one."

    async def __call__(self, *, response: str, query: str, context: str = "") -> RelevanceScore:
        """Judge one line."""
        return {
            "relevance": await self._judge(
                **({"context": context} if context else {}), question=query, response=response
            )
        }


class CoherenceScore(TypedDict):
    """What `Coherence` answers."""

    coherence: float


class Coherence(Judged):
    """Whether the sentences of a response hold together."""

    what = "Judge whether the sentences of the response hold together and read naturally."

    async def __call__(self, *, response: str, query: str) -> CoherenceScore:
        """Judge one line."""
        return {"coherence": await self._judge(question=query, response=response)}


class FluencyScore(TypedDict):
    """What `Fluency` answers."""

    fluency: float


class Fluency(Judged):
    """Whether a response is written well."""

    what = "Judge the grammar and the choice of words of the response, whatever it says."

    async def __call__(self, *, response: str, query: str = "") -> FluencyScore:
        """Judge one line."""
        return {"fluency": await self._judge(question=query, response=response)}


class SimilarityScore(TypedDict):
    """What `Similarity` answers."""

    similarity: float


class Similarity(Judged):
    """Whether a response means the same as the truth."""

    what = "Judge whether the response means the same as the ground truth."

    async def __call__(self, *, response: str, ground_truth: str, query: str = "") -> SimilarityScore:
        """Judge one line."""
        return {"similarity": await self._judge(question=query, ground_truth=ground_truth, response=response)}


class RetrievalScore(TypedDict):
    """What `Retrieval` answers."""

    retrieval: float


class Retrieval(Judged):
    """Whether what was looked up helps to answer the question."""

    what = "Judge whether the context helps to answer the question."

    async def __call__(self, *, query: str, context: str) -> RetrievalScore:
        """Judge one line."""
        return {"retrieval": await self._judge(question=query, context=context)}


class QAScores(TypedDict):
    """What `QA` answers."""

    groundedness: float
    relevance: float
    coherence: float
    fluency: float
    similarity: float
    f1_score: float


class QA(Evaluator):
    """All scores for questions with a context and a true answer."""

    def __init__(self, connection: str = "echo", model: str = "echo") -> None:
        self._groundedness = Groundedness(connection, model)
        self._relevance = Relevance(connection, model)
        self._coherence = Coherence(connection, model)
        self._fluency = Fluency(connection, model)
        self._similarity = Similarity(connection, model)

    async def __call__(self, *, query: str, response: str, context: str, ground_truth: str) -> QAScores:
        """Judge one line; the questions are asked side by side."""
        import asyncio

        groundedness, relevance, coherence, fluency, similarity = await asyncio.gather(
            self._groundedness(response=response, context=context),
            self._relevance(response=response, query=query, context=context),
            self._coherence(response=response, query=query),
            self._fluency(response=response, query=query),
            self._similarity(response=response, ground_truth=ground_truth, query=query),
        )
        exact = F1()(response=response, ground_truth=ground_truth)
        return {**groundedness, **relevance, **coherence, **fluency, **similarity, **exact}
