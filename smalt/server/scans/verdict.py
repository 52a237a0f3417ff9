"""What is said of a model's files, and which of that a workspace serves. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from smalt.entities.workspace import PickledModels


class Verdict(StrEnum):
    """From harmless to harmful."""

    NONE = "none"
    """No file is a pickle: nothing of it can run while it is loaded."""
    PICKLE = "pickle"
    """Pickles, in which nothing harmful is known."""
    UNREADABLE = "unreadable"
    """Something cannot be looked through, so nothing is known of it."""
    FLAGGED = "flagged"
    """A pickle that would import what no model needs, or brings code along."""


_REFUSED = {
    PickledModels.ALLOW: frozenset[Verdict](),
    PickledModels.REFUSE_FLAGGED: frozenset({Verdict.UNREADABLE, Verdict.FLAGGED}),
    PickledModels.REFUSE: frozenset({Verdict.PICKLE, Verdict.UNREADABLE, Verdict.FLAGGED}),
}


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in a model.

    Args:
        verdict: In one word.
        found: What led to it: files, and what they would import.
    """

    verdict: Verdict
    found: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """What was found, in a line."""
        more = len(self.found) - _SHOWN
        return "; ".join(self.found[:_SHOWN]) + (f"; {more} more" if more > 0 else "")


_SHOWN = 5


def is_refused(scan: Scan, policy: PickledModels) -> bool:
    """Whether a workspace of this policy does not serve such a model."""
    return scan.verdict in _REFUSED[policy]


def together(scans: Iterable[Scan]) -> Scan:
    """The worst of several, with all that led to it."""
    order = list(Verdict)
    listed = list(scans)
    worst = max((each.verdict for each in listed), key=order.index, default=Verdict.NONE)
    return Scan(worst, tuple(line for each in listed if each.verdict is worst for line in each.found))
