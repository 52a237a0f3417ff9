"""Prints a result in the form that was asked for: json, jsonc, table, tsv, yaml, yamlc or none."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from smalt.cli.console import coloured, has_colour
from smalt.errors import InvalidRequest

FORMS = ("json", "jsonc", "none", "table", "tsv", "yaml", "yamlc")

_COLUMNS = (
    "name version latest_version type status state is_enabled next_run_time display_name experiment_name "
    "provisioning_state size min_instances max_instances location is_default target path image at actor role user "
    "action scope description client_secret token"
).split()
"""What a table shows of an entity, in this order; a query chooses otherwise."""

_TOKENS = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>\b(?:true|false|null)\b)'
)
_COLOURS = {"key": "cyan", "text": "green", "word": "yellow"}
_LONGEST_CELL = 80

Document = Any  # Any: JSON


def show(document: Document, *, form: str, query: str | None, is_chosen: bool = False) -> None:
    """Print a result; nothing for no result. A table of what was chosen hides nothing, nor does that of a query."""
    if query is not None:
        document = _queried(document, query)
    if document is None or form == "none":
        return
    text = render(document, form=form, colour=has_colour(sys.stdout), is_chosen=is_chosen or query is not None)
    if text or form != "tsv":
        click.echo(text)


def render(document: Document, *, form: str, colour: bool = False, is_chosen: bool = False) -> str:
    """The text of a document.

    Args:
        document: Plain values.
        form: One of `FORMS`.
        colour: Whether `jsonc` and the statuses of a table may be coloured.
        is_chosen: Whether a query has chosen what is in it; a table then hides nothing.
    """
    if form in {"json", "jsonc"}:
        text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
        return _coloured(text) if form == "jsonc" and colour else text
    if form in {"yaml", "yamlc"}:
        from smalt.kit import yaml

        return yaml.dump(document).rstrip("\n")
    if form == "tsv":
        return _tsv(document)
    return _table(document, is_chosen=is_chosen, colour=colour)


def _queried(document: Document, query: str) -> Document:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, document)
    except JMESPathError as error:
        raise InvalidRequest(
            f"--query {query!r} is no JMESPath expression: {str(error).splitlines()[0]} Quote it for the shell."
        ) from None


def _tsv(document: Document) -> str:
    rows = document if isinstance(document, list) else [document]
    return "\n".join(_tsv_row(row) for row in rows)


def _tsv_row(row: Document) -> str:
    if isinstance(row, dict):
        return "\t".join(_tsv_cell(value) for value in row.values())
    if isinstance(row, list):
        return "\t".join(_tsv_cell(value) for value in row)
    return _tsv_cell(row)


def _tsv_cell(value: Document) -> str:
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return str(len(value))
    return str(value)


def _table(document: Document, *, is_chosen: bool, colour: bool) -> str:
    rows = document if isinstance(document, list) else [document]
    shown = [_cells(row, is_chosen=is_chosen) for row in rows]
    columns = list(dict.fromkeys(name for row in shown for name in row))
    if not columns:
        return ""
    lines = [[_title(name) for name in columns], *([row.get(name, "") for name in columns] for row in shown)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    lines.insert(1, ["-" * width for width in widths])
    lines = [list(map(str.ljust, line, widths)) for line in lines]
    if colour:
        lines = [[_by_status(cell) for cell in line] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _by_status(cell: str) -> str:
    word = cell.rstrip()
    return coloured(word, word) + cell[len(word) :]


def _cells(row: Document, *, is_chosen: bool) -> dict[str, str]:
    if isinstance(row, list):
        row = {f"column{index}": value for index, value in enumerate(row, start=1)}
    if not isinstance(row, dict):
        row = {"result": row}
    names = list(row) if is_chosen or not row.keys() & set(_COLUMNS) else [name for name in _COLUMNS if name in row]
    return {name: _cut(str(row[name])) for name in names if isinstance(row[name], str | int | float)}


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_CELL else line[: _LONGEST_CELL - 3] + "..."


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _coloured(text: str) -> str:
    def paint(match: re.Match[str]) -> str:
        return click.style(match[0], fg=_COLOURS[str(match.lastgroup)])

    return _TOKENS.sub(paint, text)
