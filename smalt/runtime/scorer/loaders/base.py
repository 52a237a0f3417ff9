"""What every loader promises."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from typing import Any

    from ..http11 import Answer, Request


SCORE_PATHS = frozenset({"/score", "/invocations"})


class LoadError(Exception):
    """The deployment cannot score; the message is for the person who wrote it."""


class BadInput(Exception):
    """A request that the loader refuses before any code of the user or model sees it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Loader:
    """Scores requests in one worker process."""

    is_async = False
    """Whether `score` gives something to be awaited, so that many requests are scored at once in one thread."""

    paths = SCORE_PATHS
    """Where requests are scored."""

    can_batch = False
    """Whether `score_many` may be called."""

    is_row_wise = False
    """Whether it is known that what is predicted of a row does not depend on the rows beside it."""

    def load(self) -> None:
        """Prepare, once. Raises whatever goes wrong."""
        raise NotImplementedError

    def score(self, request: Request) -> Answer | Awaitable[Answer]:
        """The answer to a request.

        Raises:
            BadInput: The request is at fault.
        """
        raise NotImplementedError

    def score_many(self, requests: Sequence[Request]) -> list[Answer | BadInput]:
        """The answers to several requests, scored at once; each the same as if it had come alone."""
        raise NotImplementedError

    def close(self) -> None:
        """Give everything back, once, after the last request."""

    def swagger(self, version: str) -> dict[str, Any] | None:
        """The description of what is served, of OpenAPI 2 or 3; None for other versions."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """What is loaded, for those who look."""
        return {}
