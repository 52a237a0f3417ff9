"""Coercions by declared type: how a value written in YAML becomes text, a number or a truth value."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationInfo

from smalt.entities.warned import warn

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_NUMBER_TYPES = frozenset({"number", "float"})
_INTEGER_TYPES = frozenset({"integer", "int"})
_BOOLEAN_TYPES = frozenset({"boolean", "bool"})

EnumT = TypeVar("EnumT", bound=StrEnum)


def literal_text(value: Any) -> str:  # Any: whatever a YAML scalar or JSON value may be
    """The text by which a literal reaches a command: `True`, `3`, `0.1`; structures as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def coerce_literal(value: Any, declared: str | None) -> str | int | float | bool:  # Any: see literal_text
    """Give `value` the declared parameter type (`string`, `integer`, `number`, `boolean`).

    Raises:
        ValueError: The value cannot be of that type.
    """
    kind = (declared or "").lower()
    if kind in _BOOLEAN_TYPES:
        return _boolean(value)
    if kind in _INTEGER_TYPES:
        return _integer(value)
    if kind in _NUMBER_TYPES:
        return _number(value)
    if kind == "string" or not isinstance(value, str | int | float | bool):
        return literal_text(value)
    return value


def _boolean(value: Any) -> bool:  # Any: see literal_text
    if isinstance(value, bool):
        return value
    word = literal_text(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(f"{value!r} is not a boolean. Write true or false.")


def _integer(value: Any) -> int:  # Any: see literal_text
    try:
        number = float(value) if isinstance(value, float) else int(literal_text(value).strip().replace("_", ""))
    except ValueError:
        raise ValueError(f"{value!r} is not an integer.") from None
    if isinstance(number, float) and not number.is_integer():
        raise ValueError(f"{value!r} is not an integer.")
    return int(number)


def _number(value: Any) -> int | float:  # Any: see literal_text
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(literal_text(value).strip())
    except ValueError:
        raise ValueError(f"{value!r} is not a number.") from None


def _as_text(value: Any, info: ValidationInfo) -> Any:  # Any: raw input of a validator
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) is None:
        placeholder = "{" + str(next(iter(value))) + "}"
        warn(info, str(info.field_name), f"{placeholder!r} reads as a mapping in YAML; it is taken as text. Quote it.")
        return placeholder
    return value


def _as_free_text(value: Any, info: ValidationInfo) -> Any:  # Any: raw input of a validator
    if value is None:
        return ""
    plain = _as_text(value, info)
    return json.dumps(plain, ensure_ascii=False, default=str) if isinstance(plain, dict | list) else plain


Text = Annotated[str, BeforeValidator(_as_text)]
"""A string; numbers and truth values written without quotes are taken as their text."""

Seconds = Annotated[int | float, Field(ge=0, le=10**9)]
"""A span of time; the bound (30 years) keeps infinity out."""

FreeText = Annotated[str, BeforeValidator(_as_free_text)]
"""Like `Text`, and structures are taken as JSON: the values of tags and properties."""


@lru_cache(maxsize=4096)
def normal_form(word: str) -> str:
    """The form in which spellings of one enumeration value are equal: `UriFolder`, `uri_folder`, `URI_FOLDER`."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def match_enum(value: Any, members: type[EnumT]) -> Any:  # Any: raw input of a validator
    """The member whose name or value equals `value` without regard to case and underscores, else `value` itself."""
    if not isinstance(value, str) or isinstance(value, members):
        return value
    wanted = normal_form(value)
    for member in members:
        if wanted == normal_form(member.value):
            return member
    return value
