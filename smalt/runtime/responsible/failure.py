"""What is wrong with what a step was given."""


class AnalysisError(Exception):
    """An analysis cannot be done; the message says why, and what to do."""
