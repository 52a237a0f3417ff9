"""From the text of a prompt to the messages of a chat, byte for byte as prompt flow has always made them.

A line that holds nothing but `role:` begins a message. What comes from a user must not: role words in it are replaced
by random tokens before the text is parted, and put back afterwards, also when the text went through a prompt node.
"""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from smalt.flows.errors import (
    ChatAPIFunctionRoleInvalidFormat,
    ChatAPIInvalidRole,
    ChatAPIToolRoleInvalidFormat,
    JinjaTemplateError,
)
from smalt.flows.llm import templates

if TYPE_CHECKING:
    from smalt.flows.values.images import Image

ROLES = ("system", "user", "assistant", "function", "tool")
_SEPARATOR = r"(?i)^\s*#?\s*(" + "|".join(ROLES) + r")\s*:\s*\n"
_SPLIT = re.compile(_SEPARATOR, re.MULTILINE)
_NAME = re.compile(r"\n*#{0,2}\s*name\s*:\s*\n+\s*(\S+)\s*\n*#{0,2}\s*content\s*:\s*\n?(.*)", re.DOTALL)
_CALL_ID = re.compile(r"\n*#{0,2}\s*tool_call_id\s*:\s*\n+\s*(\S+)\s*\n*#{0,2}\s*content\s*:\s*\n?(.*)", re.DOTALL)
_CALLS = re.compile(r"\n*#{0,2}\s*tool_calls\s*:\s*\n+\s*(\[.*?\])", re.DOTALL)
_CALLS_TO_END = re.compile(_CALLS.pattern + r"\s*$", re.DOTALL)

Message = dict[str, Any]  # Any: the chat API's own
Escapes = dict[str, str]


