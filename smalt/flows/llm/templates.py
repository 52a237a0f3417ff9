"""Jinja templates, rendered so that a template reads and changes nothing but the values it is given."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from smalt.flows.errors import JinjaTemplateError

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

# Most prompts are text with names in double braces. They are filled in without the engine, to load which takes longer
# than all else a command does before its first question to a model.
_NAME = re.compile(r"(?<!\{)\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}(?!\})")
_NEEDS_ENGINE = re.compile(r"\{\{|\{%|\{#|\r")
_WORDS_OF_ENGINE = frozenset(
    "true false none True False None not and or in is if else self loop super range dict lipsum cycler joiner "
    "namespace caller varargs kwargs".split()
)
_IMAGE = re.compile(r"!\[(\s*image\s*)\]\(\{\{(\s*[^\s{}]+\s*)\}\}\)")


@functools.lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(trim_blocks=True, keep_trailing_newline=True)


@functools.lru_cache(maxsize=256)
def _compiled(text: str) -> Template:
    return _environment().from_string(text)


def render(text: str, values: dict[str, Any]) -> str:  # Any: values of flows
    """The template with the values filled in.

    Raises:
        JinjaTemplateError: It is not a template, or cannot be rendered with these values.
    """
    try:
        pieces = _pieces(text)
        if pieces is None:
            return _compiled(text).render(values)
        return "".join([str(values.get(piece, "")) if is_name else piece for piece, is_name in pieces])
    except Exception as error:
        raise JinjaTemplateError(
            f"The template cannot be rendered: {type(error).__name__}: {error}. Correct the template or its inputs."
        ) from error


@functools.lru_cache(maxsize=256)
def variables(text: str) -> tuple[str, ...]:
    """The names of the values that a template takes, in the order in which they stand.

    Raises:
        JinjaTemplateError: It is not a template; the message has the line.
    """
    pieces = _pieces(text)
    if pieces is not None:
        return tuple(dict.fromkeys(piece for piece, is_name in pieces if is_name))
    from jinja2 import TemplateSyntaxError, meta

    try:
        names = meta.find_undeclared_variables(_environment().parse(text))
    except TemplateSyntaxError as error:
        raise JinjaTemplateError(f"The template is wrong at line {error.lineno}: {error}. Correct it.") from error
    return tuple(sorted(names, key=text.find))


@functools.lru_cache(maxsize=256)
def _pieces(text: str) -> tuple[tuple[str, bool], ...] | None:
    """A template of text and names, taken apart: each piece, and whether it is a name. None for any other template."""
    parts = _NAME.split(text)
    if _WORDS_OF_ENGINE.intersection(parts[1::2]) or any(map(_NEEDS_ENGINE.search, parts[::2])):
        return None
    return tuple((part, bool(place % 2)) for place, part in enumerate(parts))


def image_variables(text: str) -> frozenset[str]:
    """The names that stand in `![image]({{name}})`."""
    return frozenset(name.strip() for _, name in _IMAGE.findall(text))


@functools.lru_cache(maxsize=256)
def with_images_on_lines(text: str) -> str:
    """The template with `![image]({{name}})` written as `{{name}}` on a line of its own."""
    return _IMAGE.sub(lambda match: f"\n{{{{{match[2]}}}}}\n", text)
