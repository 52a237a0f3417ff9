"""Chats about images."""

from smalt.flows.tools.builtin.vision import llm_vision

__all__ = ["llm_vision"]
