"""Lines of training data: conversations, or texts with what is to follow. Standard library only."""

from __future__ import annotations

import json
import os

from smalt.runtime.language.options import CannotTrain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_ROLES = frozenset({"system", "user", "assistant", "tool"})
_MOST_TOLD = 5


def file_in(path: str) -> str:
    """A file, or the only file with lines in a folder."""
    if os.path.isfile(path):
        return path
    found = sorted(
        os.path.join(path, name) for name in os.listdir(path) if name.endswith((".jsonl", ".json", ".ndjson"))
    )
    if len(found) != 1:
        raise CannotTrain(f"{path} holds {len(found)} files of lines (.jsonl). Name the file.")
    return found[0]


def lines(path: str) -> Iterator[tuple[int, Any]]:
    """The documents of a file, with the numbers of their lines.

    Raises:
        CannotTrain: A line is no JSON object.
    """
    with open(file_in(path), encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                document = json.loads(line)
            except ValueError:
                document = None
            if not isinstance(document, dict):
                raise CannotTrain(f"Line {number} of {os.path.basename(path)} is no JSON object. Write one a line.")
            yield number, document


def check(path: str, task: str, *, text_key: str | None, ground_truth_key: str | None) -> int:
    """How many lines a file has, all of which can be trained with.

    Raises:
        CannotTrain: Some cannot; the message names the first ones.
    """
    wrong: list[str] = []
    count = 0
    for number, document in lines(path):
        count += 1
        reason = _wrong_chat(document) if task == "chat_completion" else _wrong_text(document, text_key)
        if reason is None and task != "chat_completion" and ground_truth_key:
            reason = _wrong_text(document, ground_truth_key)
        if reason is not None:
            wrong.append(f"line {number}: {reason}")
    if not count:
        raise CannotTrain(f"{path} has no lines. Write one JSON object a line.")
    if wrong:
        more = f" (and {len(wrong) - _MOST_TOLD} more)" if len(wrong) > _MOST_TOLD else ""
        raise CannotTrain(f"{os.path.basename(path)} cannot be trained with. {'; '.join(wrong[:_MOST_TOLD])}{more}.")
    return count


def _wrong_chat(document: dict[str, Any]) -> str | None:
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        return "no `messages`"
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            return f"a message whose role is none of {', '.join(sorted(_ROLES))}"
        if not isinstance(message.get("content"), str) and not message.get("tool_calls"):
            return "a message without text"
    if not any(message["role"] == "assistant" for message in messages):
        return "no message of the assistant, so nothing to learn"
    return None


def _wrong_text(document: dict[str, Any], key: str | None) -> str | None:
    if not key:
        return "nobody said in which column the text is (text_key)"
    return None if isinstance(document.get(key), str) else f"no text in {key!r}"
