"""Settings of models, at an older place."""

from smalt.flows.llm.models import AzureOpenAIModelConfiguration, ModelConfiguration, OpenAIModelConfiguration

__all__ = ["AzureOpenAIModelConfiguration", "ModelConfiguration", "OpenAIModelConfiguration"]
