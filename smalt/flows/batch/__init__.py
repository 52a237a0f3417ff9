"""Batch runs of flows: a flow over many lines, recorded in the known layout, resumed where it stopped.

`create` records a run, `execute` runs what is missing of it, `RunStore` knows all runs of this machine. Names are
loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smalt.flows.batch.details import columns, frame, rows
    from smalt.flows.batch.run import Run, RunStatus, RunStore
    from smalt.flows.batch.running import Pace, execute
    from smalt.flows.batch.submit import again, create, read_file, resumed, variables

_PLACES = {
    "details": "columns frame rows",
    "running": "Pace execute",
    "run": "Run RunStatus RunStore",
    "submit": "again create read_file resumed variables",
}
_PUBLISHED = {name: place for place, names in _PLACES.items() for name in names.split()}

__all__ = [
    "Pace",
    "Run",
    "RunStatus",
    "RunStore",
    "again",
    "columns",
    "create",
    "execute",
    "frame",
    "read_file",
    "resumed",
    "rows",
    "variables",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLISHED[name]}"), name)
