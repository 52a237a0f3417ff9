"""Expressions in text: `${{inputs.lr}}`, and `$[[ .. ]]` groups that vanish with their optional input."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from smalt.entities.warned import Warnings
from smalt.errors import InvalidRequest

_EXPRESSION = re.compile(r"\$\{\{(?P<name>[^{}]+)\}\}")
_GROUP_OPENS, _GROUP_CLOSES = "$[[", "]]"


@dataclass(frozen=True)
class Expression:
    """One `${{..}}`: its dotted name, and where it stands in the text."""

    name: str
    start: int
    end: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The name between its dots: `("parent", "jobs", "prep", "outputs", "clean")`."""
        return tuple(self.name.split("."))


def find(text: str) -> list[Expression]:
    """Every expression in `text`, in order, including those in optional groups."""
    return [Expression(match["name"].strip(), match.start(), match.end()) for match in _EXPRESSION.finditer(text)]


def find_needed(text: str) -> list[Expression]:
    """Every expression in `text` that has to have a value: not those in optional groups."""
    groups = list(_groups(text))
    return [each for each in find(text) if not any(start <= each.start < end for start, end in groups)]


def substitute(
    text: str,
    values: Mapping[str, str],
    *,
    optional: Collection[str] | None = None,
    warnings: Warnings | None = None,
) -> str:
    """Put values in place of expressions, once: a value that looks like an expression stays as it is.

    Args:
        text: A command, an argument list, a path; everything outside expressions is kept to the character.
        values: Values by dotted name, e.g. `inputs.lr`.
        optional: Names that may be missing inside a `$[[..]]` group; by default any name may.
        warnings: Collects groups that hold no expression; of those no input is missing, so their text stays.

    Raises:
        InvalidRequest: An expression has no value.
    """
    pieces, last = [], 0
    for start, end in _groups(text):
        pieces.append(_fill(text[last:start], values))
        pieces.append(_fill_group(text[start:end], values, optional, warnings))
        last = end
    pieces.append(_fill(text[last:], values))
    return "".join(pieces)


def substitute_below(root: str, text: str, values: Mapping[str, str]) -> str:
    """Put values in place of the expressions below one root, e.g. `search_space`; all others stay for later.

    An optional group vanishes when a value it names is missing.

    Raises:
        InvalidRequest: An expression below the root, outside a group, has no value.
    """
    pieces, last = [], 0
    for start, end in _groups(text):
        pieces.append(_fill(text[last:start], values, root))
        inner = text[start + len(_GROUP_OPENS) : end - len(_GROUP_CLOSES)]
        own = [expression.name for expression in find(inner) if expression.parts[0] == root]
        if not own:
            pieces.append(text[start:end])
        elif all(name in values for name in own):
            filled = _fill(inner, values, root)
            pieces.append(f"{_GROUP_OPENS}{filled}{_GROUP_CLOSES}" if len(own) < len(find(inner)) else filled)
        last = end
    pieces.append(_fill(text[last:], values, root))
    return "".join(pieces)


def _groups(text: str) -> Iterator[tuple[int, int]]:
    start = text.find(_GROUP_OPENS)
    while start >= 0:
        close = text.find(_GROUP_CLOSES, start)
        if close < 0:
            return
        yield start, close + len(_GROUP_CLOSES)
        start = text.find(_GROUP_OPENS, close)


def _fill_group(
    whole: str, values: Mapping[str, str], optional: Collection[str] | None, warnings: Warnings | None
) -> str:
    inner = whole[len(_GROUP_OPENS) : -len(_GROUP_CLOSES)]
    names = [expression.name for expression in find(inner)]
    if not names:
        if warnings is not None:
            warnings.add("", f"{whole!r} holds no expression, so its text stays. Write $[[ --x ${{{{inputs.x}}}} ]].")
        return inner
    missing = [name for name in names if name not in values]
    if missing and (optional is None or all(name in optional for name in missing)):
        return ""
    return _fill(inner, values)


def _fill(text: str, values: Mapping[str, str], root: str | None = None) -> str:
    def value(match: re.Match[str]) -> str:
        name = match["name"].strip()
        if root is not None and name.partition(".")[0] != root:
            return match[0]
        if name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise InvalidRequest(f"The expression {match[0]} has no value. Known names: {known}.", target=name)
        return values[name]

    return _EXPRESSION.sub(value, text)
