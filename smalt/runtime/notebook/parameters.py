"""Values for a notebook that runs as a job: a cell behind the one that is tagged `parameters`, as papermill writes it.

Nothing is evaluated here: what stands in the cell is read as literals only.
"""

from __future__ import annotations

import ast
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Json = dict[str, Any]

_TAG, _INJECTED = "parameters", "injected-parameters"


def injected(cells: list[Json], values: Mapping[str, str]) -> list[Json]:
    """The cells, with one that sets the values.

    Args:
        cells: Of the notebook.
        values: Texts, as jobs give them; each becomes what the notebook's own default is, or what it looks like.
    """
    kept = [cell for cell in cells if _INJECTED not in _tags(cell)]
    if not values:
        return kept
    at = next((number for number, cell in enumerate(kept) if _TAG in _tags(cell)), None)
    defaults = {} if at is None else _literals(source(kept[at]))
    lines = [f"{name} = {_value(text, defaults.get(name))!r}" for name, text in values.items() if name.isidentifier()]
    cell: Json = {
        "id": "injected-parameters",
        "cell_type": "code",
        "metadata": {"tags": [_INJECTED]},
        "source": "# Parameters\n" + "\n".join(lines),
        "execution_count": None,
        "outputs": [],
    }
    place = 0 if at is None else at + 1
    return [*kept[:place], cell, *kept[place:]]


def source(cell: Mapping[str, Any]) -> str:
    """The text of a cell, which may be kept as lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def _tags(cell: Mapping[str, Any]) -> list[str]:
    found = (cell.get("metadata") or {}).get("tags")
    return found if isinstance(found, list) else []


def _literals(code: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        parsed = ast.parse(code)
    except SyntaxError:
        return found
    for statement in parsed.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                continue
    return found


def _value(text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    if text in ("True", "False"):
        return text == "True"
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return float(found) if isinstance(default, float) and type(found) is int else found
