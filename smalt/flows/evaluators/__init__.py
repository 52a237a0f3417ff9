"""Evaluators: flows that judge the answers of other flows.

Each is a class that works as a flow by itself (`--flow smalt.flows.evaluators:F1`), takes the columns it names, and
gives the mean of its scores as metrics. Those that ask a model take `connection` and `model`; without, the model that
ships answers, which only knows likeness of words.
"""

from smalt.flows.evaluators.judged import QA, Coherence, Fluency, Groundedness, Relevance, Retrieval, Similarity
from smalt.flows.evaluators.safety import Safety
from smalt.flows.evaluators.text import F1, Bleu, ExactMatch, Gleu, Meteor, Rouge

__all__ = [
    "F1",
    "QA",
    "Bleu",
    "Coherence",
    "ExactMatch",
    "Fluency",
    "Gleu",
    "Groundedness",
    "Meteor",
    "Relevance",
    "Retrieval",
    "Rouge",
    "Safety",
    "Similarity",
]
