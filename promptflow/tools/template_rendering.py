"""Prompts filled in."""

from typing import Any

from smalt.flows.llm.messages import PromptResult, render_prompt
from smalt.flows.tools.declare import tool


@tool
def render_template_jinja2(template: str, **kwargs: Any) -> PromptResult:
    """What a prompt node answers."""
    from_users = kwargs.pop("_inputs_to_escape", None) or ()
    return render_prompt(template, kwargs, from_users)


__all__ = ["render_template_jinja2"]
