"""Which line runs now, and with whose connections: for code of flows that asks, and for logs."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smalt.flows.connections import Connection, ConnectionProvider

_now: ContextVar[tuple[str, str | None, int | None] | None] = ContextVar("smalt_flow_line", default=None)
_provider: ContextVar[Callable[[], ConnectionProvider] | None] = ContextVar("smalt_flow_connections", default=None)
_extra: ContextVar[OperationContext | None] = ContextVar("smalt_flow_operation", default=None)


@contextlib.contextmanager
def running(
    flow: str, run_id: str | None, line_number: int | None, provider: Callable[[], ConnectionProvider] | None = None
) -> Iterator[None]:
    """A line of a flow runs, in this context; its code may ask the provider for connections by their names."""
    token, given = _now.set((flow, run_id, line_number)), _provider.set(provider)
    try:
        yield
    finally:
        _now.reset(token)
        _provider.reset(given)


@contextlib.contextmanager
def connected(provider: Callable[[], ConnectionProvider]) -> Iterator[None]:
    """Code of a flow runs, in this context, that may ask for connections by their names."""
    token = _provider.set(provider)
    try:
        yield
    finally:
        _provider.reset(token)


def connection(name: str) -> Connection:
    """A connection of the flow that runs now, or of this machine.

    Raises:
        NotFound: There is none of that name.
    """
    provider = _provider.get()
    if provider is not None:
        return provider().get(name)
    from smalt.flows.connections import LocalConnections

    return LocalConnections().get(name)


class OperationContext(dict[str, Any]):
    """What is known of the line that runs, as a mapping whose values are attributes too."""

    @classmethod
    def get_instance(cls) -> OperationContext:
        """The one of this context."""
        found = _extra.get()
        if found is None:
            found = cls()
            _extra.set(found)
        line = _now.get()
        if line is not None:
            found["flow_id"] = "default_flow_id"
            found["flow_name"] = line[0]
            found.setdefault("root_run_id", line[1] or str(uuid.uuid4()))
            found["run_mode"] = "Test" if line[2] is None else "Batch"
            if line[2] is not None:
                found["line_number"] = line[2]
        return found

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The operation context has no {name!r}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def append_user_agent(self, user_agent: str) -> None:
        """Note who runs the flow."""
        self["user_agent"] = f"{self.get('user_agent', '')} {user_agent}".strip()

    def get_user_agent(self) -> str:
        """Who runs the flow."""
        return str(self.get("user_agent", "smalt"))

    def get_context_dict(self) -> dict[str, Any]:
        """A plain copy."""
        return dict(self)
