from promptflow.core import tool


@tool
def grade(prediction: str, truth: str) -> str:
    """Whether a prediction is right."""
    return "right" if prediction.strip().lower() == truth.strip().lower() else "wrong"
