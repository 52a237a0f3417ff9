"""The route table: every path the server answers, with the action it needs, as declared data."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.responses import Response

    from smalt.server.http.answer import Answer
    from smalt.server.http.call import Call
    from smalt.server.work import Actor

PROVIDER = "/providers/Microsoft.MachineLearningServices"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
WORKSPACE = GROUP + PROVIDER + "/workspaces/{workspace}"
"""Where every resource of a workspace lives."""

ANYONE = "*anyone*"
"""The action of a public route: no token is asked for."""

SIGNED_IN = "*signed-in*"
"""The action of a route that every known actor may use, such as listing the subscriptions one can see."""

Handler = Callable[["Call"], "Answer | Response"] | Callable[["Call"], Awaitable["Answer | Response"]]


class Wire(StrEnum):
    """Whose error envelope and conventions an answer follows."""

    ARM = "arm"
    MLFLOW = "mlflow"
    BLOB = "blob"
    OAUTH = "oauth"


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    Args:
        method: HTTP method.
        path: Template; `{name}` takes one segment, a last `{name:path}` takes the rest with its slashes.
        action: What the actor must be allowed to do, e.g. `workspaces/jobs/write` (without the provider's name).
        handler: A plain function runs in a thread with a transaction; a coroutine function runs on the event loop
            and opens its own.
        wire: Convention of errors.
        for_jobs: Whether a running job's token may come through at all: a check of the call against the token's
            grant. None refuses every job.
        audited: Whether a write leaves an audit row. False only for data points (metrics, blocks of a blob), whose
            resource already has one.
        max_body_bytes: Larger bodies are refused before they are read; None leaves streaming to the handler.
        unpacks: Whether the handler itself unpacks a compressed body, within a bound of its own.
        is_prompt: Whether the handler, a coroutine, seldom waits for anything: such a call is answered as soon as its
            body has come, without a task of its own.
        summary: One line for the API description.
        body: Schema of the request body for the API description: JSON schema, a function that makes it, or the
            notation of `fields`.
        query: Query parameters for the API description, each in the notation of `fields`.
        writes: Whether the handler needs a write transaction; by default every method but GET and HEAD does.
    """

    method: str
    path: str
    action: str
    handler: Handler
    wire: Wire = Wire.ARM
    for_jobs: Callable[[Call, Actor], bool] | None = None
    audited: bool = True
    max_body_bytes: int | None = 16 * 1024 * 1024
    unpacks: bool = False
    is_prompt: bool = False
    summary: str = ""
    body: dict[str, Any] | Callable[[], dict[str, Any]] | str | None = None
    query: tuple[str, ...] = ()
    writes: bool | None = None
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(self.handler))

    @property
    def is_write(self) -> bool:
        """Whether it changes anything."""
        return self.method not in {"GET", "HEAD"} if self.writes is None else self.writes


@dataclass(slots=True)
class Routes:
    """A slice's part of the table.

    Args:
        wire: Convention for all of them.
        prefix: Put before every path.
    """

    wire: Wire = Wire.ARM
    prefix: str = ""
    all: list[Route] = field(default_factory=list)

    def add(self, method: str, path: str, handler: Handler, *, action: str, **options: Any) -> None:
        """Declare a route; `options` are the remaining fields of `Route`."""
        options.setdefault("wire", self.wire)
        if not options.get("summary") and handler.__doc__:
            options["summary"] = handler.__doc__.strip().splitlines()[0]
        self.all.append(Route(method, self.prefix + path, action, handler, **options))
