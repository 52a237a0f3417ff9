"""Parts of the test rows by conditions, as dashboards and scorecards write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from smalt.runtime.responsible.failure import AnalysisError
from smalt.runtime.responsible.subject import Subject

_OTHERS = {"True Y": "truth", "Predicted Y": "predicted", "Error": "errors"}
_METHODS: dict[str, Callable[[Any, list[Any]], Any]] = {
    "less": lambda column, arg: column < arg[0],
    "less and equal": lambda column, arg: column <= arg[0],
    "greater": lambda column, arg: column > arg[0],
    "greater and equal": lambda column, arg: column >= arg[0],
    "equal": lambda column, arg: column == arg[0],
    "in the range of": lambda column, arg: (column >= arg[0]) & (column <= arg[1]),
    "includes": lambda column, arg: column.isin(arg),
    "excludes": lambda column, arg: ~column.isin(arg),
}


def mask_of(what: Subject, conditions: Iterable[dict[str, Any]]) -> Any:  # Any: an array
    """Which test rows meet all conditions.

    Raises:
        AnalysisError: A condition cannot be understood.
    """
    mask = np.ones(len(what.test), dtype=bool)
    for each in conditions:
        name, method, arg = each.get("column"), each.get("method"), each.get("arg")
        test = _METHODS.get(str(method))
        column = _column(what, str(name))
        if test is None or column is None or arg is None:
            raise AnalysisError(
                f"The condition {each!r} of a cohort cannot be understood. Write column (a feature, "
                f"{', '.join(_OTHERS)}), method ({', '.join(_METHODS)}) and arg."
            )
        try:
            mask &= test(column, arg if isinstance(arg, list) else [arg]).to_numpy(dtype=bool)
        except (TypeError, IndexError) as failure:
            raise AnalysisError(f"The condition {each!r} of a cohort does not fit its column: {failure}.") from None
    return mask


def words_of(conditions: Iterable[dict[str, Any]]) -> str:
    """The conditions as a person reads them."""
    return ", ".join(f"{each['column']} {each['method']} {_words(each['arg'])}" for each in conditions)


def _words(arg: Any) -> str:
    return ", ".join(map(str, arg)) if isinstance(arg, list) else str(arg)


def _column(what: Subject, name: str) -> Any:
    if name in what.features:
        return what.test[name]
    return pd.Series(getattr(what, _OTHERS[name])) if name in _OTHERS else None
