"""Open models behind an endpoint."""

from smalt.flows.tools.builtin.open_model import API, OpenModelLLM

__all__ = ["API", "OpenModelLLM"]
