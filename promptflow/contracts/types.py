"""Types with which tools say what an input is."""

from smalt.flows.tools.types import AssistantDefinition, AttrDict, FilePath, PromptTemplate, Secret

__all__ = ["AssistantDefinition", "AttrDict", "FilePath", "PromptTemplate", "Secret"]
