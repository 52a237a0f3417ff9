"""The steps of a table: functions from rows to rows."""

from __future__ import annotations

import random

from .columns import converted
from .condition import mask
from .failure import TableError
from .partition import PartitionFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .description import Step

PATH = "\0path"
"""The column in which every row carries the file it came from, while steps run."""

_OF_THE_WHOLE = frozenset({"skip", "take", "take_random_sample"})


def needs_whole(step: Step) -> bool:
    """Whether a step depends on rows other than the one it looks at."""
    return step.name in _OF_THE_WHOLE


def apply(step: Step, frame: Any) -> Any:  # Any: a DataFrame
    """The rows after one step.

    Raises:
        TableError: The step cannot be done with these rows.
    """
    return _STEPS[step.name](step, frame)


def names_of(value: Any) -> list[str]:  # Any: YAML
    """One or more column names."""
    given = value.get("columns") if isinstance(value, dict) else value
    return [str(each) for each in (given if isinstance(given, list) else [given])]


def count_of(step: Step) -> int:
    """The number of rows a step asks for."""
    try:
        return max(0, int(step.option("count", step.value)))
    except (TypeError, ValueError):
        raise TableError(f"{step.name} {step.value!r} is no number of rows.") from None


def chosen(step: Step, rows: int) -> list[bool]:
    """Which of that many rows a random sample takes; the same ones each time."""
    try:
        probability = float(step.option("probability", step.value))
    except (TypeError, ValueError):
        raise TableError(f"take_random_sample {step.value!r} has no probability. Write {{probability: 0.1}}.") from None
    dice = random.Random(step.option("seed", 0))  # noqa: S311  (a sample is no secret)
    return [dice.random() < probability for _ in range(rows)]


def _keep(step: Step, frame: Any) -> Any:
    names = names_of(step.value)
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise TableError(f"keep_columns: the table has no {missing}. It has: {_shown(frame)}.")
    return frame[[*names, PATH]]


def _drop(step: Step, frame: Any) -> Any:
    return frame.drop(columns=names_of(step.value), errors="ignore")


def _convert(step: Step, frame: Any) -> Any:
    items = step.value if isinstance(step.value, list) else [step.value]
    for item in items:
        if not isinstance(item, dict) or not item.get("columns") or not item.get("column_type"):
            raise TableError(f"convert_column_types: {item!r} needs `columns` and `column_type`.")
        asked = item["column_type"]
        kind, options = next(iter(asked.items())) if isinstance(asked, dict) else (asked, None)
        for name in names_of(item):
            if name not in frame.columns:
                raise TableError(f"convert_column_types: the table has no {name!r}. It has: {_shown(frame)}.")
            frame = frame.assign(**{name: converted(frame[name], str(kind), options)})
    return frame


def _filter(step: Step, frame: Any) -> Any:
    return frame[mask(str(step.option("expression", step.value)), frame)]


def _skip(step: Step, frame: Any) -> Any:
    return frame.iloc[count_of(step) :]


def _take(step: Step, frame: Any) -> Any:
    return frame.iloc[: count_of(step)]


def _sample(step: Step, frame: Any) -> Any:
    return frame[chosen(step, len(frame))]


def _extract(step: Step, frame: Any) -> Any:
    pattern = PartitionFormat(str(step.option("partition_format", step.value)))
    found = {path: pattern.values(path) for path in frame[PATH].unique()}
    columns = {name: [found[path][name] for path in frame[PATH]] for name in pattern.names}
    return frame.assign(**columns)


def _shown(frame: Any) -> str:
    return ", ".join(str(name) for name in frame.columns if name != PATH)


_STEPS = {
    "keep_columns": _keep,
    "drop_columns": _drop,
    "convert_column_types": _convert,
    "filter": _filter,
    "skip": _skip,
    "take": _take,
    "take_random_sample": _sample,
    "extract_columns_from_partition_format": _extract,
}
