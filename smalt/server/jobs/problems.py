"""Collects everything that is wrong with a job, so that a person mends all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from smalt.errors import InvalidRequest, SmaltError, Unsupported, ValidationFailed


class Problems:
    """What was found so far.

    Args:
        place: What targets of failures noted here begin with.
    """

    def __init__(self, place: str = "") -> None:
        self._found: list[SmaltError] = []
        self._place = place

    def below(self, place: str) -> Problems:
        """The same collection, for a part whose fields are below a place such as `jobs.train.`."""
        part = Problems(self._place + place)
        part._found = self._found
        return part

    @contextmanager
    def at(self, target: str) -> Iterator[None]:
        """Note a failure inside the block under the field it is about, and go on after it."""
        try:
            yield
        except SmaltError as error:
            if error.status >= 500:
                raise
            self._found.append(_as_detail(error, self._place + target))

    def add(self, error: SmaltError) -> None:
        """Note a failure that says itself which field it is about."""
        self._found.append(_as_detail(error, self._place + (error.target or "")))

    def raise_any(self) -> None:
        """Refuse the job if there is anything.

        Raises:
            Unsupported: All that is wrong is that this machine cannot do it.
            ValidationFailed: Something is wrong.
        """
        if not self._found:
            return
        listed = "; ".join(f"{problem.target}: {problem.message}" for problem in self._found)
        if all(isinstance(problem, Unsupported) for problem in self._found):
            raise Unsupported(f"The job cannot run here. {listed}", details=self._found, target=self._found[0].target)
        raise ValidationFailed(f"The job is not valid. {listed}", details=self._found, target=self._found[0].target)


def _as_detail(error: SmaltError, target: str) -> SmaltError:
    kind = Unsupported if isinstance(error, Unsupported) else InvalidRequest
    return kind(error.message, target=target, details=error.details, code=error.code)
