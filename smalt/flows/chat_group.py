"""Chat groups: flows that talk with one another, in turn."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from smalt.flows.errors import UserErrorException
from smalt.flows.loading import load
from smalt.flows.running import loops
from smalt.flows.running.flow import Flow
from smalt.flows.running.results import Status
from smalt.flows.values.streams import settled

STOP_SIGNAL = "[STOP]"
HISTORY = "${parent.conversation_history}"
_log = logging.getLogger(__name__)


class ChatGroupError(UserErrorException):
    """The group cannot talk as it was put together."""


class Fields(dict[str, dict[str, Any]]):
    """Inputs or outputs of a role: what the flow says of each, and its present `value`."""

    def __getattr__(self, name: str) -> dict[str, Any]:
        if name not in self:
            raise AttributeError(f"There is no {name!r}; there are {', '.join(self) or 'none'}.")
        return self[name]


class ChatRole:
    """A flow that takes part.

    Args:
        flow: Its folder or file, or the flow itself.
        role: What it is called in the conversation, e.g. `assistant`.
        inputs: Values by name: literals, `${parent.conversation_history}`, or an output of another role
            (`other.outputs.answer`).
        name: What it is called otherwise.
        stop_signal: Ends the conversation when an answer of this role has it.
        settings: As `smalt.flows.load` takes: `connections`, `environment_variables`, `init`.
    """

    def __init__(
        self,
        flow: str | Path | Flow,
        role: str,
        inputs: Mapping[str, Any] | None = None,
        name: str | None = None,
        stop_signal: str | None = None,
        **settings: Any,
    ) -> None:
        self.role = role
        self.flow = flow if isinstance(flow, Flow) else load(flow, **settings)
        self.name = name or self.flow.name
        self.stop_signal = stop_signal
        given = dict(inputs or {})
        unknown = given.keys() - self.flow.inputs.keys()
        if unknown:
            _log.warning("Role %r takes no %s; they are left out.", role, ", ".join(sorted(unknown)))
        self.inputs = Fields(
            {key: {"type": item.type, "default": item.default, "value": given.get(key)} for key, item in
             self.flow.inputs.items()}
        )  # fmt: skip
        self.outputs = Fields({key: {"type": item.type, "value": None} for key, item in self.flow.outputs.items()})

    def values(self, history: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
        """What it is asked with now.

        Raises:
            ChatGroupError: A value refers to what a group does not have.
        """
        found = {}
        for key, item in self.inputs.items():
            value = item["value"]
            if value == HISTORY:
                value = list(history)
            elif isinstance(value, dict) and "value" in value and "type" in value:
                value = value["value"]
            elif isinstance(value, str) and value.startswith("${"):
                raise ChatGroupError(
                    f"The input {key!r} of role {self.role!r} is {value!r}, which a group does not have. "
                    f"Write {HISTORY}, or give an output of another role."
                )
            if value is not None:
                found[key] = value
        return found

    def stops(self, output: Mapping[str, Any], signal: str | None) -> bool:
        """Whether an answer ends the conversation."""
        signals = [each for each in (self.stop_signal, signal) if each]
        return any(each in value for value in output.values() if isinstance(value, str) for each in signals)


class ChatGroup:
    """Flows that talk in the order in which they are given, until a limit or a stop signal.

    Args:
        roles: Who takes part; each under a name of its own.
        entry_role: Who begins; by default the first.
        max_turns: So many answers at most.
        max_tokens: No further turn once so many tokens were used.
        max_time: No further turn after so many seconds.
        stop_signal: Ends the conversation when an answer has it.

    Raises:
        ChatGroupError: Nobody takes part, or two under one name.
    """

    def __init__(
        self,
        roles: Iterable[ChatRole],
        max_turns: int | None = None,
        max_tokens: int | None = None,
        max_time: float | None = None,
        stop_signal: str | None = STOP_SIGNAL,
        entry_role: ChatRole | None = None,
    ) -> None:
        self._roles = list(roles)
        names = [role.role for role in self._roles]
        if not names or not all(isinstance(role, ChatRole) for role in self._roles):
            raise ChatGroupError("A chat group needs roles. Give a list of ChatRole.")
        if len(set(names)) < len(names):
            raise ChatGroupError(f"Two roles have one name: {names}. Give each its own.")
        if entry_role is not None and entry_role not in self._roles:
            raise ChatGroupError(f"The entry role {entry_role.role!r} is none of {names}. Add it to the roles.")
        if max_turns is None and max_tokens is None and max_time is None and not stop_signal:
            raise ChatGroupError("Nothing would end the conversation. Give max_turns, max_tokens or max_time.")
        self._first = self._roles.index(entry_role) if entry_role is not None else 0
        self._limits = (max_turns, max_tokens, max_time)
        self._stop_signal = stop_signal
        self._history: list[tuple[str, dict[str, Any]]] = []

    @property
    def conversation_history(self) -> list[tuple[str, dict[str, Any]]]:
        """Who answered what, in turn."""
        return self._history

    def invoke(self) -> list[tuple[str, dict[str, Any]]]:
        """Let them talk, blocking the calling thread.

        Raises:
            ChatGroupError: A role failed.
        """
        return loops.run(self.talk())

    async def talk(self) -> list[tuple[str, dict[str, Any]]]:
        """Let them talk."""
        self._history = []
        turns, tokens, began = 0, 0, time.monotonic()
        for role in self._order():
            line = await role.flow.run_line(role.values(self._history), line_number=turns)
            if line.status is not Status.COMPLETED:
                reason = line.error.message if line.error else line.status
                raise ChatGroupError(f"Role {role.role!r} failed in turn {turns + 1}: {reason}")
            output = {key: settled(value) for key, value in line.output.items()}
            self._history.append((role.role, output))
            for key, value in output.items():
                role.outputs.setdefault(key, {"type": "object"})["value"] = value
            turns, tokens = turns + 1, tokens + line.tokens.total
            if role.stops(output, self._stop_signal) or self._is_over(turns, tokens, time.monotonic() - began):
                break
        return self._history

    def _order(self) -> Iterator[ChatRole]:
        return itertools.cycle(self._roles[self._first :] + self._roles[: self._first])

    def _is_over(self, turns: int, tokens: int, seconds: float) -> bool:
        reached = zip((turns, tokens, seconds), self._limits, strict=True)
        return any(limit is not None and value >= limit for value, limit in reached)
