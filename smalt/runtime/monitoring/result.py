"""What a signal has come to: values with their thresholds, as files of the job and as metrics of its run."""

from __future__ import annotations

import csv
import json
import math
import os
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

BETTER_ABOVE = frozenset(
    {
        "two_sample_kolmogorov_smirnov_test",
        "pearsons_chi_squared_test",
        "normalized_discounted_cumulative_gain",
        "accuracy",
        "precision",
        "recall",
        *(
            f"aggregated_{each}_pass_rate"
            for each in ("groundedness", "relevance", "coherence", "fluency", "similarity")
        ),
    }
)
"""Metrics that are a breach below their threshold; the others are one above it."""

MOST_ROWS = 5000
SIGNAL, METRICS, HISTOGRAMS, TABLE = "signal.json", "metrics.csv", "histograms.json", "MLTable"
_COLUMNS = ("group", "metric_name", "metric_value", "threshold_value", "group_pivot", "feature_type", "breached")
_MOST_LOGGED = 900
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Row:
    """One value.

    Args:
        feature: What it is of; empty when it is of the whole signal.
        metric: Its name, as thresholds have it.
        value: Itself, or None when there is none.
        threshold: From where on it is a breach.
        kind: `numerical` or `categorical`, where that matters.
    """

    feature: str
    metric: str
    value: float | None
    threshold: float | None = None
    kind: str = ""

    @property
    def is_breached(self) -> bool:
        """Whether somebody should be told."""
        if self.value is None or self.threshold is None:
            return False
        return self.value < self.threshold if self.metric in BETTER_ABOVE else self.value > self.threshold


@dataclass
class Result:
    """What a signal has come to.

    Args:
        rows: The values.
        histograms: By feature, how both samples are distributed.
        production_rows: How many rows there were.
        reference_rows: The same of the reference.
        notes: What a reader should know, e.g. features that could not be compared.
    """

    rows: list[Row] = field(default_factory=list)
    histograms: dict[str, Any] = field(default_factory=dict)
    production_rows: int = 0
    reference_rows: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take a value; one that is no number counts as none."""
        value = row.value if row.value is not None and math.isfinite(row.value) else None
        self.rows.append(Row(row.feature, row.metric, value, row.threshold, row.kind))


def write(result: Result, settings: dict[str, Any], folder: Path) -> None:
    """Write the files of a signal: `signal.json` for the server, a table for everybody else."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = sorted(result.rows, key=lambda row: not row.is_breached)[:MOST_ROWS]
    told = {
        "signal": settings["signal"],
        "type": settings["type"],
        "production_rows": result.production_rows,
        "reference_rows": result.reference_rows,
        "notes": [
            *result.notes[:50],
            *(["Only a part of the values is kept."] if len(result.rows) > MOST_ROWS else []),
        ],
        "metrics": [{**asdict(row), "breached": row.is_breached} for row in rows],
        "features": sorted(result.histograms),
    }
    (folder / SIGNAL).write_text(json.dumps(told, allow_nan=False), encoding="utf-8")
    (folder / HISTOGRAMS).write_text(json.dumps(result.histograms, allow_nan=False), encoding="utf-8")
    with (folder / METRICS).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for row in result.rows:
            table.writerow([row.feature, row.metric, row.value, row.threshold, "", row.kind, row.is_breached])
    text = (
        f"type: mltable\npaths:\n  - file: ./{METRICS}\ntransformations:\n  - read_delimited:\n      delimiter: ','\n"
    )
    (folder / TABLE).write_text(text, encoding="utf-8")


def tell(result: Result, signal: str) -> None:
    """Print what was found, the breaches first."""
    print(f"{signal}: {result.production_rows} rows of production, {result.reference_rows} of the reference.")
    for note in result.notes:
        print(f"  note: {note}")
    for row in sorted(result.rows, key=lambda row: not row.is_breached)[:200]:
        limit = "" if row.threshold is None else f" (threshold {row.threshold:g})"
        value = "none" if row.value is None else f"{row.value:.6g}"
        print(f"  {'BREACH ' if row.is_breached else ''}{row.feature or 'all'} {row.metric} {value}{limit}")


def log(result: Result) -> None:
    """Write the values to the run of this job, if there is one."""
    server, run = os.environ.get("MLFLOW_TRACKING_URI"), os.environ.get("MLFLOW_RUN_ID")
    if not server or not run:
        return
    now = int(time.time() * 1000)
    metrics = [
        {"key": _key(row), "value": row.value, "timestamp": now, "step": 0}
        for row in result.rows
        if row.value is not None
    ]
    breaches = sum(row.is_breached for row in result.rows)
    whole = [{"key": "breaches", "value": breaches, "timestamp": now, "step": 0}, *metrics[:_MOST_LOGGED]]
    request = urllib.request.Request(  # noqa: S310  (the address is the server's own)
        f"{server}/api/2.0/mlflow/runs/log-batch",
        data=json.dumps({"run_id": run, "metrics": whole}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
        answer.read()


def _key(row: Row) -> str:
    """A name that metrics of runs may have."""
    text = f"{row.metric}/{row.feature}" if row.feature else row.metric
    plain = "".join(each if each.isalnum() or each in "_-. /" else "_" for each in text)
    return "/".join(part.strip(". ") or "_" for part in plain.split("/"))[:250]
