"""Which cards are asked for, and how many there are of each kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from smalt.entities.catalog import ModelCard

SERVERLESS, MANAGED, ELSEWHERE = "serverless", "managed-compute", "hosted-elsewhere"
GENERATING = frozenset({"chat-completion", "text-generation"})
SERVED = GENERATING | {"embeddings"}

FACETS: Mapping[str, Callable[[ModelCard], Sequence[str]]] = {
    "registry": lambda card: [card.registry],
    "publisher": lambda card: [card.publisher] if card.publisher else [],
    "task": lambda card: card.inference_tasks,
    "fineTuningTask": lambda card: card.fine_tuning_tasks,
    "license": lambda card: [card.license] if card.license else [],
    "capability": lambda card: card.capabilities,
    "industry": lambda card: card.industries,
    "deployment": lambda card: deployments_of(card),
}
"""What cards are chosen by, under its name in the query."""


def deployments_of(card: ModelCard) -> list[str]:
    """The ways in which a model can be deployed."""
    if card.connection is not None:
        return [ELSEWHERE, SERVERLESS]
    if SERVED & set(card.inference_tasks):
        return [SERVERLESS, MANAGED]
    return [MANAGED] if card.inference_tasks else []


def chosen(cards: Iterable[ModelCard], search: str, wanted: Mapping[str, str]) -> list[ModelCard]:
    """The cards that have every word and, of each facet that is asked for, one of its values (`a,b`)."""
    words = search.lower().split()
    return [card for card in cards if _has(card, words) and all(_is(card, *each) for each in wanted.items())]


def counts(cards: Iterable[ModelCard]) -> dict[str, dict[str, int]]:
    """How many cards have each value of each facet."""
    listed = list(cards)
    return {
        facet: dict(sorted(Counter(value for card in listed for value in values(card)).items()))
        for facet, values in FACETS.items()
    }


def _has(card: ModelCard, words: Sequence[str]) -> bool:
    told = (card.name, card.display_name, card.summary, card.description, card.publisher, card.hugging_face_id)
    text = " ".join([*(each for each in told if each), *card.keywords, *card.inference_tasks, *card.capabilities])
    return all(word in text.lower() for word in words)


def _is(card: ModelCard, facet: str, wanted: str) -> bool:
    accepted = {value.strip().lower() for value in wanted.split(",")}
    return any(value.lower() in accepted for value in FACETS[facet](card))
