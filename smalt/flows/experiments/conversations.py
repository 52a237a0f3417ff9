"""Chat group nodes: a function over lines that lets the roles talk, so that a group runs as any flow does.

On the platform a group is a folder with the flows of its roles and a flow of its own over them (`write_group`).
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from smalt.flows import load
from smalt.flows.chat_group import STOP_SIGNAL, ChatGroup, ChatRole
from smalt.flows.connections import Connection
from smalt.flows.experiments.template import ChatGroupNode
from smalt.flows.running import context
from smalt.flows.running.flow import Flow
from smalt.flows.values.plain import plain

_PARENT = "${parent."
_GROUP = "group.json"
_CODE = """from smalt.flows.experiments.conversations import written

talk = written(__file__)
"""


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

        return _taking(self._node, talk)

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


def write_group(node: ChatGroupNode, target: Path) -> None:
    """Write a group as a flow of its own, with all that the flows of its roles need."""
    from smalt.environments import flow_model_in
    from smalt.flows.serving.packing import copy_flow

    target.mkdir(parents=True, exist_ok=True)
    roles, words, required = [], set[str](), list[str]()
    for number, role in enumerate(node.roles):
        source = Path(role["path"])
        place = Path("roles", str(number))  # what a role is called may be a path to another place
        copy_flow(source, target / place)
        is_prompty = source.suffix == ".prompty"
        roles.append({**role, "path": str(place / source.name if is_prompty else place)})
        found = flow_model_in(target / place, source.name if is_prompty else None)
        words |= set() if found is None else found.words
        words |= {str(value) for value in (role.get("environment_variables") or {}).values()}
        requirements = target / place / "requirements.txt"
        required += requirements.read_text(encoding="utf-8").splitlines() if requirements.is_file() else []
    kept = asdict(node) | {"roles": roles}
    (target / _GROUP).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    (target / "group.py").write_text(_CODE, encoding="utf-8")
    # What its roles name stands here, so that the job's token opens the connections among it.
    flow = {"entry": "group:talk", "named": sorted(words)}
    (target / "flow.flex.yaml").write_text(json.dumps(flow, ensure_ascii=False), encoding="utf-8")
    (target / "requirements.txt").write_text("\n".join(dict.fromkeys(required)) + "\n", encoding="utf-8")


def written(file: str) -> Callable[..., Any]:
    """From code that `write_group` wrote: the function of its group, whose flows are loaded with the first line."""
    folder = Path(file).parent
    node = ChatGroupNode(**json.loads((folder / _GROUP).read_bytes()))
    node.roles = [{**role, "path": str(folder / role["path"])} for role in node.roles]

    @cache
    def conversation() -> Conversation:
        return Conversation(node, _Around())

    async def talk(**given: Any) -> dict[str, Any]:  # Any: values of flows
        return {"conversation_history": await conversation().talk(given)}

    return _taking(node, talk)


class _Around:
    """The connections of the flow that asks."""

    def get(self, name: str) -> Connection:
        """As `ConnectionProvider` promises."""
        return context.connection(name)


def _taking(node: ChatGroupNode, talk: Callable[..., Any]) -> Callable[..., Any]:
    """The function, by name and inputs that of the node."""
    names = [name for name, value in node.inputs.items() if not _is_parent(value)]
    talk.__name__, talk.__annotations__ = node.name, {}
    talk.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what `inspect.signature` reads
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    )
    return talk


def _is_parent(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_PARENT)
