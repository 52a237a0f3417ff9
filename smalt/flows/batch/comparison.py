"""Runs side by side: metrics, failures, latency, tokens and cost; and every variant of a flow as a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smalt.flows import definition, loading
from smalt.flows.batch.errors import InvalidRunError
from smalt.flows.batch.run import Run, RunStore
from smalt.flows.batch.running import Pace, Progress, execute
from smalt.flows.batch.submit import create
from smalt.flows.providers.base import Tokens
from smalt.flows.providers.prices import cost

Row = dict[str, Any]  # Any: a cell is text or a number


def run_variants(
    store: RunStore,
    asked: Mapping[str, Any],  # Any: arguments of `create`
    *,
    pace: Pace | None = None,
    evaluation: Mapping[str, Any] | None = None,  # Any: flow and column_mapping
    announce: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> list[Run]:
    """Run a flow once for each of its variants, one node varied at a time; evaluate each where asked.

    Raises:
        InvalidRunError: The flow has no variants.
    """
    options = dict(asked)
    flow = options.pop("flow", None)
    name = options.pop("name", None)
    runs: list[Run] = []
    for variant in variants(flow):
        label = variant.strip("${}").split(".")[-1]
        run = create(store, flow, variant=variant, name=f"{name}_{label}" if name else None, **options)
        if announce is not None:
            announce(f"{variant} as {run.name}")
        run = execute(run, store, pace=pace, progress=progress)
        runs.append(run)
        if evaluation is not None and run.completed_lines:
            judged = create(
                store, evaluation["flow"], data=options.get("data"), run=run.name,
                column_mapping=evaluation.get("column_mapping"), name=f"{run.name}_eval",
                tags={EVALUATES: run.name},
            )  # fmt: skip
            execute(judged, store, pace=pace, progress=progress)
    return runs


EVALUATES = "evaluates"
"""The tag of a run that evaluates another."""


def variants(flow: str | Path | None) -> list[str]:
    """All variants of a flow: `${node.variant}`.

    Raises:
        InvalidRunError: It has none.
    """
    file = loading.find(flow) if flow is not None else None
    if file is None or file.suffix == ".prompty":
        raise InvalidRunError(f"{flow} has no variants: only flows of nodes have. Leave out --variant all.")
    found = [
        f"${{{node}.{variant}}}" for node, names in definition.variants(loading.read(file)).items() for variant in names
    ]
    if not found:
        raise InvalidRunError(f"{flow} has no variants. Add node_variants, or leave out --variant all.")
    return found


def table(runs: Sequence[Run], store: RunStore) -> list[Row]:
    """One row per run; metrics of its evaluations stand beside its own."""
    metrics = [_metrics(run, store) for run in runs]
    names = list(dict.fromkeys(name for each in metrics for name in each))
    return [_row(run, found, names) for run, found in zip(runs, metrics, strict=True)]


def _row(run: Run, metrics: Mapping[str, Any], names: Sequence[str]) -> Row:  # Any: numbers
    durations, priced = [], Priced()
    for record in run.folder.lines().values():
        used = record["run_info"].get("system_metrics") or {}
        durations.append(float(used.get("duration") or 0))
    for node in run.folder.node_records():
        priced.add(node["run_info"].get("api_calls") or ())
    durations.sort()
    tokens = run.system_metrics.get("total_tokens") or 0
    row: Row = {
        "run": run.name,
        "variant": run.variant or "",
        "lines": run.lines or len(durations),
        "failed": run.failed_lines,
        **{name: _number(metrics.get(name)) for name in names},
        "p50_seconds": _number(_quantile(durations, 0.5)),
        "p95_seconds": _number(_quantile(durations, 0.95)),
        "tokens": tokens,
        "cost_usd": "" if priced.dollars is None else round(priced.dollars, 6),
    }
    return row


class Priced:
    """What the calls of a run cost; None once a model's price is not known."""

    def __init__(self) -> None:
        self.dollars: float | None = 0.0

    def add(self, calls: Sequence[Mapping[str, Any]]) -> None:  # Any: JSON
        """Count these calls, and those within them."""
        for call in calls:
            used = call.get("system_metrics")
            if used and self.dollars is not None:
                tokens = Tokens(*(int(used.get(f"{kind}_tokens") or 0) for kind in ("prompt", "completion", "total")))
                price = cost(str(call.get("model") or ""), tokens)
                self.dollars = None if price is None else self.dollars + price
            self.add(call.get("children") or ())


def _metrics(run: Run, store: RunStore) -> dict[str, Any]:  # Any: numbers
    found = dict(run.folder.metrics())
    for other in store.list(max_results=None, archived=None):
        if other.tags.get(EVALUATES) == run.name:
            found |= other.folder.metrics()
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


def _number(value: float | None) -> float | str:
    return "" if value is None else round(value, 4)
