"""Models of Azure OpenAI."""

from smalt.flows.tools.builtin.models import AzureOpenAI
from smalt.flows.tools.builtin.models import azure_chat as chat
from smalt.flows.tools.builtin.models import azure_completion as completion

__all__ = ["AzureOpenAI", "chat", "completion"]
