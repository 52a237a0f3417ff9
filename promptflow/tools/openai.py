"""Models of OpenAI."""

from smalt.flows.tools.builtin.models import OpenAI
from smalt.flows.tools.builtin.models import open_ai_chat as chat
from smalt.flows.tools.builtin.models import open_ai_completion as completion

__all__ = ["OpenAI", "chat", "completion"]
