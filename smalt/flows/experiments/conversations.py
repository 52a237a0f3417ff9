"""Chat group nodes: a function over lines that lets the roles talk, so that a group runs as any flow does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from smalt.flows import load
from smalt.flows.chat_group import STOP_SIGNAL, ChatGroup, ChatRole
from smalt.flows.experiments.template import ChatGroupNode
from smalt.flows.running.flow import Flow
from smalt.flows.values.plain import plain

_PARENT = "${parent."


class Conversation:
    """The flows of a group, loaded once for all lines. Closed when no longer needed."""

    def __init__(self, node: ChatGroupNode, connections: Any = None) -> None:  # Any: as `load` takes them
        self._node = node
        self._flows: dict[str, Flow] = {
            str(role["role"]): load(
                role["path"],
                connections=connections,
                init=role.get("init") or None,
                environment_variables=role.get("environment_variables") or None,
            )
            for role in node.roles
        }

    def function(self) -> Callable[..., Any]:
        """A function that takes what the roles take (`<role>__<input>`) and answers the conversation's history."""

        async def talk(**given: Any) -> dict[str, Any]:  # Any: values of flows
            return {"conversation_history": await self.talk(given)}

        talk.__name__ = self._node.name
        names = [name for name, value in self._node.inputs.items() if not _is_parent(value)]
        talk.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what `inspect.signature` reads
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
        )
        return talk

    async def talk(self, given: Mapping[str, Any]) -> Any:  # Any: values of flows
        """One conversation: who answered what, in turn."""
        roles = [
            ChatRole(
                self._flows[role["role"]],
                role["role"],
                {
                    key: value if _is_parent(value) else given[f"{role['role']}__{key}"]
                    for key, value in (role.get("inputs") or {}).items()
                },
                stop_signal=role.get("stop_signal"),
            )
            for role in self._node.roles
        ]
        node = self._node
        group = ChatGroup(roles, node.max_turns, node.max_tokens, node.max_time, node.stop_signal or STOP_SIGNAL)
        return plain(await group.talk())

    def close(self) -> None:
        """Let go of the flows."""
        for flow in self._flows.values():
            flow.close()


def _is_parent(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_PARENT)
