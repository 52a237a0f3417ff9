"""Queries of metrics: points are only ever added, the newest of each metric is kept beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import Connection

from smalt.server.database.sql import CHUNK, execute, marks
from smalt.server.work import Work


class Point(NamedTuple):
    """One value of a metric, as stored: NaN is 0 with `is_nan` set, since not every database can hold it."""

    key: int
    step: int
    at: int
    value: float
    is_nan: int

    @property
    def shown(self) -> float | str:
        """The value as JSON can carry it."""
        return show(self.value, self.is_nan)


def show(value: float, is_nan: int) -> float | str:
    """A stored value as protobuf spells it in JSON."""
    if is_nan:
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


_INSERT_POINT = (
    "INSERT INTO metric_points (run, key, step, at, value, is_nan) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
# MLflow's rule: the newest is the one with the highest step, then the latest time, then the highest value.
_UPSERT_LATEST = (
    "INSERT INTO latest_metrics (run, key, experiment, step, at, value, is_nan) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET step = excluded.step, at = excluded.at, value = excluded.value, "
    "is_nan = excluded.is_nan WHERE (excluded.step, excluded.at, excluded.value) > "
    "(latest_metrics.step, latest_metrics.at, latest_metrics.value)"
)

_OF = "FROM metric_points WHERE run = ? AND key = ?"
_WITHIN = f"{_OF} AND step BETWEEN ? AND ?"
_IN_ORDER = "ORDER BY step, at, value, is_nan"
_FIRST = f"SELECT key, step, at, value, is_nan {_WITHIN} {_IN_ORDER} LIMIT ?"
_LAST = f"SELECT key, step, at, value, is_nan {_WITHIN} ORDER BY step DESC, at DESC, value DESC, is_nan DESC LIMIT 1"
# The lowest and the highest of each part of the steps, each looked up in the index: nothing is sorted, and no more
# rows come out than are shown, so that this takes a fraction of what numbering the rows would. What is read twice is
# kept meanwhile: a database would otherwise look it up twice.
_EXTREMES = f"""
WITH RECURSIVE parts(first, last) AS (
    SELECT CAST(? AS BIGINT), CAST(? AS BIGINT)
    UNION ALL SELECT first + CAST(? AS BIGINT), last + CAST(? AS BIGINT) FROM parts WHERE last < ?
), bounds AS MATERIALIZED (
    SELECT first, last,
        (SELECT MIN(value) {_OF} AND step BETWEEN parts.first AND parts.last AND is_nan = 0) AS low,
        (SELECT MAX(value) {_OF} AND step BETWEEN parts.first AND parts.last AND is_nan = 0) AS high
    FROM parts
), extremes AS MATERIALIZED (
    SELECT first, last, low AS extreme FROM bounds WHERE low IS NOT NULL
    UNION SELECT first, last, high FROM bounds WHERE high IS NOT NULL
), placed AS MATERIALIZED (
    SELECT extreme, (SELECT step {_OF} AND step BETWEEN extremes.first AND extremes.last
        AND value = extremes.extreme AND is_nan = 0 ORDER BY step LIMIT 1) AS place
    FROM extremes
)
SELECT place, (SELECT MIN(at) {_OF} AND step = placed.place AND value = placed.extreme AND is_nan = 0), extreme
FROM placed
"""  # noqa: S608  (of constants)
_COUNT = f"SELECT COUNT(*) {_WITHIN}"
# How many there are is asked beforehand: a count over the window would hold all rows before the first one is given.
_SPREAD = (
    f"WITH numbered AS (SELECT key, step, at, value, is_nan, ROW_NUMBER() OVER ({_IN_ORDER}) - 1 AS place "  # noqa: S608
    f"{_WITHIN}) "
    "SELECT key, step, at, value, is_nan FROM numbered WHERE place = ? "
    "OR (? > 1 AND (place = 0 OR place * ? / ? <> (place - 1) * ? / ?)) ORDER BY place"
)
# Beyond these steps the bounds of parts would leave the range of 64 bits.
_FARTHEST = 2**62


class MetricStore:
    """Rows of metrics. Remembers the numbers of metric names, which never change once committed."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def key_ids(self, work: Work, names: Set[str]) -> Mapping[str, int]:
        """The numbers of metric names, new ones included."""
        new = {name: self._intern(work.connection, name) for name in names if name not in self._known}
        if not new:
            return self._known
        # Not before: after a rollback the number of a new name may be given to another.
        work.after_commit(lambda: self._known.update(new))
        return {name: new[name] if name in new else self._known[name] for name in names}

    def find_key(self, connection: Connection, name: str) -> int | None:
        """The number of a metric name, or None when nobody has logged it."""
        row = execute(connection, "SELECT id FROM metric_keys WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def append(self, work: Work, run: int, experiment: int, points: Sequence[Point]) -> None:
        """Add points to a run. A point that is there already, say from a repeated request, is not added again."""
        work.put(_INSERT_POINT, [(run, *point) for point in points])
        newest: dict[int, Point] = {}
        for point in points:
            best = newest.get(point.key)
            if best is None or point[1:4] > best[1:4]:
                newest[point.key] = point
        work.put(_UPSERT_LATEST, [(run, key, experiment, *point[1:]) for key, point in newest.items()])

    def copy(self, connection: Connection, run: int, to: int, experiment: int) -> None:
        """Copy all metrics of a run, with their history, to a new one."""
        execute(
            connection,
            "INSERT INTO metric_points (run, key, step, at, value, is_nan) "
            "SELECT ?, key, step, at, value, is_nan FROM metric_points WHERE run = ?",
            (to, run),
        )
        execute(
            connection,
            "INSERT INTO latest_metrics (run, key, experiment, step, at, value, is_nan) "
            "SELECT ?, key, ?, step, at, value, is_nan FROM latest_metrics WHERE run = ?",
            (to, experiment, run),
        )

    def latest(self, connection: Connection, runs: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        """The newest value of every metric of some runs, as MLflow shows them."""
        found: dict[int, list[dict[str, Any]]] = {run: [] for run in runs}
        for start in range(0, len(runs), CHUNK):
            chunk = tuple(runs[start : start + CHUNK])
            rows = execute(
                connection,
                "SELECT m.run, k.name, m.value, m.is_nan, m.at, m.step FROM latest_metrics m "  # noqa: S608  (marks)
                f"JOIN metric_keys k ON k.id = m.key WHERE m.run IN ({marks(len(chunk))})",
                chunk,
            )
            for run, name, value, is_nan, at, step in rows:
                found[run].append({"key": name, "value": show(value, is_nan), "timestamp": at, "step": step})
        return found

    def history(
        self, connection: Connection, run: int, key: int, *, offset: int = 0, limit: int | None = None
    ) -> list[Point]:
        """Values of one metric in the order they were measured."""
        statement = (
            "SELECT key, step, at, value, is_nan FROM metric_points WHERE run = ? AND key = ? "
            "ORDER BY at, step, value, is_nan LIMIT ? OFFSET ?"
        )
        count = 2**62 if limit is None else limit
        return [Point(*row) for row in execute(connection, statement, (run, key, count, offset))]

    def sample(self, connection: Connection, run: int, key: int, *, steps: tuple[int, int], limit: int) -> list[Point]:
        """At most `limit` values between two steps: the first, the last, and the extremes of equal parts of the steps.

        Values that stand on few steps are thinned out evenly instead.
        """
        place = (run, key, *steps)
        found = [Point(*row) for row in execute(connection, _FIRST, (*place, limit + 1))]
        if len(found) <= limit:
            return found
        first, last = found[0], Point(*execute(connection, _LAST, place).fetchone())
        parts = (limit - 2) // 2
        if parts < 1 or last.step - first.step < limit or max(-first.step, last.step) >= _FARTHEST:
            return self._spread(connection, place, limit)
        width = -(-(last.step - first.step + 1) // parts)
        bounds = (first.step, first.step + width - 1, width, width, last.step)
        rows = execute(connection, _EXTREMES, (*bounds, *(run, key) * 4))
        extremes = (Point(key, step, at, value, 0) for step, at, value in rows)
        return sorted({first, last, *extremes}, key=lambda point: point[1:])

    def _spread(self, connection: Connection, place: tuple[int, int, int, int], limit: int) -> list[Point]:
        """As many values, evenly spread over their order."""
        spread = max(limit, 2) - 1
        last = int(execute(connection, _COUNT, place).fetchone()[0]) - 1
        rows = execute(connection, _SPREAD, (*place, last, limit, spread, last, spread, last))
        return [Point(*row) for row in rows]

    def _intern(self, connection: Connection, name: str) -> int:
        found = self.find_key(connection, name)
        if found is not None:
            return found
        execute(connection, "INSERT INTO metric_keys (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        found = self.find_key(connection, name)
        if found is None:
            raise AssertionError(f"The metric name {name!r} was stored and is not there.")
        return found
