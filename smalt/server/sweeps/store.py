"""Every query of sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from smalt.server.sweeps.tables import trials


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial as stored."""

    sweep: str
    number: int
    job: str
    parameters: Mapping[str, Any]  # Any: JSON
    is_over: bool = False
    outcome: str | None = None
    value: float | None = None
    judged: int = 0
    reason: str | None = None


# Put together once: at hundreds of trials a second that would cost more than running them.
_COLUMNS = [trials.c[field.name] for field in fields(Trial)]
_FIELDS = [field.name for field in fields(Trial)]
_INSERT = insert(trials)
_ALL = select(*_COLUMNS).where(trials.c.sweep == bindparam("sweep")).order_by(trials.c.number)
_RUNNING = _ALL.where(trials.c.is_over.is_(False))
_ASKED = select(func.count()).where(trials.c.sweep == bindparam("sweep"))
_HERE = (trials.c.sweep == bindparam("of_sweep"), trials.c.number == bindparam("of_number"))
_CLOSE = (
    update(trials)
    .where(*_HERE)
    .values(is_over=True, outcome=bindparam("outcome"), value=bindparam("value"), reason=bindparam("reason"))
)
_JUDGE = update(trials).where(*_HERE).values(judged=bindparam("judged"), reason=bindparam("reason"))


def add(connection: Connection, trial: Trial) -> None:
    """Write down a trial that was asked for."""
    connection.execute(_INSERT, {field: getattr(trial, field) for field in _FIELDS})


def close(connection: Connection, trial: Trial, *, outcome: str, value: float | None, reason: str | None) -> None:
    """Write down how a trial has ended."""
    connection.execute(_CLOSE, {**_at(trial), "outcome": outcome, "value": value, "reason": reason})


def judge(connection: Connection, trial: Trial, *, judged: int, reason: str | None) -> None:
    """Write down that the policy has looked at a trial, and why it is stopped, if it is."""
    connection.execute(_JUDGE, {**_at(trial), "judged": judged, "reason": reason})


def asked(connection: Connection, sweep: str) -> int:
    """How many trials were asked for."""
    return connection.execute(_ASKED, {"sweep": sweep}).scalar_one()


def running(connection: Connection, sweep: str) -> list[Trial]:
    """The trials that are not over, in the order of asking."""
    return [Trial(*row) for row in connection.execute(_RUNNING, {"sweep": sweep})]


def every(connection: Connection, sweep: str) -> list[Trial]:
    """All trials, in the order of asking."""
    return [Trial(*row) for row in connection.execute(_ALL, {"sweep": sweep})]


def forget(connection: Connection, sweeps: Sequence[str]) -> None:
    """Remove the trials of sweeps that are removed."""
    connection.execute(delete(trials).where(trials.c.sweep.in_(sweeps)))


def _at(trial: Trial) -> dict[str, object]:
    return {"of_sweep": trial.sweep, "of_number": trial.number}
