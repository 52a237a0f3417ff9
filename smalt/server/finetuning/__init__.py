"""Fine-tuning of language models: jobs that train a base model further, and the components that they are made of."""

from smalt.server.finetuning.components import find_component
from smalt.server.finetuning.kind import FineTuningKind

__all__ = ["FineTuningKind", "find_component"]
