"""What tools borrow from the built-in ones."""

from collections.abc import Callable, Sequence
from typing import Any

from promptflow.tools.exception import ChatAPIInvalidFunctions
from smalt.flows.llm import calls, messages, templates
from smalt.flows.llm.messages import ROLES as VALID_ROLES
from smalt.flows.llm.messages import ChatInputList, PromptResult
from smalt.flows.llm.messages import as_chat_lists as convert_to_chat_list
from smalt.flows.llm.templates import with_images_on_lines as preprocess_template_string


def render_jinja_template(
    prompt: str, trim_blocks: bool = True, keep_trailing_newline: bool = True, **kwargs: Any
) -> str:
    """A template filled in. The two settings are as they always are."""
    kwargs.pop("escape_dict", None)
    return templates.render(prompt, kwargs)


def parse_chat(
    chat_str: str,
    images: Sequence[Any] | None = None,
    valid_roles: Sequence[str] | None = None,
    image_detail: str = "auto",
    escape_dict: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """A text parted into messages."""
    return messages.parse(chat_str, images=images or (), detail=image_detail, escapes=escape_dict)


def build_messages(
    prompt: str, images: Sequence[Any] | None = None, image_detail: str = "auto", **kwargs: Any
) -> list[dict[str, Any]]:
    """The messages that a prompt makes of values."""
    from_users = kwargs.pop("_inputs_to_escape", None) or ()
    return messages.build(prompt, kwargs, from_users=from_users, images=images or (), detail=image_detail)


def validate_functions(functions: Any) -> None:
    """Check what the chat API would refuse."""
    calls.check_functions(functions)


def validate_tools(tools: Any) -> None:
    """Check what the chat API would refuse."""
    calls.check_tools(tools)


def process_function_call(function_call: Any) -> Any:
    """What `function_call` is to be."""
    return calls.checked_call(function_call)


def process_tool_choice(tool_choice: Any) -> Any:
    """What `tool_choice` is to be."""
    return calls.checked_choice(tool_choice)


def to_bool(value: Any) -> bool:
    """Whether a value says true."""
    return str(value).lower() == "true"


def handle_openai_error(*_: Any, **__: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that leaves the function as it is: calls of models are retried by the connection."""
    return lambda function: function


__all__ = [
    "VALID_ROLES",
    "ChatAPIInvalidFunctions",
    "ChatInputList",
    "PromptResult",
    "build_messages",
    "convert_to_chat_list",
    "handle_openai_error",
    "parse_chat",
    "preprocess_template_string",
    "process_function_call",
    "process_tool_choice",
    "render_jinja_template",
    "to_bool",
    "validate_functions",
    "validate_tools",
]
