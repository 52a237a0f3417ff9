"""Text as a vector."""

from smalt.flows.tools.builtin.embed import EmbeddingModel, embedding

__all__ = ["EmbeddingModel", "embedding"]
