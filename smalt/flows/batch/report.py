"""A page that shows runs side by side, line by line: one file that needs nothing else."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smalt.flows.batch import details
from smalt.flows.batch.run import Run

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; color-scheme: light dark; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { border: 1px solid #8886; padding: .35rem .6rem;
text-align: left; vertical-align: top; max-width: 28rem; overflow-wrap: anywhere; white-space: pre-wrap; }
th { position: sticky; top: 0; background: Canvas; } .Failed { color: #dc2626; }
"""


def write(runs: Sequence[Run], path: Path | None = None) -> Path:
    """Write the page; by default into the folder of the first run."""
    target = path or runs[0].folder.path / "visualize.html"
    target.write_text(_page(runs), encoding="utf-8")
    return target


def _page(runs: Sequence[Run]) -> str:
    title = " and ".join(run.name for run in runs)
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta http-equiv='content-security-policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>",
        _table(["run", "status", "lines", "failed", "duration", "tokens", "metrics"], [_summary(run) for run in runs]),
    ]
    parts += [_lines(runs), "</body></html>"]
    return "".join(parts)


def _summary(run: Run) -> list[Any]:  # Any: cells
    tokens = run.system_metrics.get("total_tokens", 0)
    return [
        run.name, str(run.status), run.lines, run.failed_lines, run.duration_seconds, tokens, run.folder.metrics(),
    ]  # fmt: skip


def _lines(runs: Sequence[Run]) -> str:
    by_line: dict[int, dict[str, Any]] = {}  # Any: cells
    for run in runs:
        for row in details.rows(run, max_results=None):
            cells = by_line.setdefault(row.get("inputs.line_number", 0), {})
            for key, value in row.items():
                if key.startswith("inputs."):
                    cells.setdefault(key, value)
                elif key.startswith("outputs.") or key == "error":
                    cells[f"{run.name}: {key}"] = "(Failed)" if row["status"] == "Failed" and key != "error" else value
    names = list(dict.fromkeys(name for cells in by_line.values() for name in cells))
    names = [name for name in names if any(cells.get(name) is not None for cells in by_line.values())]
    return _table(names, [[cells.get(name) for name in names] for _, cells in sorted(by_line.items())])


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:  # Any: cells
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:  # Any: a value of a flow
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    mark = " class='Failed'" if text in ("(Failed)", "Failed") else ""
    return f"<td{mark}>{html.escape(text)}</td>"
