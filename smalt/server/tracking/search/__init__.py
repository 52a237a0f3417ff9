"""MLflow's filter and order grammar, and what it becomes: SQL for rows of ours, a predicate for entities of others."""

from smalt.server.tracking.search.grammar import Comparison, Order, parse_filter, parse_order
from smalt.server.tracking.search.nouns import EXPERIMENTS, LOGGED_MODELS, MODELS, RUNS, TRACES, VERSIONS, Kind, Noun

__all__ = [
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODELS",
    "RUNS",
    "TRACES",
    "VERSIONS",
    "Comparison",
    "Kind",
    "Noun",
    "Order",
    "parse_filter",
    "parse_order",
]
