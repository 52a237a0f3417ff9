"""Moments on a command line: `2027-01-31T12:00:00Z`, `2027-01-31`, or a span from now such as `90d`, `2h`, `30m`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click

from smalt.kit import clock

_SPAN = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Moment:
    """A moment, or a span whose direction the option knows.

    Args:
        at: The moment.
        span: The span from now.
    """

    at: datetime | None = None
    span: timedelta | None = None

    def ahead(self) -> datetime:
        """The moment; a span is taken into the future."""
        return self.at or clock.now() + (self.span or timedelta())

    def ago(self) -> datetime:
        """The moment; a span is taken into the past."""
        return self.at or clock.now() - (self.span or timedelta())


class _MomentType(click.ParamType[Moment]):
    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        if isinstance(value, Moment):
            return value
        match = _SPAN.fullmatch(value)
        if match:
            return Moment(span=timedelta(**{_UNITS[match[2]]: int(match[1])}))
        try:
            return Moment(at=clock.from_text(value))
        except ValueError:
            self.fail(f"{value!r} is no moment. Write 2027-01-31T12:00:00Z, 2027-01-31, or a span: 90d, 2h, 30m.")


MOMENT = _MomentType()
