"""From a filter such as ``metrics.loss < 0.1 AND tags.`a b` LIKE 'x%'`` to a list of comparisons. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from smalt.server.tracking.errors import InvalidParameter
from smalt.server.tracking.limits import INT64
from smalt.server.tracking.search.nouns import (
    LIST_OPERATORS,
    NULL_OPERATORS,
    NUMBER_OPERATORS,
    TEXT_OPERATORS,
    Kind,
    Noun,
)

_LENGTH = 65_536
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:[^']|'')*')
  | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
  | (?P<name>(?:[^\W\d][\w]*|`[^`]*`|"[^"]*")(?:\.(?:`[^`]*`|"[^"]*"|'[^']*'|[\w./\-:]+))?)
  | (?P<operator><=|>=|!=|<>|=|<|>)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<comma>,)
    """,
    re.VERBOSE,
)
_WORDS = {"AND", "LIKE", "ILIKE", "IN", "NOT", "IS", "NULL"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One clause.

    Args:
        kind: What is compared.
        key: Its name.
        operator: Upper case; `!=` also for `<>`.
        value: A number, a text, a tuple of texts for lists, None for NULL tests.
    """

    kind: Kind
    key: str
    operator: str
    value: float | int | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Order:
    """One field to order by."""

    kind: Kind
    key: str
    ascending: bool


@dataclass(frozen=True, slots=True)
class _Token:
    sort: str
    text: str

    def is_word(self, word: str) -> bool:
        return self.sort == "word" and self.text.upper() == word


def parse_filter(text: str | None, noun: Noun) -> list[Comparison]:
    """The clauses of a filter, all of which must hold.

    Raises:
        InvalidParameter: It cannot be read, or asks what this noun does not have.
    """
    if not text or not text.strip():
        return []
    return _Parser(text, noun).clauses()


def parse_order(fields: Sequence[str], noun: Noun) -> list[Order]:
    """The fields to order by, first the most important.

    Raises:
        InvalidParameter: A field cannot be read, or stands twice.
    """
    orders: list[Order] = []
    for text in fields:
        found = _Parser(text, noun).order()
        if any((found.kind, found.key) == (other.kind, other.key) for other in orders):
            raise InvalidParameter(f"`order_by` contains duplicate fields: {list(fields)}")
        orders.append(found)
    return orders


def _tokens(text: str) -> list[_Token]:
    if len(text) > _LENGTH:
        raise InvalidParameter(f"The filter has {len(text)} characters; {_LENGTH} are allowed. Ask for less at a time.")
    if "\x00" in text:
        raise InvalidParameter("The filter holds a NUL character. Leave it out.")
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _invalid(text[position : position + 60])
        position = match.end()
        sort = str(match.lastgroup)
        if sort == "space":
            continue
        if sort == "name" and match.group().upper() in _WORDS:
            sort = "word"
        found.append(_Token(sort, match.group()))
    return found


class _Parser:
    """Reads tokens from left to right; nothing is looked at twice."""

    def __init__(self, text: str, noun: Noun) -> None:
        self.text = text
        self.noun = noun
        self.tokens = _tokens(text)
        self.position = 0

    def clauses(self) -> list[Comparison]:
        found = [self._comparison()]
        while self._peek() is not None:
            if not self._take_word("AND"):
                raise self._failure()
            found.append(self._comparison())
        return found

    def order(self) -> Order:
        if not self.tokens or self.tokens[0].sort != "name" or len(self.tokens) > 2:
            raise InvalidParameter(f"Invalid order_by clause '{self.text[:200]}'. Could not be parsed.")
        kind, key = self._identifier(self.tokens[0], attributes=self.noun.sortable)
        if kind not in self.noun.sortable_kinds:
            raise InvalidParameter(f"Invalid order_by entity: {kind}")
        direction = self.tokens[1].text.lower() if len(self.tokens) == 2 else "asc"
        if direction not in {"asc", "desc"}:
            raise InvalidParameter(
                f"Invalid ordering key in order_by clause '{self.text[:200]}'. End it with ASC or DESC."
            )
        return Order(kind, key, direction == "asc")

    def _comparison(self) -> Comparison:
        token = self._peek()
        if token is None:
            raise InvalidParameter(f"Invalid filter '{self.text[:200]}'. A comparison is missing at its end.")
        if token.sort != "name":
            raise self._failure()
        self.position += 1
        kind, key = self._identifier(token, attributes=self.noun.texts | self.noun.numbers)
        operator = self._operator()
        self._check_operator(kind, key, operator)
        if operator in NULL_OPERATORS:
            return Comparison(kind, key, operator, None)
        if operator in LIST_OPERATORS:
            return Comparison(kind, key, operator, self._list())
        return Comparison(kind, key, operator, self._value(kind, key))

    def _identifier(self, token: _Token, *, attributes: frozenset[str]) -> tuple[Kind, str]:
        prefix, dot, rest = _split(token.text)
        if not dot:
            kind, key = Kind.ATTRIBUTE, _unquote(prefix)
        else:
            name = _unquote(prefix)
            found = self.noun.prefixes.get(name)
            if found is None:
                raise InvalidParameter(
                    f"Invalid entity type '{name}'. Valid values are {sorted(map(str, self.noun.kinds))}"
                )
            kind, key = found, _unquote(rest)
        if kind is Kind.ATTRIBUTE:
            key = self.noun.aliases.get(key, key)
            if key not in attributes:
                raise InvalidParameter(
                    f"Invalid attribute key '{key}' specified. Valid keys are '{sorted(attributes)}'"
                )
        if kind is Kind.DATASET and key not in {"name", "digest", "context"}:
            raise InvalidParameter(f"Invalid dataset key '{key}' specified. Valid keys are name, digest, context.")
        if kind is Kind.SPAN and key not in {"name", "type", "status"}:
            raise InvalidParameter(f"Invalid span key '{key}' specified. Valid keys are name, type, status.")
        return kind, key

    def _operator(self) -> str:
        token = self._peek()
        if token is None:
            raise InvalidParameter(f"Invalid comparison clause. An operator is missing in '{self.text[:200]}'.")
        self.position += 1
        if token.sort == "operator":
            return "!=" if token.text == "<>" else token.text
        if token.is_word("IS"):
            negated = self._take_word("NOT")
            if self._take_word("NULL"):
                return "IS NOT NULL" if negated else "IS NULL"
        elif token.is_word("NOT"):
            if self._take_word("IN"):
                return "NOT IN"
        elif token.is_word("LIKE") or token.is_word("ILIKE") or token.is_word("IN"):
            return token.text.upper()
        self.position -= 1
        raise self._failure()

    def _check_operator(self, kind: Kind, key: str, operator: str) -> None:
        if kind is Kind.METRIC or (kind is Kind.ATTRIBUTE and key in self.noun.numbers):
            allowed: tuple[str, ...] = NUMBER_OPERATORS
        elif kind is Kind.ATTRIBUTE:
            allowed = TEXT_OPERATORS + (LIST_OPERATORS if key in self.noun.lists else ())
        elif kind is Kind.DATASET:
            allowed = TEXT_OPERATORS + LIST_OPERATORS
        else:
            allowed = TEXT_OPERATORS + (NULL_OPERATORS if kind in self.noun.nullable else ())
        if operator not in allowed:
            raise InvalidParameter(
                f"Invalid comparator '{operator}' for {kind} '{key}', not one of {list(allowed)}. Use one of these."
            )

    def _value(self, kind: Kind, key: str) -> float | int | str:
        token = self._peek()
        if token is None:
            raise InvalidParameter(f"Invalid comparison clause. A value is missing in '{self.text[:200]}'.")
        self.position += 1
        if kind is Kind.METRIC or (kind is Kind.ATTRIBUTE and key in self.noun.numbers):
            if token.sort != "number":
                what = "metric" if kind is Kind.METRIC else f"numeric attribute: {key}"
                raise InvalidParameter(f"Expected numeric value type for {what}. Found {token.text[:100]}")
            return _number(token.text, whole=kind is Kind.ATTRIBUTE)
        if token.sort == "string" or (token.sort == "name" and token.text.startswith('"') and token.text.endswith('"')):
            return _unquote(token.text)
        raise InvalidParameter(
            f"Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {token.text[:100]}"
        )

    def _list(self) -> tuple[str, ...]:
        values: list[str] = []
        wanted = "open"
        while True:
            token = self._peek()
            if token is None or (token.sort != wanted and not (wanted == "comma" and token.sort == "close")):
                raise InvalidParameter(
                    "While parsing a list in the query, expected a non-empty list of quoted string values, "
                    "but got an ill-formed list. Write ('a', 'b')."
                )
            self.position += 1
            if token.sort == "close":
                return tuple(values)
            if token.sort == "string":
                values.append(_unquote(token.text))
            wanted = "comma" if token.sort == "string" else "string"

    def _peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        if token is None or not token.is_word(word):
            return False
        self.position += 1
        return True

    def _failure(self) -> InvalidParameter:
        rest = " ".join(token.text for token in self.tokens[self.position :])
        return _invalid(rest[:200])


def _invalid(rest: str) -> InvalidParameter:
    return InvalidParameter(
        f"Invalid clause(s) in filter string: '{rest}'. Write clauses such as metrics.\"loss\" < 0.5, joined by AND."
    )


def _split(text: str) -> tuple[str, str, str]:
    if text[0] in '`"':
        end = text.index(text[0], 1) + 1
        return text[:end], text[end : end + 1], text[end + 1 :]
    return text.partition(".")


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] in "`\"'" and text[-1] == text[0]:
        inner = text[1:-1]
        return inner.replace("''", "'") if text[0] == "'" else inner
    return text


def _number(text: str, *, whole: bool) -> float | int:
    if whole and re.fullmatch(r"[-+]?\d+", text) and len(text) < 25:
        value = int(text)
        if abs(value) > INT64:
            raise InvalidParameter(f"The number {text} does not fit 64 bits. Write a smaller one.")
        return value
    return float(text)
