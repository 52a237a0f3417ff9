"""The pipeline functions that are running: a step that is made inside one is added to the innermost."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from smalt.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 100
S = TypeVar("S")


class Steps(list[object]):
    """The steps of one pipeline in the order in which they were made, and settings made beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.settings: dict[str, object] = {}


_open: ContextVar[tuple[Steps, ...]] = ContextVar("smalt_pipelines", default=())


def is_open() -> bool:
    """Whether a pipeline function is running."""
    return bool(_open.get())


def add(step: S) -> S:
    """Add a step to the innermost pipeline, if there is one."""
    if _open.get():
        _open.get()[-1].append(step)
    return step


def settings() -> dict[str, object]:
    """Settings of the innermost pipeline.

    Raises:
        InvalidRequest: No pipeline function is running.
    """
    if not _open.get():
        raise InvalidRequest("Settings of a pipeline are made inside its function. Call it there.")
    return _open.get()[-1].settings


@contextmanager
def opened() -> Iterator[Steps]:
    """Collects the steps that are made until the block ends.

    Raises:
        InvalidRequest: Pipelines call each other without end.
    """
    if len(_open.get()) >= _DEEPEST:
        raise InvalidRequest(
            f"Pipeline functions call each other more than {_DEEPEST} levels deep. Check for a circle."
        )
    steps = Steps()
    token = _open.set((*_open.get(), steps))
    try:
        yield steps
    finally:
        _open.reset(token)
