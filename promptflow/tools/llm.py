"""A model behind any connection."""

from smalt.flows.tools.builtin.models import llm

__all__ = ["llm"]
