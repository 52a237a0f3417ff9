"""What a run answered, line by line: the table that people compare."""

from __future__ import annotations

from typing import Any

from smalt.flows.batch.run import Run

Row = dict[str, Any]  # Any: values of flows


def rows(run: Run, *, max_results: int | None = 100) -> list[Row]:
    """One row per line: `inputs.*`, `outputs.*` (None where the line failed), `status` and `error`."""
    found = [_row(record) for _, record in sorted(run.folder.lines().items())]
    names = dict.fromkeys(key for row in found for key in row if key.startswith("outputs."))
    for row in found:
        for name in names:
            row.setdefault(name, None)
    return found if max_results is None else found[:max_results]


def columns(run: Run, *, max_results: int | None = 100) -> dict[str, list[Any]]:  # Any: values of flows
    """The same as columns `inputs.*` and `outputs.*` only, as `PFClient.get_details` has them."""
    found = rows(run, max_results=max_results)
    names = dict.fromkeys(key for row in found for key in row if key.startswith(("inputs.", "outputs.")))
    ordered = sorted(names, key=lambda name: (not name.startswith("inputs."), name == "inputs.line_number"))
    return {name: [row.get(name) for row in found] for name in ordered}


def frame(columns: dict[str, list[Any]]) -> Any:  # Any: values of flows, a DataFrame
    """Columns as a data frame where pandas is installed, as rows otherwise."""
    try:
        from pandas import DataFrame, Series
    except ImportError:
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    # Values stay what they are: a missing output is None, and a whole number does not become a float by it.
    return DataFrame(
        {key: Series(values, dtype=object) if None in values else Series(values) for key, values in columns.items()}
    )


def _row(record: dict[str, Any]) -> Row:
    info = record["run_info"]
    row: Row = {f"inputs.{key}": value for key, value in (info["inputs"] or {}).items()}
    row |= {f"outputs.{key}": value for key, value in (info["output"] or {}).items()}
    row["status"] = record["status"]
    row["duration_seconds"] = round((info.get("system_metrics") or {}).get("duration") or 0.0, 4)
    row["error"] = (info["error"] or {}).get("message")
    return row
