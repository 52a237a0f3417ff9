"""Types with which authors say what an input is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Secret(str):
    """A value that is not shown."""

    __slots__ = ("secret_name",)

    secret_name: str

    def set_secret_name(self, name: str) -> None:
        """Say what the secret is called."""
        self.secret_name = name


class PromptTemplate(str):
    """The text of a prompt, not filled in."""

    __slots__ = ()


class FilePath(str):
    """The path of a file."""

    __slots__ = ()


@dataclass
class AssistantDefinition:
    """An assistant: its model, what it is told, and its tools as the file says them."""

    model: str
    instructions: str
    tools: list[Any]  # Any: what the assistants API takes

    def __post_init__(self) -> None:
        self._tool_invoker: Any = None  # Any: set once the tools are loaded

    @staticmethod
    def deserialize(data: dict[str, Any]) -> AssistantDefinition:
        """Read a definition file."""
        return AssistantDefinition(data.get("model", ""), data.get("instructions", ""), data.get("tools", []))

    def serialize(self) -> dict[str, Any]:
        """As the file says it."""
        return {"model": self.model, "instructions": self.instructions, "tools": self.tools}


class AttrDict(dict[str, Any]):
    """A mapping whose values are attributes too."""

    def __getattr__(self, key: str) -> Any:
        return self[key]

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value
