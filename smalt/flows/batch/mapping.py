"""Column mapping: which column of which source fills which input of the flow.

`${data.x}` is a column of the data, `${run.outputs.x}` and `${run.inputs.x}` of another run; everything else is a
literal. An input without a default that is not mapped is `${data.<its name>}`; one with a default is only mapped when
the mapping says so. Sources are joined by their line numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from smalt.flows.batch.errors import ApplyInputMappingError, EmptyInputsData, InputMappingError
from smalt.flows.batch.reading import Row
from smalt.flows.errors import ValidationException

LINE_NUMBER = "line_number"
_REFERENCE = re.compile(r"^\$\{([^{}]+)\}$")

Sources = Mapping[str, Sequence[Row]]


def check(mapping: object) -> None:
    """Refuse a mapping in which nothing refers to data.

    Raises:
        ValidationException: It is no mapping, or all of its values are literals.
    """
    if not mapping:
        return
    if not isinstance(mapping, Mapping):
        raise ValidationException(f"The column mapping is {mapping!r}. Write a mapping of inputs to columns.")
    if not any(isinstance(value, str) and value.startswith("$") for value in mapping.values()):
        raise ValidationException(
            f"The column mapping must contain at least one reference, but all of {dict(mapping)} are literals. "
            "Write e.g. question: ${data.question}."
        )


def lines(
    sources: Sources, mapping: Mapping[str, Any], inputs: Mapping[str, Any] | None
) -> list[tuple[int, dict[str, Any]]]:  # Any: values of flows
    """The inputs of every line, with its number.

    Args:
        sources: Rows by the name of their source.
        mapping: Inputs to references or literals.
        inputs: The flow's inputs with their defaults (None for none).

    Raises:
        EmptyInputsData: No source has a row.
        InputMappingError: The sources do not fit together.
        ApplyInputMappingError: A column does not exist.
    """
    if not any(sources.values()):
        raise EmptyInputsData(f"There are no lines in {', '.join(sources) or 'the data'}. Check the path and the file.")
    joined = _joined(sources)
    if not joined:
        raise InputMappingError(
            "No line is complete: the sources have no line number in common. Give each source the same lines."
        )
    implied = {name: f"${{data.{name}}}" for name, default in (inputs or {}).items() if default is None}
    whole = implied | dict(mapping)
    whole.pop(LINE_NUMBER, None)
    if not whole and inputs is None:
        return [
            (number, {key: value for row in rows.values() for key, value in row.items()}) for number, rows in joined
        ]
    return [(number, _applied(rows, whole)) for number, rows in joined]


def _joined(sources: Sources) -> list[tuple[int, dict[str, Row]]]:
    unnumbered = {name: len(rows) for name, rows in sources.items() if not any(LINE_NUMBER in row for row in rows)}
    for name, rows in sources.items():
        if not rows:
            raise InputMappingError(f"The source {name!r} has no lines. Check its path, or the run it comes from.")
    if len(set(unnumbered.values())) > 1:
        raise InputMappingError(
            f"The sources have different numbers of lines: {unnumbered}. Give them the same, or a line_number column."
        )
    by_line: dict[int, dict[str, Row]] = {}
    for name, rows in sources.items():
        for index, row in enumerate(rows):
            number = index if name in unnumbered else row.get(LINE_NUMBER)
            if number is not None:
                by_line.setdefault(int(number), {})[name] = row
    return [(number, found) for number, found in by_line.items() if len(found) == len(sources)]


def _applied(rows: Mapping[str, Row], mapping: Mapping[str, Any]) -> dict[str, Any]:  # Any: values of flows
    found: dict[str, Any] = {}  # Any: as above
    missing: list[str] = []
    for name, wanted in mapping.items():
        match = _REFERENCE.match(wanted) if isinstance(wanted, str) else None
        if match is None:
            found[name] = wanted
            continue
        column = _column(rows, match[1])
        if column is None:
            missing.append(wanted)
        else:
            found[name] = column[0]
    if missing:
        columns = ", ".join(f"{source}.{key}" for source, row in rows.items() for key in row)
        raise ApplyInputMappingError(
            f"Couldn't find these mapping relations: {', '.join(missing)}. The columns are {columns}. "
            "Correct the column mapping, or the data."
        )
    return found


def _column(rows: Mapping[str, Row], reference: str) -> tuple[Any] | None:  # Any: values of flows
    """The value a reference names; the source with the fewest dots in its name wins."""
    words = reference.split(".")
    for cut in range(1, len(words)):
        row, key = rows.get(".".join(words[:cut])), ".".join(words[cut:])
        if row is not None and key in row:
            return (row[key],)
    return None
