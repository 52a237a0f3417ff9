"""Rows of an input: an MLTable, a table, or a folder of tables."""

from __future__ import annotations

from typing import Any

from smalt.runtime.automl.failure import DataError
from smalt.runtime.automl.table import read_table
from smalt.runtime.responsible.failure import AnalysisError


def read_rows(path: str) -> Any:  # Any: a DataFrame
    """The rows behind a path.

    Raises:
        AnalysisError: There is no table, or it cannot be read.
    """
    try:
        return read_table(path)
    except (DataError, OSError, ValueError) as failure:
        raise AnalysisError(f"A table of the inputs could not be read: {failure}") from None
