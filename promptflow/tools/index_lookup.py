"""Look-up in an index on this machine."""

from smalt.flows.tools.builtin.index import build, search

__all__ = ["build", "search"]
