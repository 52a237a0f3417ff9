"""AutoML jobs: a search for a good model, whose trials are ordinary child jobs."""

from smalt.server.automl.kind import AutoMLKind

__all__ = ["AutoMLKind"]