class ChatInputList(list[Any]):
    """A list that a template writes as one item per line."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))


class PromptResult(str):
    """The text of a prompt node, together with the same text in which role words from users are escaped."""

    __slots__ = ("escaped", "escapes")

    def __new__(cls, text: str, escaped: str = "", escapes: Escapes | None = None) -> PromptResult:  # noqa: D102  # the class says it
        made = super().__new__(cls, text)
        made.escaped = escaped
        made.escapes = escapes or {}
        return made

    escaped: str
    escapes: Escapes

    @property
    def original_string(self) -> str:
        """The text alone."""
        return str(self)


def render_prompt(template: str, values: Mapping[str, Any], from_users: Collection[str] = ()) -> PromptResult:
    """What a prompt node answers.

    Raises:
        JinjaTemplateError: The template cannot be rendered.
    """
    plain = templates.render(template, dict(values))
    escapes = escapes_of(values, from_users)
    if not escapes:
        return PromptResult(plain)
    return PromptResult(plain, _render(template, escape(values, from_users, escapes), escapes), escapes)


def build(
    template: str,
    values: Mapping[str, Any],
    *,
    from_users: Collection[str] = (),
    images: Sequence[Image] = (),
    detail: str = "auto",
    calls_to_end: bool = False,
) -> list[Message]:
    """The messages that a prompt makes of the values.

    Args:
        template: The prompt.
        values: What it is filled with.
        from_users: The names of values whose role words mean nothing.
        images: Images whose place in the text becomes a part of the message.
        detail: How closely the model should look at images.
        calls_to_end: Tool calls of an assistant are read up to the end of the chunk, as in a prompty.

    Raises:
        JinjaTemplateError: The template cannot be rendered.
        ToolValidationError: The text does not make messages; the class says why.
    """
    escapes = escapes_of(values, from_users)
    text = _render(template, escape(values, from_users, escapes), escapes)
    found = parse(text, images=images, detail=detail, escapes=escapes, calls_to_end=calls_to_end)
    if escapes:
        for message in found:
            for key, value in message.items():
                message[key] = unescape(value, escapes)
    return found


def _render(template: str, values: dict[str, Any], escapes: Escapes) -> str:
    try:
        return templates.render(template, values)
    except JinjaTemplateError as error:
        raise JinjaTemplateError(unescape(error.message, escapes)) from error.__cause__


def escapes_of(values: Mapping[str, Any], from_users: Collection[str]) -> Escapes:
    """Random tokens for the role words in what users gave; those of prompt nodes come along."""
    escapes: Escapes = {}
    for value in values.values():
        if isinstance(value, PromptResult):
            escapes.update(value.escapes)
    for name, value in values.items():
        if name in from_users:
            _collect(value, escapes)
    return escapes


def _collect(value: Any, escapes: Escapes) -> None:  # Any: values of flows
    if isinstance(value, ChatInputList):
        for item in value:
            _collect(item, escapes)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, escapes)
    elif isinstance(value, str):
        for role in _SPLIT.findall(value):
            if role not in escapes.values():
                escapes[str(uuid.uuid4())] = role


def escape(values: Mapping[str, Any], from_users: Collection[str], escapes: Escapes) -> dict[str, Any]:
    """The values with the role words of users replaced."""
    escaped = dict(values)
    if not escapes:
        return escaped
    for name, value in values.items():
        if isinstance(value, PromptResult) and value.escapes:
            escaped[name] = value.escaped
        elif name in from_users:
            escaped[name] = _escape(value, escapes)
    return escaped


def _escape(value: Any, escapes: Escapes) -> Any:  # Any: values of flows
    if isinstance(value, ChatInputList):
        return ChatInputList([_escape(item, escapes) for item in value])
    if isinstance(value, dict):
        return {key: _escape(item, escapes) for key, item in value.items()}
    if isinstance(value, str):
        for token, role in escapes.items():
            value = value.replace(role, token)
    return value


def unescape(value: Any, escapes: Escapes) -> Any:  # Any: parts of messages
    """Put the role words back."""
    if isinstance(value, str):
        for token, role in escapes.items():
            value = value.replace(token, role)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and "text" in item:
                item["text"] = unescape(item["text"], escapes)
    return value


def as_chat_lists(value: Any) -> Any:  # Any: values of flows
    """Lists, at any depth of mappings and lists, as lists that templates write line by line."""
    if isinstance(value, dict):
        return {key: as_chat_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return ChatInputList([as_chat_lists(item) for item in value])
    return value


def parse(
    text: str,
    *,
    images: Sequence[Image] = (),
    detail: str = "auto",
    escapes: Escapes | None = None,
    calls_to_end: bool = False,
) -> list[Message]:
    """Part a text into messages.

    Raises:
        ToolValidationError: It does not make messages; the class says why.
    """
    by_text = {str(image): image for image in images}
    calls = _CALLS_TO_END if calls_to_end else _CALLS
    found: list[Message] = []
    for chunk in _SPLIT.split(text):
        last = found[-1] if found else None
        if last is not None and _take(last, chunk, by_text, detail, calls):
            continue
        role = chunk.strip().lower()
        if not role:
            continue
        if role not in ROLES:
            raise _invalid_role(unescape(chunk.strip(), escapes or {}))
        found.append({"role": role})
    return found


def _take(last: Message, chunk: str, images: Mapping[str, Image], detail: str, calls: re.Pattern[str]) -> bool:
    """Whether the chunk belongs to the message before it; then it is put there."""
    if last["role"] == "tool" and "content" not in last:
        match = _CALL_ID.search(chunk)
        if match is None:
            raise ChatAPIToolRoleInvalidFormat(
                "A 'tool' message of the prompt does not say which call it answers. Write '## tool_call_id:', the id "
                "on the next line, '## content:', and the content."
            )
        last["tool_call_id"] = match[1]
        last["content"] = content(match[2], images, detail)
        return True
    if last["role"] == "assistant":
        parsed = _parsed_calls(calls, chunk)
        if parsed is not None:
            last["tool_calls"] = parsed
            return True
    if "content" in last or "tool_calls" in last:
        return False
    match = _NAME.search(chunk)
    if match is not None:
        last["name"] = match[1]
    elif last["role"] == "function":
        raise ChatAPIFunctionRoleInvalidFormat(
            "A 'function' message of the prompt does not name its function. Write '## name:', the name on the next "
            "line, '## content:', and the content."
        )
    last["content"] = content(chunk if match is None else match[2], images, detail)
    return True


def _parsed_calls(pattern: re.Pattern[str], chunk: str) -> Any | None:  # Any: the chat API's own
    match = pattern.search(chunk)
    if match is None:
        return None
    try:
        return ast.literal_eval(match[1])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def content(text: str, images: Mapping[str, Image], detail: str) -> str | list[dict[str, Any]]:  # Any: the chat API's
    """The text, or its lines as parts when one of them is an image."""
    text = text.strip()
    if not images:
        return text
    parts: list[dict[str, Any]] = []
    for line in text.split("\n"):
        image = images.get(line.strip())
        if image is not None:
            parts.append({"type": "image_url", "image_url": {"url": image.as_url(), "detail": detail}})
        elif line.strip():
            parts.append({"type": "text", "text": line})
    return parts if any(part["type"] == "image_url" for part in parts) else text


def _invalid_role(found: str) -> ChatAPIInvalidRole:
    shown = found if len(found) <= 200 else found[:200] + "..."
    return ChatAPIInvalidRole(
        f"A chat prompt begins with a role alone on a line, one of {', '.join(f'{role}:' for role in ROLES)}; "
        f"this one begins with {shown!r}. Put e.g. 'system:' on a line above it, or use the completion API."
    )
