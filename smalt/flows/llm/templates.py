"""Jinja templates, rendered so that a template reads and changes nothing but the values it is given."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from smalt.flows.errors import JinjaTemplateError

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

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
        return _compiled(text).render(values)
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
    from jinja2 import TemplateSyntaxError, meta

    try:
        names = meta.find_undeclared_variables(_environment().parse(text))
    except TemplateSyntaxError as error:
        raise JinjaTemplateError(f"The template is wrong at line {error.lineno}: {error}. Correct it.") from error
    return tuple(sorted(names, key=text.find))


def image_variables(text: str) -> frozenset[str]:
    """The names that stand in `![image]({{name}})`."""
    return frozenset(name.strip() for _, name in _IMAGE.findall(text))


@functools.lru_cache(maxsize=256)
def with_images_on_lines(text: str) -> str:
    """The template with `![image]({{name}})` written as `{{name}}` on a line of its own."""
    return _IMAGE.sub(lambda match: f"\n{{{{{match[2]}}}}}\n", text)
