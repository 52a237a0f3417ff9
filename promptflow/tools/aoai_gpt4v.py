"""Chats about images by Azure OpenAI."""

from smalt.flows.tools.builtin.vision import AzureOpenAI

__all__ = ["AzureOpenAI"]
