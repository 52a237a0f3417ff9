"""What a scorecard is written with, before it is a page or a sheet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A heading of a level, from 1."""

    text: str
    level: int


@dataclass(frozen=True)
class Paragraph:
    """A sentence or more."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows under a head, which may be empty."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Bar:
    """A value with its name, and as it is read."""

    label: str
    value: float
    text: str


@dataclass(frozen=True)
class Bars:
    """Values beside one another."""

    title: str
    bars: list[Bar]

    def share(self, bar: Bar) -> float:
        """How long a bar is, from 0 to 1."""
        most = max((abs(each.value) for each in self.bars if each.value == each.value), default=0.0)
        return abs(bar.value) / most if most and bar.value == bar.value else 0.0


Block = Heading | Paragraph | Table | Bars
