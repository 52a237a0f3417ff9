"""Chats about images by OpenAI."""

from smalt.flows.tools.builtin.vision import OpenAI

__all__ = ["OpenAI"]
