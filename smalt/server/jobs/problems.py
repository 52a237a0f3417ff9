"""Collects everything that is wrong with a job, so that a person mends all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

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

    def at(self, target: str) -> _Noting:
        """Note a failure inside the block under the field it is about, and go on after it."""
        return _Noting(self, target)

    def add(self, error: SmaltError) -> None:
        """Note a failure that says itself which field it is about."""
        self.note(error, error.target or "")

    def note(self, error: SmaltError, target: str) -> None:
        """Note a failure under the field it is about."""
        self._found.append(_as_detail(error, self._place + target))

    def refuse(self, refusals: Iterable[SmaltError]) -> bool:
        """Note failures that say themselves which field they are about; whether there were any."""
        before = len(self._found)
        for refusal in refusals:
            self.add(refusal)
        return len(self._found) > before

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


class _Noting:
    """The block of `Problems.at`: a class, as large pipelines enter tens of thousands."""

    __slots__ = ("_problems", "_target")

    def __init__(self, problems: Problems, target: str) -> None:
        self._problems = problems
        self._target = target

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, SmaltError) or error.status >= 500:
            return False
        self._problems.note(error, self._target)
        return True


def _as_detail(error: SmaltError, target: str) -> SmaltError:
    kind = Unsupported if isinstance(error, Unsupported) else InvalidRequest
    return kind(error.message, target=target, details=error.details, code=error.code)
