"""How many tokens a prompt takes: counted by `tiktoken` where it is installed, otherwise estimated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PER_MESSAGE = 3
_CHARACTERS = 4


def estimate(prompt: Any, model: str | None) -> int:  # Any: messages or text
    """About how many tokens a prompt takes."""
    count = _counter(model)
    if isinstance(prompt, str):
        return count(prompt)
    total: int = _PER_MESSAGE
    for message in prompt:
        total += _PER_MESSAGE + ("name" in message)
        for value in message.values():
            if isinstance(value, str):
                total += count(value)
            elif isinstance(value, list):
                total += sum(count(item.get("text", "")) for item in value if isinstance(item, dict))
    return total


def _counter(model: str | None) -> Callable[[str], int]:
    try:
        import tiktoken

        encoding = tiktoken.encoding_for_model(model or "gpt-4")
    except Exception:
        # Not installed, an unknown model, or an encoding that would have to be downloaded.
        return lambda text: -(-len(text) // _CHARACTERS)
    return lambda text: len(encoding.encode(text))
