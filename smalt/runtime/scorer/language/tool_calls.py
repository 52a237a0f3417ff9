"""Calls of tools in what a model has written, in the forms that models are taught."""

from __future__ import annotations

import json
import re
import uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_TAGGED = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


def calls_in(text: str, tools: Sequence[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The text without its calls, and the calls as the API has them.

    Understood are objects in `<tool_call>` tags, as Qwen and Hermes write them, and an answer that is nothing but such
    an object, as Llama does. What calls no tool that there is, is text.
    """
    names = {str((each.get("function") or {}).get("name")) for each in tools}
    tagged = _TAGGED.findall(text)
    found = [call for content in tagged or [text] for call in _calls(content, names)]
    if not found or (tagged and len(found) != len(tagged)):
        return text, []
    return _TAGGED.sub("", text).strip() if tagged else "", found


def _calls(content: str, names: set[str]) -> list[dict[str, Any]]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict) or document.get("name") not in names:
        return []
    given = document.get("arguments", document.get("parameters", {}))
    arguments = given if isinstance(given, str) else json.dumps(given)
    function = {"name": document["name"], "arguments": arguments}
    return [{"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function}]
