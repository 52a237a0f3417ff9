from promptflow.core import tool


@tool
def tidy(text: str) -> str:
    """Put the words of a name in order."""
    return " ".join(text.split()).title()
