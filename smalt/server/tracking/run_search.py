"""Finds runs: the filter and the order become one query, chosen so that a page never costs a sort of everything.

Ordering by a metric walks the index of that metric and stops when the page is full. Only when the runs that have the
metric do not fill the page, the general query runs, which also knows NaN and runs without it. A metric that few runs
satisfy is looked up first instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, select

from smalt.server.tracking.search import Comparison, Kind, Order
from smalt.server.tracking.search.conditions import condition
from smalt.server.tracking.tables import datasets, latest_metrics, run_datasets, run_params, run_tags, runs

_FEW = 2000
_ATTRIBUTES: dict[str, Any] = {
    "run_id": runs.c.run_id,
    "run_name": runs.c.name,
    "user_id": runs.c.user_id,
    "status": runs.c.status,
    "artifact_uri": runs.c.artifact_uri,
    "start_time": runs.c.started_at,
    "end_time": runs.c.ended_at,
}


@dataclass(frozen=True)
class RunQuery:
    """What to look for.

    Args:
        workspace_id: Where.
        experiments: Numbers of experiments.
        view: ACTIVE_ONLY, DELETED_ONLY or ALL.
        owner_job: Only runs of this job, for a job's token.
        clauses: All must hold.
        orders: The most important first.
    """

    workspace_id: str
    experiments: Sequence[int]
    view: str
    owner_job: str | None
    clauses: Sequence[Comparison]
    orders: Sequence[Order]


def search(
    connection: Connection, query: RunQuery, find_key: Callable[[str], int | None], *, offset: int, limit: int
) -> list[int]:
    """Numbers of the runs found, in order."""
    finder = _Finder(connection, query, find_key)
    if finder.is_impossible:
        return []
    if finder.can_walk:
        page = _numbers(connection, finder.walk().limit(limit).offset(offset))
        if len(page) == limit:
            return page
    return _numbers(connection, finder.general().limit(limit).offset(offset))


def _numbers(connection: Connection, statement: Select[Any]) -> list[int]:
    return [row[0] for row in connection.execute(statement)]


class _Finder:
    def __init__(self, connection: Connection, query: RunQuery, find_key: Callable[[str], int | None]) -> None:
        self.connection = connection
        self.query = query
        self.metric_filters = [clause for clause in query.clauses if clause.kind is Kind.METRIC]
        names = {clause.key for clause in self.metric_filters}
        names |= {order.key for order in query.orders if order.kind is Kind.METRIC}
        self.keys = {name: find_key(name) for name in names}

    @property
    def is_impossible(self) -> bool:
        """No run can match: no experiments, or a metric that nobody has ever logged."""
        return not self.query.experiments or any(self.keys[one.key] is None for one in self.metric_filters)

    @property
    def can_walk(self) -> bool:
        """Whether following the index of the first order is likely to fill a page soon."""
        orders = self.query.orders
        if len(self.query.experiments) != 1 or not orders or orders[0].kind is not Kind.METRIC:
            return False
        return self.keys[orders[0].key] is not None and not self._few_match()

    def walk(self) -> Select[Any]:
        """Runs that have the metric of the first order, along its index."""
        first = self.query.orders[0]
        newest = latest_metrics.alias("newest")
        statement = (
            select(runs.c.id)
            .select_from(newest.join(runs, runs.c.id == newest.c.run))
            .where(newest.c.experiment == self.query.experiments[0], newest.c.key == self.keys[first.key])
            .where(newest.c.is_nan == 0)
            .where(*self._visible(), *self._attribute_filters())
        )
        for clause in self.metric_filters:
            if clause.key == first.key:
                statement = statement.where(condition(self.connection, newest.c.value, clause))
            else:
                statement = statement.where(self._has_metric(clause))
        statement = statement.where(*(self._has_row(clause) for clause in self._row_filters()))
        statement = statement.order_by(newest.c.value.asc() if first.ascending else newest.c.value.desc())
        return self._ordered(statement, self.query.orders[1:])

    def general(self) -> Select[Any]:
        """All runs that match, in full order."""
        statement = (
            select(runs.c.id)
            .where(runs.c.experiment.in_(self.query.experiments))
            .where(*self._visible(), *self._attribute_filters())
        )
        source: Any = runs
        for number, clause in enumerate(self.metric_filters):
            newest = latest_metrics.alias(f"filter_{number}")
            source = source.join(newest, newest.c.run == runs.c.id)
            statement = statement.where(
                newest.c.key == self.keys[clause.key],
                newest.c.experiment.in_(self.query.experiments),
                newest.c.is_nan == 0,
                condition(self.connection, newest.c.value, clause),
            )
        statement = statement.select_from(source)
        statement = statement.where(*(self._has_row(clause) for clause in self._row_filters()))
        return self._ordered(statement, self.query.orders)

    def _ordered(self, statement: Select[Any], orders: Sequence[Order]) -> Select[Any]:
        for order in orders:
            value, last = self._sort_value(order)
            statement = statement.order_by(last, value.asc() if order.ascending else value.desc())
        if not any((one.kind, one.key) == (Kind.ATTRIBUTE, "start_time") for one in self.query.orders):
            statement = statement.order_by(runs.c.started_at.desc())
        return statement.order_by(runs.c.run_id)

    def _sort_value(self, order: Order) -> tuple[Any, Any]:
        """What to sort by, and before it a number that puts NaN and missing values last in both directions."""
        if order.kind is Kind.ATTRIBUTE:
            column = _ATTRIBUTES[order.key]
            return column, case((column.is_(None), 1), else_=0)
        if order.kind is Kind.METRIC:
            of_run = and_(latest_metrics.c.run == runs.c.id, latest_metrics.c.key == self.keys[order.key])
            value = select(latest_metrics.c.value).where(of_run).scalar_subquery()
            is_nan = select(latest_metrics.c.is_nan).where(of_run).scalar_subquery()
            return value, func.coalesce(is_nan, 2)
        table = run_params if order.kind is Kind.PARAM else run_tags
        text = select(table.c.value).where(table.c.run == runs.c.id, table.c.key == order.key).scalar_subquery()
        return text, case((text.is_(None), 1), else_=0)

    def _visible(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [runs.c.workspace_id == self.query.workspace_id]
        if self.query.view == "ACTIVE_ONLY":
            found += [runs.c.stage == "active", runs.c.hidden.is_(False)]
        elif self.query.view == "DELETED_ONLY":
            found += [(runs.c.stage == "deleted") | runs.c.hidden.is_(True)]
        if self.query.owner_job is not None:
            found.append(runs.c.owner_job == self.query.owner_job)
        return found

    def _attribute_filters(self) -> list[ColumnElement[bool]]:
        return [
            condition(self.connection, _ATTRIBUTES[clause.key], clause)
            for clause in self.query.clauses
            if clause.kind is Kind.ATTRIBUTE
        ]

    def _row_filters(self) -> list[Comparison]:
        return [one for one in self.query.clauses if one.kind in {Kind.PARAM, Kind.TAG, Kind.DATASET}]

    def _has_metric(self, clause: Comparison) -> ColumnElement[bool]:
        return exists().where(
            latest_metrics.c.run == runs.c.id,
            latest_metrics.c.key == self.keys[clause.key],
            latest_metrics.c.is_nan == 0,
            condition(self.connection, latest_metrics.c.value, clause),
        )

    def _has_row(self, clause: Comparison) -> ColumnElement[bool]:
        if clause.kind is Kind.DATASET:
            column: Any = run_datasets.c.context if clause.key == "context" else datasets.c[clause.key]
            return exists().where(
                run_datasets.c.run == runs.c.id,
                datasets.c.id == run_datasets.c.dataset,
                condition(self.connection, column, clause),
            )
        table = run_params if clause.kind is Kind.PARAM else run_tags
        of_run = exists().where(table.c.run == runs.c.id, table.c.key == clause.key)
        if clause.operator == "IS NULL":
            return ~of_run
        if clause.operator == "IS NOT NULL":
            return of_run
        return of_run.where(condition(self.connection, table.c.value, clause))

    def _few_match(self) -> bool:
        for clause in self.metric_filters:
            if clause.key == self.query.orders[0].key:
                continue
            some = (
                select(latest_metrics.c.run)
                .where(latest_metrics.c.experiment == self.query.experiments[0])
                .where(latest_metrics.c.key == self.keys[clause.key], latest_metrics.c.is_nan == 0)
                .where(condition(self.connection, latest_metrics.c.value, clause))
                .limit(_FEW)
            )
            if self.connection.execute(select(func.count()).select_from(some.subquery())).scalar_one() < _FEW:
                return True
        return False
