"""The functions of an assistant."""

from smalt.flows.assistants import AssistantToolInvoker

__all__ = ["AssistantToolInvoker"]
