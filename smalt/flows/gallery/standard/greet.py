from promptflow.core import tool


@tool
def greet(sentence: str) -> str:
    """End a sentence as greetings end."""
    return sentence.strip() + "!"
