"""The functions of an assistant."""

from smalt.flows.dag.assistants import AssistantToolInvoker

__all__ = ["AssistantToolInvoker"]
