"""Experiments: flows, commands and chat groups over the same data, each taking what those before it gave.

`ExperimentOperations` makes an experiment of a template, which keeps copies of its flows, and runs what is missing of
it. Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smalt.flows.experiments.experiment import Experiment, ExperimentStatus, ExperimentStore
    from smalt.flows.experiments.operations import ExperimentOperations
    from smalt.flows.experiments.template import Template, read

_PLACES = {
    "experiment": "Experiment ExperimentStatus ExperimentStore",
    "operations": "ExperimentOperations",
    "template": "Template read",
}
_PUBLISHED = {name: place for place, names in _PLACES.items() for name in names.split()}

__all__ = ["Experiment", "ExperimentOperations", "ExperimentStatus", "ExperimentStore", "Template", "read"]


def __getattr__(name: str) -> object:
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLISHED[name]}"), name)
