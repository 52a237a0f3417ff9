"""Secrets never leave in spans: the values that this process knows, and whatever stands under a name of a secret."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from smalt.flows.connections import seen
from smalt.flows.values.plain import SCRUBBED

_NAME = re.compile(
    r"(?i)(^|[_-])(api[_-]?key|apikey|access[_-]?key|account[_-]?key|authorization|client[_-]?secret|connection[_-]?string"
    r"|credentials?|passphrase|passwd|password|private[_-]?key|sas[_-]?token|secret|access[_-]?token|auth[_-]?token"
    r"|bearer[_-]?token)$"
)
_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")


def note_variables(variables: Mapping[str, str] = os.environ) -> None:
    """Remember secrets that stand in the environment, such as `OPENAI_API_KEY`."""
    seen.note(value for name, value in variables.items() if _VARIABLE.search(name))


def struck(text: str) -> str:
    """The text with stars in the place of every secret that is known, however often JSON has quoted it."""
    return _pattern(seen.noted()).sub(SCRUBBED, text)


@lru_cache(1)
def _pattern(known: tuple[str, ...]) -> re.Pattern[str]:
    forms = {form for value in known for form in _forms(value)}
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) or r"(?!)")


def hidden(value: Any) -> Any:  # Any: JSON
    """The value with stars where a name says that a secret follows."""
    if isinstance(value, dict):
        return {
            key: SCRUBBED if isinstance(found, str) and found and _NAME.search(str(key)) else hidden(found)
            for key, found in value.items()
        }
    return [hidden(each) for each in value] if isinstance(value, list) else value


def _forms(value: str) -> tuple[str, ...]:
    once = json.dumps(value)[1:-1]
    return value, once, json.dumps(once)[1:-1]
