"""Web search."""

from smalt.flows.tools.builtin.search import Engine, SafeMode, SerpAPI, search

__all__ = ["Engine", "SafeMode", "SerpAPI", "search"]
