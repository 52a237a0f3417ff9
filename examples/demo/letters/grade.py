from promptflow.core import tool


@tool
def grade(verdict: str, truth: str) -> str:
    """Whether the endpoint was right, where the truth is known."""
    if not truth:
        return "unknown"
    return "right" if verdict == truth else "wrong"
