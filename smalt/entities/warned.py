"""Warnings of a parse: what was accepted although it is probably a mistake.

A caller that wants them hands a `Warnings` to `model_validate(..., context=warnings)`; without one they are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationInfo


@dataclass(frozen=True)
class Warned:
    """One thing that was accepted with a doubt, and where it stands."""

    path: str
    message: str
    source: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}: " if self.source and self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


@dataclass
class Warnings:
    """Collects what validators doubt while one document is read."""

    items: list[Warned] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        """Remember one doubt; the same doubt is remembered once."""
        warned = Warned(path, message)
        if warned not in self.items:
            self.items.append(warned)


def warn(info: ValidationInfo, path: str, message: str) -> None:
    """Add a doubt to the collector of this parse, if there is one."""
    if isinstance(info.context, Warnings):
        info.context.add(path, message)
